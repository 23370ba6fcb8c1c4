//! What callers send: every faulty member, parameter and address, told together.

use reqwest::Method;

use crate::support::{Answer, TestApp, json, on_both_databases};

const INVITE: &str = "/v1/system-users/invitations";

on_both_databases! {
    async fn all_faulty_members_are_reported_together(app: TestApp) {
        let admin = app.admin();
        let body = json!({
            "email": 5, "roles": [
                "viewer", "boss", "viewer", 7
            ], "locale": "xx", "rolls": ["viewer"], "a/b~c": null
        });
        let answer = admin.post(INVITE, &body).await.faults(&[
            ("/email", "wrong_type"),
            ("/roles/1", "unknown_role"),
            ("/roles/2", "duplicate_role"),
            ("/roles/3", "wrong_type"),
            ("/locale", "unknown_locale"),
            ("/rolls", "unknown_member"),
            ("/a~1b~0c", "unknown_member"),
        ]);
        assert!(
            answer.body["errors"].as_array().unwrap().iter().all(|error| error.get("parameter").is_none())
        );
        admin.post(INVITE, &json!({})).await.faults(&[("/email", "required"), ("/roles", "required")]);
        admin.post(INVITE, &json!({ "email": null, "roles": null, "locale": 1 })).await.faults(&[
            ("/email", "required"),
            ("/roles", "required"),
            ("/locale", "wrong_type"),
        ]);
        for (roles, pointer, code) in [
            (json!([]), "/roles", "too_few"),
            (json!("viewer"), "/roles", "wrong_type"),
            (json!({}), "/roles", "wrong_type"),
            (json!([null]), "/roles/0", "wrong_type"),
            (json!(["Viewer"]), "/roles/0", "unknown_role"),
        ] {
            admin
                .post(INVITE, &json!({ "email": "ada@example.com", "roles": roles }))
                .await
                .faults(&[(pointer, code)]);
        }
        for locale in ["", "xx", "nl-", "english", "nl NL"] {
            admin
                .post(INVITE, &json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": locale }))
                .await
                .faults(&[("/locale", "unknown_locale")]);
        }
        assert_eq!((app.database.count("users"), app.database.count("letters")), (0, 0));
    }

    async fn addresses(app: TestApp) {
        let admin = app.admin();
        let invite = |email: &str| json!({ "email": email, "roles": ["viewer"] });
        let long = format!("{}@example.com", "a".repeat(288));
        for email in [
            "",
            " ",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "\"ada\"@example.com",
            "a..b@example.com",
            "a@b@example.com",
            "ädä@example.com",
            "ada@exa mple.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada\n@example.com",
            "ada\0@example.com",
            "Ada <ada@example.com x",
            "Ada <ada@localhost>",
            "mailto:ada",
            "eve@example.com <ada@example.com>",
            "ada@exa\u{85}mple.com",
            "ada@example.com, eve@example.com",
            long.as_str(),
        ] {
            admin.post(INVITE, &invite(email)).await.faults(&[("/email", "invalid_email")]);
        }
        let local = format!("{}@example.com", "a".repeat(65));
        admin.post(INVITE, &invite(&local)).await.faults(&[("/email", "invalid_email")]);
        admin.post(INVITE, &invite(&local[1..])).await.expect(201);
        assert_eq!(app.database.count("users"), 1);
    }

    async fn one_mailbox_is_one_person(app: TestApp) {
        let admin = app.admin();
        let invite = |email: &str| json!({ "email": email, "roles": ["viewer"], "locale": "nl-NL" });
        let first = admin.post(INVITE, &invite(" Info@BÜCHER.Example\t")).await.expect(201);
        assert_eq!(
            (first.text_of("email"), first.text_of("locale")),
            ("Info@bücher.example".to_owned(), "nl".to_owned())
        );
        for same in ["info@xn--bcher-kva.example", "INFO@XN--BCHER-KVA.EXAMPLE", "info@bücher.EXAMPLE"] {
            let refused = admin.post(INVITE, &invite(same)).await.problem(409, "invitation_pending");
            assert_eq!(refused.body["invitation_id"], first.body["id"], "{same}");
        }
        let tagged = admin.post(INVITE, &invite("Info+EV@xn--bcher-kva.example")).await.expect(201);
        assert_ne!(tagged.body["user_id"], first.body["user_id"]);
        assert_eq!(tagged.body["email"], "Info+EV@xn--bcher-kva.example");
        let found = admin.get("/v1/invitations?email=INFO%40xn--bcher-kva.example").await.expect(200);
        assert_eq!(found.body["data"].as_array().unwrap().len(), 1);
        assert_eq!(found.body["data"][0]["id"], first.body["id"]);
        assert_eq!(app.database.count("users"), 2);
    }

    async fn bodies_and_media_types(app: TestApp) {
        let admin = app.admin();
        for body in ["", " ", "{", "nonsense", "{\"email\":\"a@example.com\",}", "{} {}", "{\"email\": NaN}"]
        {
            admin.post_raw(INVITE, "application/json", body).await.problem(400, "malformed_json");
        }
        admin.post_empty(INVITE).await.problem(400, "malformed_json");
        for body in ["[]", "null", "5", "\"text\"", "true"] {
            admin.post_raw(INVITE, "application/json", body).await.faults(&[("", "wrong_type")]);
        }
        let good = json!({ "email": "ada@example.com", "roles": ["viewer"] }).to_string();
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/vnd.api+json",
            "json",
            "application/json5",
        ] {
            admin.post_raw(INVITE, media_type, good.clone()).await.problem(415, "unsupported_media_type");
        }
        let untyped = Answer::of(admin.request(Method::POST, INVITE).body(good.clone())).await;
        untyped.problem(415, "unsupported_media_type");
        admin.post_raw(INVITE, "Application/JSON; charset=utf-8", good.clone()).await.expect(201);

        let padded = |length: usize| format!("{}{}", good, " ".repeat(length - good.len()));
        admin
            .post_raw(INVITE, "application/json", padded(64 * 1024))
            .await
            .problem(409, "invitation_pending");
        admin
            .post_raw(INVITE, "application/json", padded(64 * 1024 + 1))
            .await
            .problem(413, "payload_too_large");
    }

    async fn query_parameters(app: TestApp) {
        let admin = app.admin();
        let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let refused = admin.get("/v1/users?limt=5&search=a&search=b&limit=x").await.faults(&[
            ("limt", "unknown_parameter"),
            ("search", "duplicate_parameter"),
            ("limit", "invalid_limit"),
        ]);
        assert!(
            refused.body["errors"].as_array().unwrap().iter().all(|error| error.get("pointer").is_none())
        );
        for path in [
            format!("/v1/invitations/{id}"),
            format!("/v1/invitations/{id}/events"),
            "/v1/invitations".to_owned(),
            "/v1/roles".to_owned(),
        ] {
            admin.get(&format!("{path}?verbose=1")).await.faults(&[("verbose", "unknown_parameter")]);
        }
        let good = json!({ "email": "eve@example.com", "roles": ["viewer"] });
        for (path, body) in [
            (INVITE, &good),
            ("/v1/activations", &json!({ "token": "x" })),
            ("/v1/activations/preview", &json!({ "token": "x" })),
            (&format!("/v1/invitations/{id}/revoke"), &json!({})),
            (&format!("/v1/invitations/{id}/resend"), &json!({})),
            ("/v1/users/x/resend-invitation", &json!({})),
        ] {
            admin.post(&format!("{path}?dry_run=1"), body).await.faults(&[("dry_run", "unknown_parameter")]);
        }
        assert_eq!(app.database.count("invitations WHERE state = 'pending' AND generation = 1"), 1);
    }
}
