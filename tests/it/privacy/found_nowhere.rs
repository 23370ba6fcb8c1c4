//! An erased person is found nowhere: not in a column, not in the bytes of SQLite's files, not in the log.

use std::collections::BTreeSet;

use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use super::columns::{COLUMNS, Content, text_columns};
use crate::support::{
    Answer, Backend, Client, Home, PASSWORD, TestApp,
    customers::{OWNERS, SUB_ACCOUNTS, text},
    eventually, json, on_both_databases, on_each,
};

const STAFF: &str = "/v1/system-users/invitations";
const SECRET: &str = "a-secret-for-postmark";
/// In lower case: both forms of the domain, the local part alone, and the names.
const TRACES: [&str; 5] =
    ["zora.q@b\u{fc}cher.example", "zora.q@xn--bcher-kva.example", "zora.q", "zora\u{ef}da", "quillfeather"];

fn shows(text: &str) -> bool {
    let text = text.to_lowercase();
    TRACES.iter().any(|trace| text.contains(trace))
}

/// The columns, as `table.column`, in which a trace is found.
fn columns_with_traces(app: &TestApp) -> BTreeSet<String> {
    let holds = |column: &String| {
        let (table, name) = column.split_once('.').unwrap();
        let rows = format!("SELECT CAST({name} AS TEXT) AS text FROM {table} WHERE {name} IS NOT NULL");
        app.database.texts(&rows).iter().any(|value| shows(value))
    };
    text_columns(&app.database).into_iter().filter(holds).collect()
}

