//! Commands that call a service below its base path.

use std::{io::Write, process::Stdio};

use crate::support::{Backend, Home, imports::reached, on_each};

on_each! {
    async fn import_and_bounce_reach_it(backend: Backend) {
        let variables =
            [("PUBLIC_URL", "https://example.com/invite"), ("MAIL_EVENTS_DSN", "a-secret-for-returned-mail")];
        let mut home = Home::new(backend, &variables);
        let process = home.start(&["serve"]);
        assert!(process.out().contains("https://example.com/invite/docs"), "{}", process.out());
        // As a proxy that passes it on.
        home.set("PUBLIC_URL", &format!("{}/invite/", process.url));
        let people = "kind,email,roles\nsystem_user,ada@example.com,viewer\n";
        std::fs::write(home.path().join("people.csv"), people).unwrap();
        let imported = home.run(&["import", "people.csv"]);
        assert!(imported.status.success(), "{imported:?}");
        assert_eq!(reached(&home).await, ["ada@example.com"]);
        let link = home.letters().remove(0).link;
        assert!(link.starts_with("https://example.com/invite/activate?token="), "{link}");
        for arguments in [&["bounce"][..], &["bounce", "--url", &process.url]] {
            let mut command = home.command(arguments);
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"Subject: Hello\r\n\r\nWorld").unwrap();
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && ["unread", "repeated"].contains(&said.trim()), "{said}");
        }
        let said = home.print(&["check-config"]);
        assert!(said.contains(&format!("reached at  {}/invite\n", process.url)), "{said}");
        assert!(said.contains(&format!("links open  {}/invite/activate\n", process.url)), "{said}");
    }
}
