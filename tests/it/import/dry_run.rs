//! `import --dry-run`: the service judges every row, in batches, and nothing is written.

use crate::support::{Backend, Home, json, on_each};

on_each! {
    async fn every_row_is_judged_and_nothing_is_written(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve", "--no-courier"]);
        let admin = server.client(Some(home.token()));
        let grace = json!({ "email": "grace@example.com", "roles": ["viewer"] });
        admin.post("/v1/system-users/invitations", &grace).await.expect(201);
        let written = || {
            ["invitations", "users", "accounts", "letters", "idempotency_keys"]
                .map(|table| home.database.count(table))
        };
        let before = written();
        let lines = "kind,email,roles,account_name,role\n\
                     system_user,ada@example.com,viewer,,\n\
                     system_user,GRACE@example.com,viewer,,\n\
                     account_owner,olga@acme.example,,Acme B.V.,\n\
                     system_user,bob,viewer,,\n\
                     sub_account,dave@globex.example,,Globex,driver\n";
        std::fs::write(home.path().join("people.csv"), lines).unwrap();
        let output = home.run(&["import", "people.csv", "--dry-run", "--url", &server.url]);
        let errors = String::from_utf8(output.stderr).unwrap();
        let faults: Vec<_> =
            errors.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(faults, ["people.csv:5 email", "people.csv:6 account_name"], "{errors}");
        assert!(errors.ends_with("(account_not_found)\n"), "{errors}");
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "would be invited 2, already there 1, failed 2\n"
        );
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(written(), before);
        server.stop().await;
    }

    /// More rows than a batch takes.
    async fn a_long_file_is_judged_whole(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve", "--no-courier"]);
        let rows: Vec<_> = (0..2100)
            .map(|number| format!("system_user;person{number}@example.com;viewer finance"))
            .collect();
        std::fs::write(home.path().join("people.csv"), format!("kind;email;roles\n{}", rows.join("\n")))
            .unwrap();
        let said = home.print(&["import", "people.csv", "--dry-run", "--url", &server.url]);
        assert_eq!(said, "would be invited 2100, already there 0, failed 0\n");
        assert_eq!(home.database.count("invitations"), 0);
        let json = home.print(&["import", "people.csv", "--dry-run", "--json", "--url", &server.url]);
        let valid = json.lines().filter(|line| line.contains("\"status\":\"valid\"")).count();
        assert_eq!((json.lines().count(), valid), (2100, 2100));
        server.stop().await;
    }
}

#[test]
fn the_help_names_every_language() {
    let help = Home::new(Backend::Sqlite, &[]).print(&["import", "--help"]);
    let list = invitation_service::domain::locale::Locale::ALL
        .map(invitation_service::domain::locale::Locale::as_str)
        .join(", ");
    assert!(help.contains(&format!("locale               {list}")), "{help}");
}
