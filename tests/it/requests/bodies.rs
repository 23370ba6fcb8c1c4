//! Bodies that are too much, too little, or not what they seem.

use std::time::Duration;

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Answer, TestApp, json, on_both_databases};

const INVITE: &str = "/v1/system-users/invitations";

/// What is answered to these bytes, sent as they are.
async fn answer_to(app: &TestApp, request: &str) -> String {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let read = connection.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("the connection is closed").unwrap();
    answer
}

/// What may follow the name of a media type.
const ENDS_OF_MEDIA_TYPES: [&str; 10] = [
    "",
    " ",
    ";",
    ";charset=utf-8",
    "; charset=UTF-8",
    " ;charset=utf-8",
    "\t;\tcharset=\"utf-8\"",
    " ; Charset=utf-8 ; version=1",
    "; q=\"a;b\"",
    ";charset=iso-8859-1",
];

on_both_databases! {
    async fn a_duplicate_member_is_reported(app: TestApp) {
        let admin = app.admin();
        let body = concat!(
            r#"{"email": "ada@example.com", "email": "eve@example.com", "roles": ["viewer"], "#,
            r#""rolls": {"x": 1, "x": 2}}"#
        );
        admin.post_raw(INVITE, "application/json", body).await.faults(&[
            ("/email", "duplicate_member"),
            ("/rolls/x", "duplicate_member"),
            ("/rolls", "unknown_member"),
        ]);
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let body = format!(
            concat!(
                r#"{{"token": "{}", "password": "correct horse battery staple", "first_name": "A", "#,
                r#""first_name": "B", "last_name": "L"}}"#
            ),
            mail.token
        );
        let anonymous = app.anonymous();
        anonymous
            .post_raw("/v1/activations", "application/json", body)
            .await
            .faults(&[("/first_name", "duplicate_member")]);
        app.activate(&mail.token).await.expect(201);
        let path = format!("/v1/invitations/{}/resend", invitation["id"].as_str().unwrap());
        admin
            .post_raw(&path, "application/json", r#"{"a": 1, "a": 2}"#)
            .await
            .faults(&[("/a", "duplicate_member"), ("/a", "unknown_member")]);
    }

    async fn a_thousand_faults_are_a_hundred_and_a_number(app: TestApp) {
        let roles: Vec<String> = (0..5000).map(|index| format!("r{index}")).collect();
        let refused = app.admin().post(INVITE, &json!({ "email": "ada@example.com", "roles": roles })).await;
        let refused = refused.problem(422, "validation_failed");
        assert_eq!(refused.body["errors"].as_array().unwrap().len(), 100);
        assert!(
            refused.text_of("detail").contains("/roles/99, and 4900 more."),
            "{}",
            refused.text_of("detail")
        );
        assert!(refused.text.len() < 30_000, "{}", refused.text.len());
    }

    async fn compressed_bodies_are_refused(app: TestApp) {
        let (admin, good) = (app.admin(), json!({ "email": "ada@example.com", "roles": ["viewer"] }));
        for coding in ["gzip", "br", "identity, gzip", "x"] {
            let refused = Answer::of(
                admin.request(Method::POST, INVITE).header("content-encoding", coding).json(&good),
            )
            .await;
            assert_eq!(refused.problem(415, "unsupported_media_type").header("accept-encoding"), "identity");
            let form = app.anonymous().request(Method::POST, "/activate").header("content-encoding", coding);
            Answer::of(form.form(&[("token", "x")])).await.expect(415);
        }
        Answer::of(admin.request(Method::POST, INVITE).header("content-encoding", "Identity").json(&good))
            .await
            .expect(201);
    }

    /// RFC 9110 §8.3.1: in any case, with blanks around a `;`, and with any parameters.
    async fn a_media_type_is_read_in_every_spelling(app: TestApp) {
        let (admin, good) = (app.admin(), json!({ "roles": ["viewer"] }));
        for (end, number) in ENDS_OF_MEDIA_TYPES.iter().zip(1..) {
            for (known, is_taken) in [("application/json", true), ("application/merge-patch+json", false)] {
                for kind in [known.to_owned(), known.to_uppercase()] {
                    let body =
                        json!({ "email": format!("person-{number}@example.com"), "roles": ["viewer"] });
                    let sent = admin.post_raw(INVITE, &format!("{kind}{end}"), body.to_string()).await;
                    assert_eq!(sent.status != 415, is_taken, "{kind}{end}: {}", sent.text);
                    let patch = admin.request(Method::PATCH, "/v1/invitations/inv_none");
                    let patch = patch.header("content-type", format!("{kind}{end}")).header("if-match", "*");
                    let patched = Answer::of(patch.body(good.to_string())).await;
                    assert_eq!(patched.status, 404, "{kind}{end}: {}", patched.text);
                }
            }
        }
    }

    async fn a_form_is_read_whatever_the_spelling_of_its_media_type(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let anonymous = app.anonymous();
        // Read, and refused for the password.
        let form = format!("token={}&password=x&first_name=Ad%C3%A0&last_name=L", mail.token);
        for kind in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLEncoded"] {
            for end in ENDS_OF_MEDIA_TYPES {
                let page = anonymous.post_raw("/activate", &format!("{kind}{end}"), form.clone()).await;
                let page = page.expect(422);
                assert!(page.text.contains("value=\"Adà\""), "{kind}{end}: {}", page.text);
            }
        }
        for kind in [
            "",
            ";",
            "x-www-form-urlencoded",
            "application/x-www-form-urlencoded-too",
            "application/x-www-form-urlencoded, text/plain",
            "application/x-www-form-urlencoded charset=utf-8",
            "application /x-www-form-urlencoded",
            "text/plain; application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json",
        ] {
            anonymous.post_raw("/activate", kind, form.clone()).await.expect(415);
        }
        let untyped = anonymous.request(Method::POST, "/activate").body(form.clone());
        Answer::of(untyped).await.expect(415);
        let kind = "application/x-www-form-urlencoded";
        let long = |length: usize| format!("{form}&more={}", "a".repeat(length - form.len() - 6));
        anonymous.post_raw("/activate", kind, long(16 * 1024)).await.expect(422);
        anonymous.post_raw("/activate", kind, long(16 * 1024 + 1)).await.expect(413);
        for unreadable in ["", "password=x", "token=a&token=b", "%00=%ff&\u{fc}", "token"] {
            let page = anonymous.post_raw("/activate", kind, unreadable).await;
            assert!([400, 404].contains(&page.status), "{unreadable}: {}", page.status);
        }
    }

    async fn what_is_announced_as_too_large_is_not_waited_for(app: TestApp) {
        let token = app.admin().token.unwrap();
        let headers = |path: &str, kind: &str, length: usize| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: \
                application/{kind}\r\n\
                 Content-Length: {length}\r\n\r\n{{"
            )
        };
        let answer = answer_to(&app, &headers(INVITE, "json", 64 * 1024 + 1)).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("payload_too_large"), "{answer}");
        let answer = answer_to(&app, &headers("/activate", "x-www-form-urlencoded", 16 * 1024 + 1)).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("text/html"), "{answer}");
    }

    async fn a_damaged_cursor_is_reported_with_the_rest(app: TestApp) {
        app.admin().get("/v1/users?cursor=x&limit=0&role=boss&verbose=1").await.faults(&[
            ("cursor", "invalid_cursor"),
            ("limit", "invalid_limit"),
            ("role", "unknown_value"),
            ("verbose", "unknown_parameter"),
        ]);
    }

    async fn a_user_agent_is_kept_as_far_as_it_can_be_read(app: TestApp) {
        let (invitation, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let look = app.anonymous().request(Method::POST, "/v1/activations/preview");
        let agent = reqwest::header::HeaderValue::from_bytes(b"Caf\xe9 \xc3\xa9/1").unwrap();
        Answer::of(look.header("user-agent", agent).json(&json!({ "token": mail.token }))).await.expect(200);
        let opened = app.events(invitation["id"].as_str().unwrap()).await.pop().unwrap();
        assert_eq!(opened["details"]["user_agent"], "Caf\u{fffd} é/1");
    }
}
