//! What holds at every route: media types, methods, paths, request ids, caches, the pages of error codes.

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    TestApp,
    batches::{BATCH, RESEND},
    json, on_both_databases,
};

const INVITE: &str = "/v1/system-users/invitations";

/// The routes that GET knows, with ids that name nothing.
const GETS: [&str; 16] = [
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
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/problems/not_found",
    "/docs/",
    "/v1/delivery",
];

on_both_databases! {
    async fn answers_that_the_caller_would_not_take(app: TestApp) {
        let admin = app.admin();
        for accept in [
            "text/html",
            "application/xml, text/*;q=0.5",
            "application/json;q=0, */*",
            "image/png",
            "*/*;q=0",
            "*; q=0",
        ] {
            for path in ["/v1/roles", "/v1/nothing"] {
                let refused =
                    admin.call(Method::GET, path, &[("accept", accept)]).await.problem(406, "not_acceptable");
                assert_eq!(refused.header("cache-control"), "no-store");
            }
        }
        for accept in [
            "*/*",
            "application/*",
            "application/json",
            "text/html, application/json;q=0.1",
            "application/problem+json",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            "application/json ; charset=utf-8",
            "text/html, *; q=.2, */*; q=.2",
            "*",
            "nonsense",
            "application/json;q=0.001",
        ] {
            admin.call(Method::GET, "/v1/roles", &[("accept", accept)]).await.expect(200);
        }
        app.anonymous().call(Method::GET, "/activate", &[("accept", "text/html")]).await.expect(400);
    }

    async fn methods_and_paths(app: TestApp) {
        let admin = app.admin();
        let post = [
            INVITE,
            "/v1/activations",
            "/v1/activations/preview",
            "/v1/invitations/x/resend",
            "/v1/invitations/x/recheck",
            "/v1/invitations/x/revoke",
            "/v1/users/x/resend-invitation",
            BATCH,
            RESEND,
        ];
        let changed =
            ["/v1/invitations/inv_01kavx6e9me0r8jm6d2e1k2v3w", "/v1/users/usr_01kavx6e9kfzabv5qhm1p4d6xn"];
        for (path, allow) in GETS[..6].iter().zip(["GET, HEAD"; 6]).chain(post.iter().zip(["POST"; 9])) {
            let allow = match changed.iter().position(|one| one == path) {
                Some(0) => "GET, HEAD, PATCH",
                Some(_) => "GET, HEAD, PATCH, DELETE",
                None => allow,
            };
            for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                if allow.contains(method.as_str()) {
                    continue;
                }
                let refused = admin.call(method, path, &[]).await.problem(405, "method_not_allowed");
                assert_eq!(refused.header("allow"), allow, "{path}");
            }
        }
        admin.post_empty("/v1/users").await.problem(405, "method_not_allowed");
        for path in [INVITE, BATCH, RESEND] {
            assert_eq!(admin.get(path).await.problem(405, "method_not_allowed").header("allow"), "POST");
        }
        assert_eq!(
            admin
                .call(Method::PUT, "/activate", &[])
                .await
                .problem(405, "method_not_allowed")
                .header("allow"),
            "GET, HEAD, POST"
        );
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v1/nothing",
            "/v1/nothing/",
            "/v2/users",
            "/problems/nothing",
            "/V1/users",
            "/v1//users",
        ] {
            for method in [Method::GET, Method::POST] {
                if (path, &method) != ("/problems/nothing", &Method::POST) {
                    admin.call(method, path, &[]).await.problem(404, "not_found");
                }
            }
        }
        // Malformed ids, ids of another kind, ids that name nothing.
        for id in [
            "x",
            "usr_01kavx6e9kfzabv5qhm1p4d6xn",
            "inv_01kavx6e9me0r8jm6d2e1k2v3w",
            "%00",
            "%FF",
            "inv_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "INV_01kavx6e9me0r8jm6d2e1k2v3w",
        ] {
            admin.get(&format!("/v1/invitations/{id}")).await.problem(404, "not_found");
            admin.get(&format!("/v1/invitations/{id}/events")).await.problem(404, "not_found");
            admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.problem(404, "not_found");
            admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.problem(404, "not_found");
            admin.update(id, "*", &json!({})).await.problem(404, "not_found");
            admin.get(&format!("/v1/users/{id}")).await.problem(404, "not_found");
            admin.post_empty(&format!("/v1/users/{id}/resend-invitation")).await.problem(404, "not_found");
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
        let anonymous = app.anonymous();
        let long = "a".repeat(129);
        for sane in ["a", "A-Z_0.9", &long[1..]] {
            for path in ["/healthz", "/v1/users", "/nowhere", "/activate"] {
                assert_eq!(
                    anonymous.call(Method::GET, path, &[("x-request-id", sane)]).await.header("x-request-id"),
                    sane
                );
            }
        }
        for insane in ["", "a b", "a/b", "é", long.as_str(), "<script>"] {
            let answer = anonymous
                .call(Method::GET, "/v1/users", &[("x-request-id", insane)])
                .await
                .problem(401, "unauthenticated");
            assert!(answer.header("x-request-id").starts_with("req_"), "{insane}");
        }
        assert_ne!(
            anonymous.get("/healthz").await.header("x-request-id"),
            anonymous.get("/healthz").await.header("x-request-id")
        );
    }

    async fn what_holds_private_data_is_kept_out_of_caches(app: TestApp) {
        let (admin, anonymous) = (app.admin(), app.anonymous());
        let mut answers = vec![
            admin.post(INVITE, &json!({ "email": "ada@example.com", "roles": ["viewer"] })).await.expect(201),
            admin.post(INVITE, &json!({})).await.expect(422),
            anonymous.post("/v1/activations", &json!({ "token": "x" })).await.expect(404),
            anonymous.post("/v1/activations/preview", &json!({ "token": "x" })).await.expect(404),
            anonymous.get("/activate?token=x").await.expect(404),
            anonymous.get("/v1/users").await.expect(401),
            admin.post_empty("/v1/users").await.expect(405),
        ];
        for path in ["/v1/users", "/v1/invitations", "/v1/roles", "/activate"] {
            answers.push(admin.get(path).await);
        }
        for answer in answers {
            assert_eq!(
                (answer.header("cache-control"), answer.header("referrer-policy")),
                ("no-store", "no-referrer")
            );
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }

    async fn every_code_has_a_page(app: TestApp) {
        let anonymous = app.anonymous();
        let table = include_str!("../../../src/http/response/error_codes.rs");
        let codes: Vec<&str> = table
            .lines()
            .filter(|line| {
                line.starts_with("    ")
                    && line.contains(" = ")
                    && line.trim().chars().next().is_some_and(char::is_uppercase)
            })
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert!(codes.len() >= 20, "{codes:?}");
        for code in codes {
            let page = anonymous.get(&format!("/problems/{code}")).await.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.text.contains(&format!("<code>{code}</code>")), "{}", page.text);
        }
        let problem: Value = anonymous.get("/v1/users").await.body;
        let page = anonymous
            .get(problem["type"].as_str().unwrap().strip_prefix(&app.url).unwrap())
            .await
            .expect(200);
        assert!(page.text.contains("unauthenticated"));
    }

    async fn public_routes_say_what_is_left(app: TestApp) {
        let anonymous = app.anonymous();
        let answers = [
            anonymous.get("/activate").await.expect(400),
            anonymous.get("/activate?token=x").await.expect(404),
            anonymous.post("/v1/activations/preview", &json!({ "token": "x" })).await.expect(404),
            anonymous.post("/v1/activations", &json!({})).await.expect(422),
        ];
        for answer in &answers {
            assert_eq!(answer.header("ratelimit-policy"), "\"public\";q=300;w=60");
            assert!(
                answer.header("ratelimit").starts_with("\"public\";r=29"),
                "{}",
                answer.header("ratelimit")
            );
        }
        assert_eq!(answers[0].header("ratelimit"), "\"public\";r=299;t=1");
        let roles = app.admin().get("/v1/roles").await.expect(200);
        assert_eq!(roles.header("ratelimit-policy"), "\"read\";q=600000;w=60");
    }
}

mod without_limits {
    use super::*;

    on_both_databases! { with [("RATE_LIMITS", "off")];
        async fn nothing_is_counted(app: TestApp) {
            for _ in 0..310 {
                let answer = app.anonymous().get("/activate").await.expect(400);
                assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), ("", ""));
            }
            let roles = app.admin().get("/v1/roles").await.expect(200);
            assert_eq!((roles.header("ratelimit"), roles.header("ratelimit-policy")), ("", ""));
        }
    }
}
