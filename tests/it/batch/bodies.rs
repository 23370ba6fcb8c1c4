//! Batches whose body is too much, too little, or faulty: as a whole, or in an item.

use std::{fmt::Write, time::Duration};

use futures_util::future::join;
use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    Answer, Backend, TestApp,
    batches::{BATCH, colleague, colleagues, faults, results, words},
    customers::{OWNERS, company, with},
    eventually, json, on_both_databases,
};

/// What 1,000 full items take.
const LIMIT: usize = 7_375_041;

/// JSON as Python writes it: a blank behind each colon and comma, everything beyond ASCII escaped.
fn python(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let mut written = String::from("\"");
            for unit in text.encode_utf16() {
                match u8::try_from(unit) {
                    Ok(ascii) if ascii.is_ascii() => written.push(char::from(ascii)),
                    _ => write!(written, "\\u{unit:04x}").unwrap(),
                }
            }
            written + "\""
        }
        Value::Array(items) => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| format!("\"{name}\": {}", python(value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// An item with all members at their longest.
fn full(number: usize, parent: &str) -> Value {
    // 63, 63 and 61 characters as they travel.
    let labels = [56, 56, 54].map(|length| "𠀀".repeat(length)).join(".");
    json!({
        "kind": "sub_account", "email": format!("{number:064}@{labels}"), "role": "account_owner",
        "account_name": parent, "reimbursement_rate": "99.9999", "used_by": "subsidiary",
        "sub_account_name": "🏠".repeat(200),
        "account_type": "business", "locale": "nl-Latn-NL-x-aaaaaaaa-bbbbbbbb-cccc"
    })
}

/// What is answered to a body in chunks, as far as it comes.
async fn unannounced(app: &TestApp, body: &str) -> String {
    let mut connection = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        app.admin().token.unwrap(),
        body.len()
    );
    let (mut reader, mut writer) = connection.split();
    let mut answer = Vec::new();
    // A refusal comes before the end of what is sent, and nobody takes the rest.
    let (_, read) = join(writer.write_all(head.as_bytes()), reader.read_to_end(&mut answer)).await;
    assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
    String::from_utf8(answer).unwrap()
}

/// Uploads that say their first byte and nothing more hold room, but not everybody's.
#[tokio::test]
async fn uploads_that_hang_block_no_other_client() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    let (hostile, honest) =
        (app.client_named("hostile", &[Role::Admin]), app.client_named("honest", &[Role::Admin]));
    let head = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {LIMIT}\r\n\r\n{{",
        hostile.token.as_ref().unwrap()
    );
    let mut hanging = Vec::new();
    for _ in 0..4 {
        let mut connection = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        hanging.push(connection);
    }
    let body = json!({ "invitations": [colleague("ada@example.com")], "validate_only": true });
    // Once the next one of the same caller finds no room, they hold all that they can.
    eventually("they have taken what they can", Duration::from_mins(1), async || {
        let next = hostile.post(BATCH, &body).await;
        (next.status == 503).then(|| assert_eq!(next.problem(503, "unavailable").header("retry-after"), "2"))
    })
    .await;
    assert_eq!(words(&results(&honest.post(BATCH, &body).await)), ["valid"]);
    drop(hanging);
}

on_both_databases! {
    async fn what_is_wrong_with_the_whole(app: TestApp) {
        let admin = app.admin();
        for (body, expected) in [
            (json!({}), vec![("/invitations", "required")]),
            (json!({ "invitations": null }), vec![("/invitations", "required")]),
            (json!({ "invitations": [] }), vec![("/invitations", "too_few")]),
            (json!({ "invitations": colleagues(1001) }), vec![("/invitations", "too_many")]),
            (json!({ "invitations": {} }), vec![("/invitations", "wrong_type")]),
            (
                json!({ "invitations": "a, b", "validate_only": 1 }),
                vec![("/invitations", "wrong_type"), ("/validate_only", "wrong_type")],
            ),
            (
                json!({ "invitation": [], "validate_only": "yes", "a/b~": 1 }),
                vec![
                    ("/invitation", "unknown_member"),
                    ("/a~1b~0", "unknown_member"),
                    ("/invitations", "required"),
                    ("/validate_only", "wrong_type"),
                ],
            ),
            (json!([colleague("ada@example.com")]), vec![("", "wrong_type")]),
            (json!(null), vec![("", "wrong_type")]),
        ] {
            admin.post(BATCH, &body).await.faults(&expected);
        }
        let twice =
            r#"{"invitations": [], "invitations": [1], "validate_only": true, "validate_only": false}"#;
        admin.post_raw(BATCH, "application/json", twice).await.faults(&[
            ("/invitations", "duplicate_member"),
            ("/validate_only", "duplicate_member"),
            ("/invitations", "too_few"),
        ]);
        let many = format!(
            "{{{}}}",
            (0..5000).map(|number| format!("\"m{number}\": []")).collect::<Vec<_>>().join(",")
        );
        let many = admin.post_raw(BATCH, "application/json", many).await.problem(422, "validation_failed");
        assert_eq!(many.body["errors"].as_array().unwrap().len(), 100);
        assert!(many.text.len() < 30_000);

        for text in [
            "",
            "{",
            r#"{"invitations": [{]}"#,
            r#"{"invitations": [{}],}"#,
            r#"{"invitations": [{"kind": "\ud800"}]}"#,
            r#"{"invitations": [{"kind": 1e999}]}"#,
            "\u{feff}",
            "\u{feff}\u{feff}{}",
        ] {
            admin.post_raw(BATCH, "application/json", text).await.problem(400, "malformed_json");
        }
        for (before, after) in [(r#"{"invitations": [{"x": "#, "}]}"), (r#"{"invitations": "#, "}"), ("", "")]
        {
            let deep = format!("{before}{}{}{after}", "[".repeat(100_000), "]".repeat(100_000));
            let refused = admin.post_raw(BATCH, "application/json", deep).await;
            // Far too long for an item, or no item at all: nobody goes down there.
            assert!(
                refused.status == 422 || refused.body["results"][0]["status"] == "failed",
                "{}",
                refused.text
            );
        }
        let deep = format!(r#"{{"invitations": [{{"x": {}1{}}}]}}"#, "[".repeat(200), "]".repeat(200));
        let refused = admin.post_raw(BATCH, "application/json", deep).await.problem(400, "malformed_json");
        assert!(refused.text_of("detail").contains("/invitations/0: recursion limit"), "{}", refused.text);
        admin.post_raw(BATCH, "text/csv", "kind,email").await.problem(415, "unsupported_media_type");
        let zipped = admin.request(Method::POST, BATCH).header("content-encoding", "gzip").json(&json!({}));
        Answer::of(zipped).await.problem(415, "unsupported_media_type");
        admin
            .post(&format!("{BATCH}?dry_run=1"), &json!({}))
            .await
            .faults(&[("dry_run", "unknown_parameter")]);
        admin.get(BATCH).await.problem(405, "method_not_allowed");
        assert_eq!(app.database.count("invitations"), 0);
    }

    async fn what_is_wrong_with_an_item(app: TestApp) {
        let long = "x".repeat(65 * 1024);
        let items = [
            json!({ "kind": "system_user" }),
            json!({ "kind": "driver", "email": "x", "locale": "xx", "role": "y" }),
            json!({ "email": "ada@example.com" }),
            json!({ "kind": 7, "email": "ada@example.com", "roles": [] }),
            json!({
                "kind": "system_user", "email": 1, "roles": ["viewer", "boss", "viewer"], "locale": "es",
                "account_id": "x"
            }),
            json!({
                "kind": "account_owner", "email": "a@b.example", "account_id": "usr_x",
                "account_type": "firm", "roles": []
            }),
            json!({
                "kind": "sub_account", "email": "a@b.example", "role": "driver", "used_by": "subsidiary",
                "reimbursement_rate": 0.23
            }),
            json!({
                "kind": "sub_account", "email": "a@b.example", "role": "owner", "account_id": "x",
                "account_name": "y"
            }),
            json!("ada@example.com"),
            json!(null),
            json!([]),
            with(colleague("ada@example.com"), json!({ "note": long })),
            colleague("good@example.com"),
        ];
        let answer = app.admin().batch(&items).await;
        let required = |name| (name, "required");
        for (index, expected) in [
            vec![required("/email"), required("/roles")],
            vec![("/email", "invalid_email"), ("/kind", "unknown_value"), ("/locale", "unknown_locale")],
            vec![required("/kind")],
            vec![("/kind", "wrong_type")],
            vec![
                ("/account_id", "unknown_member"),
                ("/email", "wrong_type"),
                ("/locale", "unknown_locale"),
                ("/roles/1", "unknown_role"),
                ("/roles/2", "duplicate_role"),
            ],
            vec![
                ("/account_id", "invalid_id"),
                ("/account_type", "unknown_value"),
                ("/roles", "unknown_member"),
            ],
            vec![
                ("/account_id", "required"),
                ("/reimbursement_rate", "wrong_type"),
                ("/used_by", "driver_of_subsidiary"),
            ],
            vec![("/account_name", "not_applicable"), ("/role", "unknown_value")],
            vec![("", "wrong_type")],
            vec![("", "wrong_type")],
            vec![("", "wrong_type")],
            vec![("", "too_long")],
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(faults(&answer[index]), expected, "{index}");
        }
        assert_eq!(answer[12]["status"], "invited");
        let twice = r#"{"invitations": [{"kind": "system_user", "email": "a@b.example",
            "email": "c@d.example", "roles": ["viewer"], "x": {"y": 1, "y": 2}}]}"#;
        let twice = app.admin().post_raw(BATCH, "application/json", twice).await;
        let expected =
            [("/email", "duplicate_member"), ("/x", "unknown_member"), ("/x/y", "duplicate_member")];
        assert_eq!(faults(&results(&twice)[0]), expected);
        assert_eq!(app.database.count("invitations"), 1);
        app.letter().await;
    }

    /// Of a body of nothing but faults no more is kept than is told, and that is bounded however many items
    /// there are.
    async fn a_thousand_items_of_faults_are_answered_briefly(app: TestApp) {
        let wrong = json!({ "kind": "system_user", "email": "m@example.com", "roles": vec![1; 3500] });
        let answer = app.admin().post(BATCH, &json!({ "invitations": vec![wrong; 1000] })).await;
        let expected: Vec<(String, &str)> =
            (0..10).map(|index| (format!("/roles/{index}"), "wrong_type")).collect();
        let expected: Vec<(&str, &str)> =
            expected.iter().map(|(path, code)| (path.as_str(), *code)).collect();
        for result in results(&answer) {
            assert_eq!(faults(&result), expected);
            let detail = result["error"]["detail"].as_str().unwrap();
            assert!(detail.ends_with("/roles/9, and 3490 more. `errors` has the first 10."), "{detail}");
        }
        assert!(answer.text.len() < 2_000_000, "{}", answer.text.len());
        // Names that a caller makes up are told as far as anybody reads them, each once more in words.
        let long: Value = (0..7)
            .map(|number| (format!("{number}{}", "~".repeat(1000)), json!(1)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let answer = app
            .admin()
            .post(BATCH, &json!({ "invitations": vec![with(colleague("m@example.com"), long); 900] }))
            .await;
        for result in results(&answer) {
            let found = faults(&result);
            assert_eq!(found.len(), 7);
            assert!(found.iter().all(|(path, code)| path.ends_with("~0…")
                && path.chars().count() == 201
                && *code == "unknown_member"));
        }
        assert!(answer.text.len() < 5_000_000, "{}", answer.text.len());
        assert_eq!(app.database.count("invitations"), 0);
    }

    async fn a_thousand_full_items_fit_and_no_more(app: TestApp) {
        let parent = "🚗".repeat(200);
        let (_, mail) = app
            .invite_by(
                OWNERS,
                json!({ "email": "o@example.com", "account_name": parent, "account_type": "business" }),
            )
            .await;
        app.activate_with(&mail.token, json!({ "account": { "company": company() } })).await.expect(201);
        let items: Vec<Value> = (0..1000).map(|number| full(number, &parent)).collect();
        let body = python(&json!({ "invitations": items, "validate_only": false }));
        // Addresses are a little shorter than their characters could make them.
        assert!(body.len() <= LIMIT && body.len() > LIMIT * 9 / 10, "{}", body.len());
        let admin = app.admin();
        let answer = results(&admin.post_raw(BATCH, "application/json", body).await);
        assert_eq!(words(&answer), ["invited"; 1000]);
        assert_eq!(app.database.count("invitations"), 1001);

        let padded = |length: usize| {
            let body =
                json!({ "invitations": [colleague("ada@example.com")], "validate_only": true }).to_string();
            body.clone() + &" ".repeat(length - body.len())
        };
        let fits = admin.post_raw(BATCH, "application/json", padded(LIMIT)).await;
        assert_eq!(words(&results(&fits)), ["valid"]);
        admin.post_raw(BATCH, "application/json", padded(LIMIT + 1)).await.problem(413, "payload_too_large");
        // As it comes, of a length that nobody has announced.
        let fits = unannounced(&app, &padded(LIMIT)).await;
        assert!(fits.starts_with("HTTP/1.1 200 ") && fits.contains(r#""status":"valid""#), "{fits}");
        let refused = unannounced(&app, &padded(LIMIT + 1)).await;
        assert!(refused.starts_with("HTTP/1.1 413 ") && refused.contains("payload_too_large"), "{refused}");
        // Elsewhere the limit is what it was.
        let other = "/v1/system-users/invitations";
        admin
            .post_raw(other, "application/json", padded(64 * 1024 + 1))
            .await
            .problem(413, "payload_too_large");
        admin
            .post_raw("/v1/invitations/batch/resend", "application/json", padded(64 * 1024 + 1))
            .await
            .problem(413, "payload_too_large");
    }
}
