//! Every decision is about the route, whether the base path was stripped on the way or not.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use invitation_service::{config::Config, http::routes};
use reqwest::Method;

use crate::support::{Answer, TestApp, json, on_both_databases};

/// What the route of a request decides.
fn decided(answer: &Answer) -> (u16, String, [String; 6]) {
    let names =
        ["content-type", "cache-control", "ratelimit-policy", "allow", "www-authenticate", "referrer-policy"];
    let code = answer.body["code"].as_str().unwrap_or_default().to_owned();
    (answer.status, code, names.map(|name| answer.header(name).to_owned()))
}

on_both_databases! {
    with [
        ("PUBLIC_URL", "https://example.com/invite"), ("CORS_ORIGINS", "https://portal.example.com")
    ];

    async fn every_route_is_the_same_with_the_base_path_and_without_it(app: TestApp) {
        for route in routes() {
            let path = route.path.replace(['{', '}'], "");
            for method in route.methods.split(", ").chain(["PUT"]) {
                let method: Method = method.parse().unwrap();
                for client in [app.anonymous(), app.admin()] {
                    // Time for the limits of the next.
                    app.advance(TimeDelta::minutes(1));
                    let plain = decided(&client.call(method.clone(), &path, &[]).await);
                    assert!(method != Method::PUT || plain.0 == 405, "{path}: {plain:?}");
                    for below in [
                        format!("/invite{path}"),
                        format!("/invite{path}/"),
                        format!("/%69nvi%74%65{path}"),
                    ] {
                        let answer = client.call(method.clone(), &below, &[]).await;
                        assert_eq!(decided(&answer), plain, "{method} {below}");
                    }
                }
            }
        }
    }

    async fn paths_that_only_look_like_it_have_no_route(app: TestApp) {
        let admin = app.admin();
        for path in [
            "/invited/v1/roles",
            "/invite%2Fv1/roles",
            "/Invite/v1/roles",
            "/invite/invite/v1/roles",
            "/invite//v1/roles",
            "//invite/v1/roles",
            "/v1/invite/roles",
            "/invite/v2",
            "/invite",
            "/invite/",
            "/",
        ] {
            admin.get(path).await.problem(404, "not_found");
        }
        for path in ["/invite/v1/roles", "/%69nvite/v1/roles", "/v1/roles"] {
            admin.get(path).await.expect(200);
        }
        // Paths that stand in the place of an id.
        admin.get("/invite/v1/invitations/batch").await.problem(405, "method_not_allowed");
        let counts = admin.call(Method::PATCH, "/invite/v1/users/counts", &[]).await;
        assert_eq!(counts.problem(405, "method_not_allowed").header("allow"), "GET, HEAD");
    }

    async fn what_is_accepted_and_who_may_read_is_decided_below_it_too(app: TestApp) {
        let admin = app.admin();
        let html = [("accept", "text/html")];
        admin.call(Method::GET, "/invite/v1/users", &html).await.problem(406, "not_acceptable");
        let csv = admin.call(Method::GET, "/invite/v1/users", &[("accept", "text/csv")]).await.expect(200);
        assert!(csv.header("content-type").starts_with("text/csv"));
        app.anonymous().call(Method::GET, "/invite/activate", &html).await.expect(400);
        let asked = [
            ("origin", "https://portal.example.com"),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match"),
        ];
        let preflight = app.anonymous().call(Method::OPTIONS, "/invite/v1/users/x", &asked).await.expect(200);
        assert_eq!(preflight.header("access-control-allow-origin"), "https://portal.example.com");
        let docs = app.anonymous().get("/invite/docs/").await.expect(200);
        assert!(docs.header("content-security-policy").contains("script-src 'self'"));
        assert_eq!(docs.header("strict-transport-security"), "max-age=31536000");
    }

    async fn both_spellings_share_limits_and_metrics(app: TestApp) {
        let base = |number: u32| if number.is_multiple_of(2) { "/invite" } else { "" };
        for number in 0..10 {
            let answer = app.anonymous().post(&format!("{}/v1/auth/token", base(number)), &json!({})).await;
            let left = format!("\"sign-in\";r={};", 9 - number);
            assert!(answer.expect(422).header("ratelimit").starts_with(&left), "{number}");
        }
        for number in 0..2 {
            let path = format!("{}/v1/auth/token", base(number));
            app.anonymous().post(&path, &json!({})).await.problem(429, "rate_limited");
        }
        let body = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let made = app.admin().post("/invite/v1/system-users/invitations", &body).await.expect(201);
        assert!(made.letter_quotas("ratelimit-policy").starts_with("\"mailbox\";q=6;"), "{:?}", made.headers);
        app.letter().await;
        let metrics = app.anonymous().get("/invite/metrics").await.expect(200).text;
        assert!(metrics.contains("route=\"/v1/system-users/invitations\"") && !metrics.contains("\"/invite"));
    }
}

/// A new route of another first name is missing in the list of `domain/base_path.rs`.
#[test]
fn no_base_path_begins_as_a_path_of_the_service() {
    let mut names: BTreeSet<String> =
        routes().iter().map(|route| route.path.split('/').nth(1).unwrap().to_owned()).collect();
    names.insert("docs".to_owned());
    for name in names {
        for url in [format!("https://example.com/{name}"), format!("https://example.com/{name}/x/")] {
            let faults = Config::read(|variable| (variable == "PUBLIC_URL").then(|| url.clone())).err();
            let faults = format!("{:?}", faults.unwrap_or_else(|| panic!("{url} is taken")));
            assert!(faults.contains(&format!("begins with /{name}:")), "{faults}");
        }
    }
}
