//! `import` against the running service: what a file's rows become, and what is said of those that are
//! refused.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{
    Backend, Client, Home, PASSWORD,
    customers::{OWNERS, company},
    eventually,
    imports::{
        TIMEOUT, colleagues, command, import, no_person_is_missing_or_twice, outcome_of, reached, summary,
    },
    json, on_each,
};

pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import-sample.csv");

/// A business account of this name, active.
pub async fn account(home: &Home, admin: &Client, email: &str, name: &str) -> String {
    let body = json!({ "email": email, "account_name": name, "account_type": "business" });
    admin.post(OWNERS, &body).await.expect(201);
    let arrived = async || home.letters().into_iter().find(|letter| letter.to == email);
    let letter = eventually("the owner's letter", TIMEOUT, arrived).await;
    let owner = json!({
        "token": letter.token, "password": PASSWORD, "first_name": "Olga", "last_name": "Owner", "account": {
            "company": company()
        }
    });
    let activated = admin.post("/v1/activations", &owner).await.expect(201);
    activated.body["account"]["id"].as_str().unwrap().to_owned()
}

on_each! {
    async fn the_sample_is_imported(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        let parent = account(&home, &admin, "gina@globex.example", "Globex Leasing").await;
        let sample = std::fs::read_to_string(SAMPLE).unwrap();
        let people = sample.lines().count() - 1;
        summary(
            &import(&home, &server, &sample, &["--dry-run"]),
            &format!("would be invited {people}, already there 0, failed 0"),
        );
        summary(
            &import(&home, &server, &sample, &[]),
            &format!("invited {people}, already there 0, failed 0"),
        );
        assert_eq!(reached(&home).await.len(), people + 1);
        // What a row says is what was asked for.
        let invited =
            admin.get("/v1/invitations?email=nora@globex.example").await.expect(200).body["data"][0].clone();
        assert_eq!((&invited["kind"], &invited["locale"]), (&json!("sub_account"), &json!("nl")));
        assert_eq!(invited["invited_by"], json!({ "type": "cli", "id": "operations", "name": "operations" }));
        let path = format!("/v1/accounts/{}", invited["account"]["id"].as_str().unwrap());
        let made = admin.get(&path).await.expect(200).body;
        assert_eq!(made["name"], "Globex Noord, Groningen");
        assert_eq!((&made["parent_account_id"], &made["used_by"]), (&json!(parent), &json!("subsidiary")));
        assert_eq!(made["reimbursement"]["rate"], "0.5000");
        let ada =
            admin.get("/v1/invitations?email=ada@example.com").await.expect(200).body["data"][0].clone();
        assert_eq!(ada["roles"], json!(["customer_support", "viewer"]));
        // Semicolons, as spreadsheets write them in Europe, make the same rows.
        let semicolons = sample
            .replace("\"Globex Noord, Groningen\"", "Globex Noord& Groningen")
            .replace(',', ";")
            .replace('&', ",");
        summary(
            &import(&home, &server, &semicolons, &[]),
            &format!("invited 0, already there {people}, failed 0"),
        );
        server.stop().await;
    }

    async fn a_second_run_changes_nothing(backend: Backend) {
        let home = Home::new(backend, &[("RESEND_COOLDOWN", "0s")]);
        let server = home.start(&["serve"]);
        let lines = colleagues(40);
        summary(
            &import(&home, &server, &lines, &["--subject", "Grace Hopper"]),
            "invited 40, already there 0, failed 0",
        );
        let repeated = |arguments: &[&str], code: &str| {
            let (ended, results, errors) =
                outcome_of(&import(&home, &server, &lines, &[arguments, &["--json"]].concat()));
            assert_eq!((ended, errors.as_str()), (0, "invited 0, already there 40, failed 0\n"));
            for line in results.lines() {
                let row: Value = serde_json::from_str(line).unwrap();
                assert_eq!((&row["status"], &row["code"]), (&json!("already_there"), &json!(code)));
                assert!(row["invitation_id"].as_str().unwrap().starts_with("inv_"));
            }
        };
        repeated(&["--subject", "Grace Hopper"], "replayed");
        // By somebody else, or when the keys are forgotten: the living invitations stand in the way.
        repeated(&[], "invitation_pending");
        home.database.execute("DELETE FROM idempotency_keys");
        repeated(&["--subject", "Grace Hopper"], "invitation_pending");
        no_person_is_missing_or_twice(&home, 40).await;
        server.stop().await;
    }

    /// What was refused once is asked anew by the next run: the reason may be gone.
    async fn a_refusal_is_reported_with_its_row_and_does_not_stick(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        let lines = "kind,email,roles,account_name,role\nsystem_user,ada@example.com,viewer,,\n\
                     sub_account,dave@globex.example,,Globex Leasing,driver\n";
        for round in 0..2 {
            let (code, results, errors) = outcome_of(&import(&home, &server, lines, &[]));
            assert_eq!(
                errors,
                "people.csv:3: account_name: There is no such account, or this token may not \
                invite into it. (account_not_found)\n"
            );
            assert_eq!(
                (code, results),
                (1, format!("invited {}, already there {round}, failed 1\n", 1 - round))
            );
        }
        account(&home, &admin, "gina@globex.example", "Globex Leasing").await;
        summary(&import(&home, &server, lines, &[]), "invited 1, already there 1, failed 0");
        summary(&import(&home, &server, lines, &[]), "invited 0, already there 2, failed 0");
        account(&home, &admin, "gerd@globex.example", "Globex Leasing").await;
        let (_, _, errors) = outcome_of(&import(&home, &server, &lines.replace("dave", "dora"), &[]));
        assert!(
            errors.starts_with("people.csv:3: account_name: ") && errors.matches("acc_").count() == 2,
            "{errors}"
        );
        assert!(errors.ends_with("(ambiguous_account)\n"), "{errors}");
        server.stop().await;
    }

    /// What was answered a day ago may be true no more: a person who was invited and cannot come in is not
    /// told as being there.
    async fn who_was_revoked_or_expired_since_is_reported_and_invited_anew(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        let lines = colleagues(5);
        summary(&import(&home, &server, &lines, &[]), "invited 5, already there 0, failed 0");
        assert_eq!(reached(&home).await.len(), 5);
        let id = async |number: usize| {
            let found =
                admin.get(&format!("/v1/invitations?email=person{number}@example.com")).await.expect(200);
            found.body["data"][0]["id"].as_str().unwrap().to_owned()
        };
        let (revoked, expired, replaced) = (id(0).await, id(1).await, id(2).await);
        for gone in [&revoked, &replaced] {
            admin.post_empty(&format!("/v1/invitations/{gone}/revoke")).await.expect(200);
        }
        home.database.execute(&format!(
            "UPDATE invitations SET created_at = '2020-01-01T00:00:00.000Z', last_sent_at = \
            '2020-01-01T00:00:00.000Z',
             expires_at = '2020-01-02T00:00:00.000Z' WHERE id = '{expired}'"
        ));
        let person = json!({ "email": "person2@example.com", "roles": ["viewer", "finance"] });
        let newer = admin.post("/v1/system-users/invitations", &person).await.expect(201).text_of("id");
        let link =
            home.letters().into_iter().find(|letter| letter.to == "person3@example.com").unwrap().token;
        let name = json!({
            "token": link, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"
        });
        admin.post("/v1/activations", &name).await.expect(201);

        let (code, results, errors) = outcome_of(&import(&home, &server, &lines, &[]));
        assert_eq!(
            (code, results.as_str()),
            (1, "invited 0, already there 3, failed 0, no longer invited 2\n")
        );
        let said = |row, since, code| {
            format!(
                "people.csv:{row}: email: Invited before, but that invitation {since} since. Use --anew \
                to invite this person again. ({code})\n"
            )
        };
        assert_eq!(
            errors,
            said(2, "was revoked", "invitation_revoked") + &said(3, "has expired", "invitation_expired")
        );
        let (_, results, _) = outcome_of(&import(&home, &server, &lines, &["--json"]));
        let rows: Vec<Value> = results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let statuses: Vec<&str> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
        assert_eq!(
            statuses,
            ["no_longer_invited", "no_longer_invited", "already_there", "already_there", "already_there"]
        );
        assert_eq!(
            (&rows[0]["invitation_id"], &rows[0]["errors"][0]["code"]),
            (&json!(revoked), &json!("invitation_revoked"))
        );
        assert_eq!(
            (&rows[2]["code"], &rows[2]["invitation_id"]),
            (&json!("invitation_pending"), &json!(newer))
        );
        assert_eq!(home.database.count("invitations"), 6);

        summary(&import(&home, &server, &lines, &["--anew"]), "invited 2, already there 3, failed 0");
        assert_eq!(home.database.count("invitations"), 8);
        assert_ne!(id(0).await, revoked);
        summary(&import(&home, &server, &lines, &["--anew"]), "invited 0, already there 5, failed 0");
        server.stop().await;
    }

    /// A token without the right to read says as much as it may know.
    async fn a_caller_who_may_not_read_learns_that_nothing_was_sent(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let lines = "kind,email,account_name\n\
            account_owner,olga@acme.example,Acme\n\
            account_owner,bob@globex.example,Globex\n";
        let blind = home
            .print(&["token", "--scope", "customers:invite", "--subject", "operations"])
            .trim()
            .to_owned();
        summary(&import(&home, &server, lines, &["--token", &blind]), "invited 2, already there 0, failed 0");
        let admin = server.client(Some(home.token()));
        let found = admin.get("/v1/invitations?email=olga@acme.example").await.expect(200);
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", found.body["data"][0]["id"].as_str().unwrap()))
            .await
            .expect(200);
        let (code, results, errors) = outcome_of(&import(&home, &server, lines, &["--token", &blind]));
        assert_eq!(
            (code, results.as_str()),
            (1, "invited 0, already there 1, failed 0, no longer invited 1\n")
        );
        assert!(
            errors.starts_with("people.csv:2: email: ")
                && errors.contains("was revoked or has expired since"),
            "{errors}"
        );
        server.stop().await;
    }

    async fn the_good_rows_are_sent_when_that_is_asked_for(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let lines = "kind,email,roles\n\
            system_user,ada@example.com,viewer\n\
            system_user,ada,viewer\n\
            system_user,bob@example.com,admin\n";
        let (code, results, _) = outcome_of(&import(&home, &server, lines, &[]));
        assert_eq!((code, results.as_str()), (1, "invited 0, already there 0, failed 1, not sent 2\n"));
        assert_eq!(home.database.count("invitations"), 0);
        let (code, results, errors) = outcome_of(&import(&home, &server, lines, &["--skip-faulty"]));
        assert_eq!((code, results.as_str()), (1, "invited 2, already there 0, failed 1\n"));
        assert!(errors.lines().count() == 1 && errors.starts_with("people.csv:3: email: "), "{errors}");
        server.stop().await;
    }

    /// A token that was given allows what it allows.
    async fn a_token_that_does_not_do_stops_the_import(backend: Backend) {
        let home = Home::new(backend, &[]);
        let server = home.start(&["serve"]);
        let token = |arguments: &[&str]| home.print(&[&["token"], arguments].concat()).trim().to_owned();
        let lines = colleagues(200);
        let stranger =
            Home::new(Backend::Sqlite, &[("SECRET_KEY", "another key, which this server does not have")])
                .token();
        for (token, words) in [
            (stranger, "refuses the access token"),
            ("nonsense".to_owned(), "refuses the access token"),
            (
                token(&["--role", "customer_support"]),
                "the token does not allow this (403 forbidden: This \
                takes the permission system_users:invite.)",
            ),
        ] {
            let output = command(&home, &server, &lines, &[]).env("ACCESS_TOKEN", &token).output().unwrap();
            let (code, _, errors) = outcome_of(&output);
            assert!(code == 1 && errors.contains(words) && errors.lines().count() == 1, "{errors}");
            assert!(!errors.contains(&token));
        }
        let other_key = command(&home, &server, &lines, &[])
            .env("SECRET_KEY", "another key, which this server does not have")
            .output();
        let (code, _, errors) = outcome_of(&other_key.unwrap());
        assert!(code == 1 && errors.contains("SECRET_KEY"), "{errors}");
        assert_eq!(home.database.count("invitations"), 0);
        // A role that exceeds what the token holds concerns its row alone.
        let lines =
            "kind,email,roles\nsystem_user,ada@example.com,admin\nsystem_user,bob@example.com,viewer\n";
        let manager = token(&["--role", "user_manager"]);
        let (code, results, errors) = outcome_of(&import(&home, &server, lines, &["--token", &manager]));
        assert_eq!((code, results.as_str()), (1, "invited 1, already there 0, failed 1\n"));
        assert!(
            errors.starts_with("people.csv:2: roles: ") && errors.ends_with("(role_exceeds_yours)\n"),
            "{errors}"
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn unread_results_end_the_import() {
    let home = Home::new(Backend::Sqlite, &[]);
    let server = home.start(&["serve"]);
    let mut running = command(&home, &server, &colleagues(1000), &["--json"]);
    let mut running = running.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(running.stdout.take());
    let (code, _, errors) = outcome_of(&running.wait_with_output().unwrap());
    assert!(
        code == 74 && errors.contains("the results cannot be written") && !errors.contains("panicked"),
        "{errors}"
    );
    assert!(home.database.count("invitations") < 100);
    server.stop().await;
}

/// On a terminal there is a bar, and nowhere else.
#[tokio::test]
async fn a_terminal_shows_how_far_it_is() {
    let home = Home::new(Backend::Sqlite, &[]);
    let server = home.start(&["serve"]);
    let plain = command(&home, &server, &colleagues(60), &[]);
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("left out: there is no `script` here to make a terminal with");
        return;
    }
    let words: Vec<String> = std::iter::once(plain.get_program())
        .chain(plain.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &words.join(" "), "/dev/null"]).current_dir(home.path()).env("TERM", "xterm");
    terminal.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).stdin(Stdio::null());
    let (code, shown, _) = outcome_of(&terminal.output().unwrap());
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("/60") && shown.contains('█'), "{shown:?}");
    assert!(shown.trim_end().ends_with("invited 60, already there 0, failed 0"), "{shown:?}");
    summary(&import(&home, &server, &colleagues(60), &[]), "invited 0, already there 60, failed 0");
    server.stop().await;
}
