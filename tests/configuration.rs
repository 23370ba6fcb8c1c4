//! What the environment and the command line lead to, in the real process.

use std::time::Duration;

use crate::support::{Backend, Home, eventually, json};

const SOON: Duration = Duration::from_secs(10);

/// What a process said on standard error, having ended badly.
fn complaint(home: &Home, arguments: &[&str]) -> String {
    let output = home.run(arguments);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_password_that_cannot_be_read_is_told_without_being_shown() {
    let home = Home::new(Backend::Sqlite, &[("DATABASE_URL", "postgres://u:s3cr%ZZ@127.0.0.1:1/x")]);
    for arguments in [&["check-config"][..], &["serve"], &["migrate"]] {
        let said = complaint(&home, arguments);
        assert!(said.contains("DATABASE_URL: ") && !said.contains("s3cr"), "{said}");
    }
}

#[tokio::test]
async fn links_lead_to_the_port_that_the_system_chose() {
    let home = Home::new(Backend::Sqlite, &[]);
    let server = home.start(&["serve"]);
    let caller = server.client(Some(home.token()));
    let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
    caller.post("/v1/system-users/invitations", &body).await.expect(201);
    eventually("the letter", SOON, async || (home.letters().len() == 1).then_some(())).await;
    let link = &home.letters()[0].link;
    assert!(link.starts_with(&format!("{}/activate?token=", server.url)), "{link}");
    let greeted = async || server.out().contains("Authorization").then(|| server.out());
    let greeting = eventually("the greeting", SOON, greeted).await;
    assert!(greeting.contains(&format!("curl -sS {}/v1/", server.url)), "{greeting}");
    server.stop().await;
}
