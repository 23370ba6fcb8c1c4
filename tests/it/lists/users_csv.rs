//! Users as CSV, at `/v1/users.csv` and, as before that was there, at `/v1/users` for those who prefer it:
//! every match, quoted, and nothing that a spreadsheet would run.

use std::collections::BTreeSet;

use invitation_service::domain::{ids::UserId, permission::Permission, role::Role};
use reqwest::Method;

use crate::support::{
    Answer, Client, PASSWORD, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

const HEADER: &str =
    "id,email,first_name,last_name,status,system_roles,memberships,created_at,activated_at\r\n";

async fn ask(client: &Client, path: &str, accept: &str) -> Answer {
    client.call(Method::GET, path, &[("accept", accept)]).await
}

/// The rows of an export, without the header.
async fn export(client: &Client, path: &str) -> Vec<Vec<String>> {
    let answer = ask(client, path, "text/csv").await.expect(200);
    assert!(answer.header("content-type").starts_with("text/csv"), "{:?}", answer.headers);
    assert!(answer.header("content-disposition").contains("users.csv"), "{:?}", answer.headers);
    assert!(answer.text.starts_with(HEADER) && answer.text.ends_with("\r\n"), "{}", answer.text);
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

on_both_databases! {
    async fn quoted_and_disarmed(app: TestApp) {
        let body = json!({
            "email": "=cmd@example.com", "account_name": "=HYPERLINK(\"x\"), Ltd", "account_type": "consumer"
        });
        let (made, mail) = app.invite_by(OWNERS, body).await;
        let members = json!({
            "token": mail.token, "password": PASSWORD, "first_name": "@Ada, \"Countess\"",
            "last_name": "-Lovelace"
        });
        app.anonymous().post("/v1/activations", &members).await.expect(201);
        let (_, mail) = app.invite("=cmd@example.com", &["viewer", "finance"]).await;
        app.join(&mail.token, "=cmd@example.com", json!({})).await.expect(201);
        let (waiting, _) = app.invite("plain@example.com", &["viewer"]).await;
        let (user, account) = (text(&made, "/user_id"), text(&made, "/account/id"));
        let text_of = ask(&app.admin(), "/v1/users", "text/csv").await.expect(200).text;
        let plain = text(&waiting, "/user_id");
        assert_eq!(
            text_of,
            format!(
                "{HEADER}\"{plain}\",\"plain@example.com\",\"\",\"\",\"invited\",\"\",\"\",\
                 \"2026-11-24T12:00:00.000Z\",\"\"\r\n\
                 \"{user}\",\"'=cmd@example.com\",\"'@Ada, \"\"Countess\"\"\",\"'-Lovelace\",\
                 \"active\",\"finance; viewer\",\
                 \"'=HYPERLINK(\"\"x\"\"), Ltd ({account}, account_owner)\",\
                 \"2026-11-24T12:00:00.000Z\",\"2026-11-24T12:00:00.000Z\"\r\n"
            )
        );
    }

    /// Where a program separates by `;` or tabs, or ends a cell at a quotation mark, another cell begins
    /// inside of ours.
    async fn disarmed_wherever_a_program_could_begin_a_cell(app: TestApp) {
        let names = [
            ("x;=1+1", "x;'=1+1"),
            ("x; =1+1", "x; '=1+1"),
            ("x\"=1+1", "x\"'=1+1"),
            ("x\";\"@SUM(A1)", "x\";\"'@SUM(A1)"),
            ("'=1+1", "''=1+1"),
            ("x;+1", "x;'+1"),
            ("Ada-Marie", "Ada-Marie"),
            ("x;;＝1", "x;;'＝1"),
        ];
        for (index, (name, _)) in names.iter().enumerate() {
            let (_, mail) = app.invite(&format!("a{index}@example.com"), &["viewer"]).await;
            let members = json!({
                "token": mail.token, "password": PASSWORD, "first_name": name, "last_name": name
            });
            app.anonymous().post("/v1/activations", &members).await.expect(201);
        }
        let rows = export(&app.admin(), "/v1/users").await;
        for (row, (name, shown)) in rows.iter().rev().zip(names) {
            assert_eq!((row[2].as_str(), row[3].as_str()), (shown, shown), "{name}");
        }
        let text = ask(&app.admin(), "/v1/users", "text/csv").await.text;
        for line in text.lines().skip(1) {
            assert!(
                line.starts_with('"') && line.ends_with('"') && line.matches("\",\"").count() == 8,
                "{line}"
            );
        }
    }

    async fn at_a_path_of_its_own(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        let acme = app.owner("grace@example.com", "Acme").await;
        let admin = app.admin();
        for (own, other) in
            [("/v1/users.csv", "/v1/users"), ("/v1/users.csv/?role=viewer", "/v1/users?role=viewer")]
        {
            let expected = ask(&admin, other, "text/csv").await.expect(200).text;
            for accept in ["", "*/*", "text/csv", "text/*;q=0.1", "application/json;q=0.9, text/csv;q=0.1"] {
                let answer = ask(&admin, own, accept).await.expect(200);
                assert_eq!(answer.text, expected, "{own}: {accept}");
                assert!(answer.header("content-type").starts_with("text/csv"), "{:?}", answer.headers);
                assert!(answer.header("content-disposition").contains("users.csv"), "{:?}", answer.headers);
                assert_eq!(answer.header("cache-control"), "no-store");
            }
        }
        let marked = admin.request(Method::GET, "/v1/users.csv?bom=true").send().await.unwrap();
        assert!(marked.bytes().await.unwrap().starts_with(b"\xef\xbb\xbfid,email,"));
        for accept in ["application/json", "text/csv;q=0", "text/html"] {
            ask(&admin, "/v1/users.csv", accept).await.problem(406, "not_acceptable");
        }
        admin.get("/v1/users.csv?limit=1&cursor=x&role=boss").await.faults(&[
            ("role", "unknown_value"),
            ("limit", "unknown_parameter"),
            ("cursor", "unknown_parameter"),
        ]);
        let seen = export(&acme.client, "/v1/users.csv").await;
        assert_eq!(seen.iter().map(|row| row[1].as_str()).collect::<Vec<_>>(), ["grace@example.com"]);
        acme.client.get("/v1/users.csv?kind=system_user").await.problem(403, "forbidden");
        app.caller(&[], &[Permission::AccountsRead]).get("/v1/users.csv").await.problem(403, "forbidden");
        app.anonymous().get("/v1/users.csv").await.problem(401, "unauthenticated");
        let refused = admin.post("/v1/users.csv", &json!({})).await.problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), "GET, HEAD");
    }

    async fn a_byte_order_mark_for_excel(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        let bytes = async |path: &str| {
            let request = app.admin().request(Method::GET, path).header("accept", "text/csv");
            request.send().await.unwrap().bytes().await.unwrap()
        };
        let plain = bytes("/v1/users").await;
        assert!(plain.starts_with(b"id,email,"));
        assert_eq!(bytes("/v1/users?bom=false").await, plain);
        let marked = bytes("/v1/users?bom=true").await;
        assert_eq!((&marked[..3], &marked[3..]), (&b"\xef\xbb\xbf"[..], &plain[..]));
        // JSON has none.
        let json = app.admin().get("/v1/users?bom=true").await.expect(200);
        assert!(json.text.starts_with('{'));
        for bad in ["", "1", "yes"] {
            ask(&app.admin(), &format!("/v1/users?bom={bad}"), "text/csv")
                .await
                .faults(&[("bom", "unknown_value")]);
        }
    }

    async fn all_that_match_however_many(app: TestApp) {
        let ids: Vec<UserId> = (0..1234).map(|_| app.clock.id()).collect();
        let at = "'2026-11-24T12:00:00.000Z'";
        let rows = ids.iter().enumerate().map(|(index, id)| {
            let (status, hash, activated) =
                if index % 2 == 0 { ("active", "'h'", at) } else { ("invited", "NULL", "NULL") };
            format!(
                "('{id}', 'u{index}@example.com', 'u{index}@example.com', 'u{index}@example.com', \
                '{status}', {hash}, {at}, {activated})"
            )
        });
        let columns = "id, email, email_key, search_text, status, password_hash, created_at, activated_at";
        app.database.execute(&format!(
            "INSERT INTO users ({columns}) VALUES {}",
            rows.collect::<Vec<_>>().join(", ")
        ));
        for path in ["/v1/users", "/v1/users?limit=1"] {
            let rows = export(&app.admin(), path).await;
            assert_eq!(rows.len(), 1234, "{path}");
            let found: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
            let mut expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
            expected.sort_by(|a, b| b.cmp(a));
            assert_eq!(found, expected, "newest first, each once");
        }
        let active = export(&app.admin(), "/v1/users?status=active").await;
        assert_eq!((active.len(), active.iter().all(|row| row[4] == "active")), (617, true));
        assert_eq!(export(&app.admin(), "/v1/users?search=u12").await.len(), 45);
        assert_eq!(export(&app.admin(), "/v1/users?search=nobody").await.len(), 0);
    }

    async fn what_the_caller_may_see(app: TestApp) {
        let acme = app.owner("grace@example.com", "Acme").await;
        app.owner("linus@example.com", "Zenith").await;
        app.driver("max@example.com", &acme.account).await;
        app.invite("ada@example.com", &["viewer"]).await;
        for (caller, filter, expected) in [
            (app.admin(), "", vec!["ada", "grace", "linus", "max"]),
            (app.admin(), "?kind=customer&role=driver", vec!["max"]),
            (app.caller(&[Role::Finance], &[]), "", vec!["grace", "linus", "max"]),
            (app.caller(&[], &[Permission::SystemUsersRead]), "", vec!["ada"]),
            (acme.client.clone(), "", vec!["grace", "max"]),
        ] {
            let rows = export(&caller, &format!("/v1/users{filter}")).await;
            let found: BTreeSet<&str> = rows.iter().map(|row| row[1].split('@').next().unwrap()).collect();
            assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
        }
        ask(&app.caller(&[], &[Permission::AccountsRead]), "/v1/users", "text/csv")
            .await
            .problem(403, "forbidden");
        ask(&acme.client, "/v1/users?kind=system_user", "text/csv").await.problem(403, "forbidden");
        ask(&app.anonymous(), "/v1/users", "text/csv").await.problem(401, "unauthenticated");
        ask(&app.admin(), "/v1/users?status=asleep", "text/csv").await.faults(&[("status", "unknown_value")]);
    }

    async fn what_is_accepted(app: TestApp) {
        app.invite("ada@example.com", &["viewer"]).await;
        for (accept, form) in [
            ("text/csv", "text/csv"),
            ("TEXT/CSV", "text/csv"),
            ("text/csv;q=0.5", "text/csv"),
            ("text/csv; charset=utf-8", "text/csv"),
            ("text/csv, */*", "application/json"),
            ("*/*, text/csv", "application/json"),
            ("application/*, text/csv", "application/json"),
            ("text/csv;q=0.5, application/*;q=0.5", "application/json"),
            ("text/csv;q=0.5, application/*;q=0.4", "text/csv"),
            ("text/csv;q=0.5, application/*;q=0.4, application/json;q=0.6", "application/json"),
            ("text/*", "text/csv"),
            ("text/*, */*", "application/json"),
            ("text/*;q=0.9, application/json;q=0.1", "text/csv"),
            ("text/*;q=0.9, text/csv;q=0, application/json;q=0.1", "application/json"),
            ("application/json;q=0, */*", "text/csv"),
            ("application/json;q=0.3, */*", "text/csv"),
            ("application/*;q=0, */*;q=0.1", "text/csv"),
            ("text/*;header=present, application/*;q=0.9", "text/csv"),
            ("application/json;q=0.5, text/csv", "text/csv"),
            ("application/json;q=0.1, text/csv;q=0.2", "text/csv"),
            ("application/json", "application/json"),
            ("*/*", "application/json"),
            ("application/json, text/csv", "application/json"),
            ("text/csv, application/json", "application/json"),
            ("text/csv;q=0.5, application/json;q=.5", "application/json"),
            ("text/csv ; q=0.5, application/json ; q=0.4", "text/csv"),
            ("text/csv;q=0.5, */*", "application/json"),
            ("text/csv, */*;q=0.1", "text/csv"),
            ("text/html, *; q=.2, */*; q=.2", "application/json"),
            ("application/json ; charset=utf-8", "application/json"),
            ("text/csv, application/json;q=0", "text/csv"),
            ("text/csv;q=0.5, application/json", "application/json"),
            ("text/csv;q=0, */*", "application/json"),
            ("text/csv;q=0, application/json", "application/json"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ] {
            let answer = ask(&app.admin(), "/v1/users", accept).await.expect(200);
            assert!(answer.header("content-type").starts_with(form), "{accept}: {:?}", answer.headers);
        }
        for (path, accept) in [
            ("/v1/users", "text/csv;q=0"),
            ("/v1/users", "text/html"),
            ("/v1/users", "text/csv;q=0, application/json;q=0, */*"),
            ("/v1/users", "text/*;q=0, application/*;q=0, */*"),
            ("/v1/users", "application/json;q=0, text/*;q=0"),
            ("/v1/users", "*/*;q=0"),
            ("/v1/invitations", "application/json;q=0, */*"),
            ("/v1/invitations", "text/*"),
            ("/v1/invitations", "text/csv"),
            ("/v1/accounts", "text/csv"),
        ] {
            ask(&app.admin(), path, accept).await.problem(406, "not_acceptable");
        }
        let head = app.admin().call(Method::HEAD, "/v1/users", &[("accept", "text/csv")]).await.expect(200);
        assert!(head.text.is_empty() && head.header("content-type").starts_with("text/csv"));
    }
}
