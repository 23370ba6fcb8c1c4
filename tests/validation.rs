//! What is refused before anything happens, and how: bodies, media types, methods, paths, query parameters.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, TestApp, json, on_both};

const INVITE: &str = "/v1/system-users/invitations";

/// The routes that GET knows, with ids that name nothing.
const GETS: [&str; 13] = [
    "/v1/invitations",
    "/v1/invitations/inv_01kavx6e9me0r8jm6d2e1k2v3w",
    "/v1/invitations/inv_01kavx6e9me0r8jm6d2e1k2v3w/events",
    "/v1/users",
    "/v1/users/usr_01kavx6e9kfzabv5qhm1p4d6xn",
    "/v1/roles",
    "/activate",
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/problems/not_found",
    "/docs/",
];

on_both! {
    async fn every_faulty_member_is_told_together(app: TestApp) {
        let admin = app.admin();
        let body = json!({
            "email": 5, "roles": ["viewer", "boss", "viewer", 7], "locale": "fr", "rolls": ["viewer"], "a/b~c": null
        });
        let answer = admin.post(INVITE, &body).await.faults(&[
            ("/email", "wrong_type"), ("/roles/1", "unknown_role"), ("/roles/2", "duplicate_role"), ("/roles/3", "wrong_type"),
            ("/locale", "unknown_locale"), ("/rolls", "unknown_member"), ("/a~1b~0c", "unknown_member"),
        ]);
        assert!(answer.body["errors"].as_array().unwrap().iter().all(|error| error.get("parameter").is_none()));
        admin.post(INVITE, &json!({})).await.faults(&[("/email", "required"), ("/roles", "required")]);
        admin.post(INVITE, &json!({ "email": null, "roles": null, "locale": 1 })).await
            .faults(&[("/email", "required"), ("/roles", "required"), ("/locale", "wrong_type")]);
        for (roles, pointer, code) in [
            (json!([]), "/roles", "too_few"), (json!("viewer"), "/roles", "wrong_type"), (json!({}), "/roles", "wrong_type"),
            (json!([null]), "/roles/0", "wrong_type"), (json!(["Viewer"]), "/roles/0", "unknown_role"),
        ] {
            admin.post(INVITE, &json!({ "email": "ada@example.com", "roles": roles })).await.faults(&[(pointer, code)]);
        }
        for locale in ["", "xx", "nl-", "english", "nl NL"] {
            admin.post(INVITE, &json!({ "email": "ada@example.com", "roles": ["viewer"], "locale": locale })).await
                .faults(&[("/locale", "unknown_locale")]);
        }
        assert_eq!((app.database.count("users"), app.database.count("letters")), (0, 0));
    }

    async fn addresses(app: TestApp) {
        let admin = app.admin();
        let invite = |email: &str| json!({ "email": email, "roles": ["viewer"] });
        let long = format!("{}@example.com", "a".repeat(288));
        for email in [
            "", " ", "ada", "ada@", "@example.com", "ada@localhost", "ada@[127.0.0.1]", "\"ada\"@example.com", "a..b@example.com",
            "a@b@example.com", "ädä@example.com", "ada@exa mple.com", "ada@example.com\r\nBcc: eve@example.com", "ada@example.com\n",
            "ada\0@example.com", "Ada <ada@example.com>", "ada@example.com, eve@example.com", long.as_str(),
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
        assert_eq!((first.text_of("email"), first.text_of("locale")), ("Info@bücher.example".to_owned(), "nl".to_owned()));
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
        for body in ["", " ", "{", "nonsense", "{\"email\":\"a@example.com\",}", "{} {}", "\u{feff}{}", "{\"email\": NaN}"] {
            admin.post_raw(INVITE, "application/json", body).await.problem(400, "malformed_json");
        }
        admin.press(INVITE).await.problem(400, "malformed_json");
        for body in ["[]", "null", "5", "\"text\"", "true"] {
            admin.post_raw(INVITE, "application/json", body).await.faults(&[("", "wrong_type")]);
        }
        let good = json!({ "email": "ada@example.com", "roles": ["viewer"] }).to_string();
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/vnd.api+json", "json", "application/json5"] {
            admin.post_raw(INVITE, media_type, good.clone()).await.problem(415, "unsupported_media_type");
        }
        let untyped = Answer::of(admin.request(Method::POST, INVITE).body(good.clone())).await;
        untyped.problem(415, "unsupported_media_type");
        admin.post_raw(INVITE, "Application/JSON; charset=utf-8", good.clone()).await.expect(201);

        let padded = |length: usize| format!("{}{}", good, " ".repeat(length - good.len()));
        admin.post_raw(INVITE, "application/json", padded(64 * 1024)).await.problem(409, "invitation_pending");
        admin.post_raw(INVITE, "application/json", padded(64 * 1024 + 1)).await.problem(413, "payload_too_large");
    }

    async fn answers_that_the_caller_would_not_take(app: TestApp) {
        let admin = app.admin();
        for accept in ["text/html", "application/xml, text/*;q=0.5", "application/json;q=0, */*", "image/png"] {
            for path in ["/v1/roles", "/v1/nothing"] {
                let refused = admin.call(Method::GET, path, &[("accept", accept)]).await.problem(406, "not_acceptable");
                assert_eq!(refused.header("cache-control"), "no-store");
            }
        }
        for accept in ["*/*", "application/*", "application/json", "text/html, application/json;q=0.1", "application/problem+json"] {
            admin.call(Method::GET, "/v1/roles", &[("accept", accept)]).await.expect(200);
        }
        app.anybody().call(Method::GET, "/activate", &[("accept", "text/html")]).await.expect(400);
    }

    async fn methods_and_paths(app: TestApp) {
        let admin = app.admin();
        let post = [INVITE, "/v1/activations", "/v1/activations/preview", "/v1/invitations/x/resend", "/v1/invitations/x/revoke",
            "/v1/users/x/resend-invitation"];
        for (path, allow) in GETS[..6].iter().zip(["GET, HEAD"; 6]).chain(post.iter().zip(["POST"; 6])) {
            for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                let refused = admin.call(method, path, &[]).await.problem(405, "method_not_allowed");
                assert_eq!(refused.header("allow"), allow, "{path}");
            }
        }
        admin.press("/v1/users").await.problem(405, "method_not_allowed");
        admin.get(INVITE).await.problem(405, "method_not_allowed");
        assert_eq!(admin.call(Method::PUT, "/activate", &[]).await.problem(405, "method_not_allowed").header("allow"), "GET, HEAD, POST");
        for path in ["/", "/v1", "/v1/", "/v1/nothing", "/v1/users/", "/v2/users", "/problems/nothing", "/V1/users", "/v1//users"] {
            for method in [Method::GET, Method::POST] {
                if (path, &method) != ("/problems/nothing", &Method::POST) {
                    admin.call(method, path, &[]).await.problem(404, "not_found");
                }
            }
        }
        // Malformed ids, ids of another kind, ids that name nothing.
        for id in ["x", "usr_01kavx6e9kfzabv5qhm1p4d6xn", "inv_01kavx6e9me0r8jm6d2e1k2v3w", "%00", "%FF", "inv_8zzzzzzzzzzzzzzzzzzzzzzzzz", "INV_01kavx6e9me0r8jm6d2e1k2v3w"] {
            admin.get(&format!("/v1/invitations/{id}")).await.problem(404, "not_found");
            admin.get(&format!("/v1/invitations/{id}/events")).await.problem(404, "not_found");
            admin.press(&format!("/v1/invitations/{id}/resend")).await.problem(404, "not_found");
            admin.press(&format!("/v1/invitations/{id}/revoke")).await.problem(404, "not_found");
            admin.get(&format!("/v1/users/{id}")).await.problem(404, "not_found");
            admin.press(&format!("/v1/users/{id}/resend-invitation")).await.problem(404, "not_found");
        }
    }

    async fn head_answers_as_get_does_without_a_body(app: TestApp) {
        let admin = app.admin();
        for path in GETS {
            let (get, head) = (admin.get(path).await, admin.call(Method::HEAD, path, &[]).await);
            assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
            assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        }
    }

    async fn request_ids(app: TestApp) {
        let anybody = app.anybody();
        let long = "a".repeat(129);
        for sane in ["a", "A-Z_0.9", &long[1..]] {
            for path in ["/healthz", "/v1/users", "/nowhere", "/activate"] {
                assert_eq!(anybody.call(Method::GET, path, &[("x-request-id", sane)]).await.header("x-request-id"), sane);
            }
        }
        for insane in ["", "a b", "a/b", "é", long.as_str(), "<script>"] {
            let answer = anybody.call(Method::GET, "/v1/users", &[("x-request-id", insane)]).await.problem(401, "unauthenticated");
            assert!(answer.header("x-request-id").starts_with("req_"), "{insane}");
        }
        assert_ne!(anybody.get("/healthz").await.header("x-request-id"), anybody.get("/healthz").await.header("x-request-id"));
    }

    async fn query_parameters(app: TestApp) {
        let admin = app.admin();
        let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let refused = admin.get("/v1/users?limt=5&search=a&search=b&limit=x").await
            .faults(&[("limt", "unknown_parameter"), ("search", "duplicate_parameter"), ("limit", "invalid_limit")]);
        assert!(refused.body["errors"].as_array().unwrap().iter().all(|error| error.get("pointer").is_none()));
        for path in [format!("/v1/invitations/{id}"), format!("/v1/invitations/{id}/events"), "/v1/invitations".to_owned(),
            "/v1/roles".to_owned()] {
            admin.get(&format!("{path}?verbose=1")).await.faults(&[("verbose", "unknown_parameter")]);
        }
        let good = json!({ "email": "eve@example.com", "roles": ["viewer"] });
        for (path, body) in [
            (INVITE, &good), ("/v1/activations", &json!({ "token": "x" })), ("/v1/activations/preview", &json!({ "token": "x" })),
            (&format!("/v1/invitations/{id}/revoke"), &json!({})), (&format!("/v1/invitations/{id}/resend"), &json!({})),
            ("/v1/users/x/resend-invitation", &json!({})),
        ] {
            admin.post(&format!("{path}?dry_run=1"), body).await.faults(&[("dry_run", "unknown_parameter")]);
        }
        assert_eq!(app.database.count("invitations WHERE state = 'pending' AND generation = 1"), 1);
    }

    async fn what_holds_private_data_is_kept_out_of_caches(app: TestApp) {
        let (admin, anybody) = (app.admin(), app.anybody());
        let mut answers = vec![
            admin.post(INVITE, &json!({ "email": "ada@example.com", "roles": ["viewer"] })).await.expect(201),
            admin.post(INVITE, &json!({})).await.expect(422),
            anybody.post("/v1/activations", &json!({ "token": "x" })).await.expect(404),
            anybody.post("/v1/activations/preview", &json!({ "token": "x" })).await.expect(404),
            anybody.get("/activate?token=x").await.expect(404),
            anybody.get("/v1/users").await.expect(401),
            admin.press("/v1/users").await.expect(405),
        ];
        for path in ["/v1/users", "/v1/invitations", "/v1/roles", "/activate"] {
            answers.push(admin.get(path).await);
        }
        for answer in answers {
            assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }

    async fn every_code_has_a_page(app: TestApp) {
        let anybody = app.anybody();
        let table = include_str!("../src/http/codes.rs");
        let codes: Vec<&str> = table
            .lines()
            .filter(|line| line.starts_with("    ") && line.contains(" = ") && line.trim().chars().next().is_some_and(char::is_uppercase))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert!(codes.len() >= 20, "{codes:?}");
        for code in codes {
            let page = anybody.get(&format!("/problems/{code}")).await.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.text.contains(&format!("<code>{code}</code>")), "{}", page.text);
        }
        let problem: Value = anybody.get("/v1/users").await.body;
        let page = anybody.get(problem["type"].as_str().unwrap().strip_prefix(&app.url).unwrap()).await.expect(200);
        assert!(page.text.contains("unauthenticated"));
    }
}
