//! `import` of files as spreadsheets, other programs and people write them: `tests/it/import/spelling_cases`
//! and their kin.

use serde_json::Value;

use crate::{
    import::rows::account,
    support::{
        Backend, Client, Home,
        imports::{import, outcome_of, summary},
        json, on_each,
    },
};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/import/spelling_cases");

fn case(name: &str) -> String {
    std::fs::read_to_string(format!("{CASES}/{name}.csv")).unwrap()
}

/// The invitation of an address, and the account that it leads to.
async fn invited(admin: &Client, email: &str) -> (Value, Value) {
    let invitation =
        admin.get(&format!("/v1/invitations?email={email}")).await.expect(200).body["data"][0].clone();
    let account = match invitation["account"]["id"].as_str() {
        Some(id) => admin.get(&format!("/v1/accounts/{id}")).await.expect(200).body,
        None => Value::Null,
    };
    (invitation, account)
}

on_each! {
    async fn files_of_other_programs_are_imported(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        let parent = account(&home, &admin, "olga@acme.example", "Acme B.V.").await;
        for (name, people) in [
            ("semicolons-bom-decimal-comma", 1),
            ("sep-line", 1),
            ("missing-cells-at-the-end", 2),
            ("spellings", 2),
        ] {
            let file = case(name);
            summary(
                &import(&home, &server, &file, &["--dry-run"]),
                &format!("would be invited {people}, already there 0, failed 0"),
            );
            summary(
                &import(&home, &server, &file, &[]),
                &format!("invited {people}, already there 0, failed 0"),
            );
        }
        for (email, rate, name) in [
            ("p1@acme.example", "0.2300", json!("Café Zoë")),
            ("p2@acme.example", "0.1950", Value::Null),
            ("p3@acme.example", "0.2300", Value::Null),
            ("p6@acme.example", "0.2300", Value::Null),
        ] {
            let (invitation, account) = invited(&admin, email).await;
            assert_eq!(invitation["kind"], "sub_account", "{email}");
            assert_eq!(
                (&account["reimbursement"]["rate"], &account["name"]),
                (&json!(rate), &name),
                "{email}"
            );
            assert_eq!(account["parent_account_id"], json!(parent), "{email}");
        }
        assert_eq!(invited(&admin, "p7@example.com").await.0["roles"], json!(["finance", "viewer"]));

        let (ended, results, errors) =
            outcome_of(&import(&home, &server, &case("index-without-a-name"), &[]));
        assert_eq!((ended, results.as_str()), (1, ""));
        assert!(errors.starts_with("people.csv:1: column 1: This column has no name"), "{errors}");
        server.stop().await;
    }

    async fn an_address_is_read_however_it_was_copied(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve", "--no-courier"]);
        let admin = server.client(Some(home.token()));
        let lines = "kind\tE-mail\troles\n\
                     system_user\t\u{A0}ada@example.com\u{200B}\tviewer\n\
                     system_user\t\"Hopper, Grace\" <grace@example.com>\tviewer\n\
                     system_user\tmailto:linus@exa\u{AD}mple.com\tviewer\n";
        summary(&import(&home, &server, lines, &[]), "invited 3, already there 0, failed 0");
        for email in ["ada@example.com", "grace@example.com", "linus@example.com"] {
            assert_eq!(invited(&admin, email).await.0["email"], email);
        }
        server.stop().await;
    }

    /// csvkit and SheetJS turn `0,23` into `23`: neither the trial nor the import says nothing, and neither
    /// refuses.
    async fn a_rate_that_lost_its_comma_is_warned_of(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        account(&home, &admin, "olga@acme.example", "Acme B.V.").await;
        let lines = "kind,email,account_name,role,reimbursement_rate\n\
                     sub_account,dave@acme.example,Acme B.V.,driver,2\n\
                     sub_account,dora@acme.example,Acme B.V.,driver,23\n";
        let warning = "people.csv:3: reimbursement_rate: Warning: 23 EUR per kWh is unusually high. Some \
            programs turn 0,23 into 23: compare it with the source. (rate_unusually_high)\n";
        let dry = outcome_of(&import(&home, &server, lines, &["--dry-run"]));
        assert_eq!(
            dry,
            (0, "would be invited 2, already there 0, failed 0\n".to_owned(), warning.to_owned())
        );
        for (arguments, status) in [
            (&["--dry-run", "--json"][..], "valid"),
            (&["--json"], "invited"),
            (&["--json"], "already_there"),
        ] {
            let (ended, results, errors) = outcome_of(&import(&home, &server, lines, arguments));
            assert!(ended == 0 && errors.starts_with(warning), "{errors}");
            let rows: Vec<Value> = results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(
                (&rows[1]["status"], &rows[1]["warnings"][0]["code"]),
                (&json!(status), &json!("rate_unusually_high"))
            );
            assert_eq!(rows[0].get("warnings"), None);
        }
        server.stop().await;
    }
}