async fn keyed(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

/// A bounce of the newest letter that was sent to the person.
async fn bounce(app: &TestApp) {
    let letter = "SELECT id AS text FROM letters WHERE state = 'sent' ORDER BY id DESC LIMIT 1";
    let letter = app.database.texts(letter).remove(0);
    let event = json!({
        "RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Metadata": { "letter": letter },
        "Details": "smtp;550 5.1.1 no such user zora.q here"
    });
    let request = app.anonymous().request(Method::POST, "/v1/mail-events/postmark");
    Answer::of(request.header("x-mail-events-secret", SECRET).json(&event)).await.expect(200);
}

/// A person of whom every column that may hold something holds it. Returns the user's id.
async fn with_everything(app: &TestApp) -> String {
    let admin = app.admin();
    // Invited and revoked before: another row of the same address.
    let early = app.invite_unsent("zora.q@b\u{fc}cher.example", &["viewer"]).await;
    admin.post_empty(&format!("/v1/invitations/{}/revoke", text(&early, "/id"))).await.expect(200);
    // An invitation that was reassigned to another person.
    let owner = json!({ "email": "Zora.Q@XN--bcher-kva.example", "account_name": "A company" });
    let moved = admin.post(OWNERS, &owner).await.expect(201).body;
    app.letter().await;
    let change = json!({ "email": "other@example.com" });
    admin.update(text(&moved, "/id"), "*", &change).await.expect(200);
    app.letter().await;
    let body = json!({ "email": "Zora.Q@B\u{dc}CHER.example", "roles": ["user_manager"] });
    let made = keyed(&admin, STAFF, "invite", &body).await.expect(201).body;
    let (id, user) = (text(&made, "/id"), text(&made, "/user_id").to_owned());
    app.letter().await;
    admin.update(id, "*", &json!({ "email": "ZORA.Q@xn--bcher-kva.example" })).await.expect(200);
    keyed(&admin, &format!("/v1/invitations/{id}/resend"), "resend", &json!({})).await.expect(200);
    let mail = app.letter().await;
    let preview = app.anonymous().request(Method::POST, "/v1/activations/preview");
    let preview = preview.header("user-agent", "quillfeather's phone");
    Answer::of(preview.json(&json!({ "token": mail.token }))).await.expect(200);
    let person = json!({
        "token": mail.token, "password": PASSWORD, "first_name": "Zora\u{ef}da", "last_name": "Quillfeather"
    });
    app.anonymous().post("/v1/activations", &person).await.expect(201);
    let acme = app.owner("olga@acme.example", "Acme").await;
    let driver = json!({
        "email": "zora.q@b\u{fc}cher.example", "role": "driver", "account_id": acme.account,
        "account_type": "consumer", "sub_account_name": "Quillfeather at home"
    });
    let (_, mail) = app.send(&acme.client, SUB_ACCOUNTS, driver).await;
    app.join(&mail.token, "zora.q@b\u{fc}cher.example", json!({})).await.expect(201);
    let client = app.sign_in("ZORA.Q@b\u{fc}cher.example").await;
    let bob = json!({ "email": "bob@example.com", "roles": ["viewer"] });
    keyed(&client, STAFF, "bob", &bob).await.expect(201);
    app.letter().await;
    let reset = json!({ "email": "Zora.q@B\u{fc}cher.example" });
    app.anonymous().post("/v1/auth/password-reset", &reset).await.expect(202);
    app.letter().await;
    let change = json!({ "email": "zora.q.new@B\u{fc}cher.example" });
    admin.change_user(&user, "*", &change).await.expect(200);
    app.letters().await;
    bounce_of(app, &user).await;
    // As if the address had been changed before.
    app.database.execute(&format!(
        "INSERT INTO former_addresses (user_id, email_key, search_text)
         VALUES ('{user}', 'zora.q@old.example', 'zora.q@old.example')"
    ));
    app.database.execute(&format!(
        "UPDATE letters SET last_error = '550 zora.q unknown' WHERE invitation_id IN
         (SELECT id FROM invitations WHERE user_id = '{user}')"
    ));
    // As if a message had come back that could not be read.
    app.database.execute(
        "INSERT INTO unread_mail (id, digest, recipient, reason, message, received_at)
         VALUES ('ret_1', 'x', 'zora.q@xn--bcher-kva.example', 'no_report',
                 'To: Zora.Q@xn--bcher-kva.example',
                 '2026-11-24 12:00:00.000000+00')",
    );
    user
}

/// Plants a trace in those personal columns of the person's invitations that no request above fills: they are
/// of optional fields.
fn plant(app: &TestApp, user: &str, personal: &BTreeSet<String>) {
    let filled = columns_with_traces(app);
    for column in personal.difference(&filled).filter_map(|column| column.strip_prefix("invitations.")) {
        app.database
            .execute(&format!("UPDATE invitations SET {column} = 'Quillfeather' WHERE user_id = '{user}'"));
    }
}

async fn bounce_of(app: &TestApp, user: &str) {
    app.database.execute(&format!(
        "UPDATE letters SET state = 'failed', sent_at = NULL WHERE invitation_id NOT IN
         (SELECT id FROM invitations WHERE user_id = '{user}') OR invitation_id IS NULL"
    ));
    bounce(app).await;
}

fn sqlite_bytes(app: &TestApp) -> Vec<String> {
    let file = app.database.url.trim_start_matches("sqlite://").to_owned();
    let read = |end: &str| std::fs::read(format!("{file}{end}")).unwrap_or_default();
    ["", "-wal", "-journal"].map(read).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).to_vec()
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("LETTERS_PER_MAILBOX", "100"), ("MAIL_EVENTS_POSTMARK", SECRET)];

    async fn no_column_and_no_file_holds_an_erased_person(app: TestApp) {
        let user = with_everything(&app).await;
        let personal = COLUMNS.iter().filter(|(_, content)| *content == Content::Personal);
        let personal: BTreeSet<String> = personal.map(|(column, _)| (*column).to_owned()).collect();
        plant(&app, &user, &personal);
        // The person is in each of these columns, so that each is known to be erased.
        assert_eq!(columns_with_traces(&app), personal);
        app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        assert_eq!(columns_with_traces(&app), BTreeSet::new());
        for column in ["password_hash", "address_proven_at", "tokens_valid_from"] {
            assert_eq!(app.database.count(&format!("users WHERE id = '{user}' AND {column} IS NOT NULL")), 0);
        }
        for table in ["sessions", "user_roles", "memberships"] {
            assert_eq!(app.database.count(&format!("{table} WHERE user_id = '{user}'")), 0, "{table}");
        }
        // The history is there, and reads.
        let shown = app.admin().get("/v1/invitations?limit=200").await.expect(200);
        assert!(shown.text.contains(&user) && !shows(&shown.text), "{}", shown.text);
        for invitation in shown.body["data"].as_array().unwrap() {
            let events = app.events(text(invitation, "/id")).await;
            assert!(!shows(&json!(events).to_string()), "{events:?}");
        }
        for path in ["/v1/users", "/v1/accounts", "/v1/suppressions", "/v1/audit-events?limit=200"] {
            let page = app.caller(&[Role::Admin], &[]).get(path).await.expect(200);
            assert!(!shows(&page.text), "{path}: {}", page.text);
        }
        if app.database.backend == Backend::Sqlite {
            for (bytes, file) in sqlite_bytes(&app).iter().zip(["", "-wal", "-journal"]) {
                let text = bytes.to_lowercase();
                for trace in TRACES {
                    let at = text.find(trace);
                    assert_eq!(at, None, "{trace} in the file {file}");
                }
            }
        }
    }
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn an_earlier_address_is_erased_too_unless_another_user_has_it_now(app: TestApp) {
        let admin = app.admin();
        let (made, mail) = app.invite("zora.q@b\u{fc}cher.example", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let user = text(&made, "/user_id");
        for (number, email) in ["zora.q@second.example", "zora.q@third.example"].into_iter().enumerate() {
            admin.change_user(user, "*", &json!({ "email": email })).await.expect(200);
            let link = app.letters().await.into_iter().find(|mail| mail.to == email).unwrap();
            let confirmation = json!({ "token": link.token, "password": PASSWORD });
            app.anonymous().post("/v1/auth/email-change/confirm", &confirmation).await.expect(204);
            if number == 0 {
                // The first address is another person's by now.
                app.invite("Zora.Q@b\u{fc}cher.example", &["viewer"]).await;
            }
        }
        app.advance(chrono::TimeDelta::hours(1));
        admin.call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        let left = columns_with_traces(&app);
        let of_the_other = ["users", "invitations", "letters"];
        assert!(
            left.iter().all(|column| of_the_other.contains(&column.split('.').next().unwrap())),
            "{left:?}"
        );
        for table in ["users", "invitations"] {
            let rows = format!("{table} WHERE email LIKE '%ora.%'");
            assert_eq!(app.database.count(&rows), 1, "{table}");
        }
        assert_eq!(app.database.count("email_changes"), 0);
        let found = admin.get("/v1/users?search=zora").await.expect(200).body;
        assert_eq!(found["data"].as_array().unwrap().len(), 1);
    }
}

on_each! {
    async fn the_log_never_names_the_person(backend: Backend) {
        let home = Home::new(backend, &[("LOG", "debug")]);
        let server = home.start(&["serve"]);
        let admin = server.client(Some(home.token()));
        let body = json!({ "email": "Zora.Q@b\u{fc}cher.example", "roles": ["viewer"] });
        let made = admin.post(STAFF, &body).await.expect(201).body;
        let limit = std::time::Duration::from_secs(20);
        let mail = eventually("the letter", limit, async || home.letters().pop()).await;
        let person = json!({
            "token": mail.token, "password": PASSWORD,
            "first_name": "Zora\u{ef}da", "last_name": "Quillfeather"
        });
        let anonymous = server.client(None);
        anonymous.post("/v1/activations", &person).await.expect(201);
        let credentials = json!({ "email": "ZORA.Q@B\u{fc}cher.example", "password": PASSWORD });
        anonymous.post("/v1/auth/token", &credentials).await.expect(200);
        let reset = json!({ "email": "zora.q@xn--bcher-kva.example" });
        anonymous.post("/v1/auth/password-reset", &reset).await.expect(202);
        let user = format!("/v1/users/{}", text(&made, "/user_id"));
        admin.get(&format!("{user}/export")).await.expect(200);
        admin.call(Method::DELETE, &user, &[]).await.expect(204);
        anonymous.post("/v1/auth/token", &credentials).await.problem(401, "invalid_credentials");
        let log = server.stop().await;
        assert!(log.contains("user_erased"), "{log}");
        let line = log.lines().find(|line| shows(line));
        assert_eq!(line, None);
    }
}
