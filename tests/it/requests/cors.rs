//! Web pages on other origins: preflights, and which answers a page may read.

use invitation_service::http::routes;
use reqwest::Method;

use crate::support::{Answer, Client, TestApp, json, on_both_databases};

const PORTAL: &str = "https://portal.example.com";

/// What the answer to a preflight depends on.
const VARY: [&str; 3] = ["access-control-request-headers", "access-control-request-method", "origin"];

async fn preflight(client: &Client, path: &str, origin: &str, method: &str, headers: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    client.call(Method::OPTIONS, path, &asked).await
}

async fn from(client: &Client, origin: &str, method: Method, path: &str) -> Answer {
    client.call(method, path, &[("origin", origin)]).await
}

fn is_readable(answer: &Answer) -> bool {
    answer.header("access-control-allow-origin") == PORTAL
        && answer.header("access-control-allow-credentials") == "true"
}

/// The members of a header's list, in lower case.
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let mut list: Vec<String> =
        answer.header(name).split(',').map(|one| one.trim().to_ascii_lowercase()).collect();
    list.sort();
    list
}

on_both_databases! {
    with [("CORS_ORIGINS", "https://portal.example.com, http://localhost:5173"), ("RATE_LIMITS", "off")];

    /// On every route, whatever it needs, and on paths that there are not: the page reads the 404 itself.
    async fn preflights_are_answered_before_authentication(app: TestApp) {
        let anonymous = app.anonymous();
        let headers = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, \
            x-request-id";
        let paths = routes().into_iter().flat_map(|route| {
            let path = route.path.replace(['{', '}'], "");
            route.methods.split(", ").map(|method| (path.clone(), method.to_owned())).collect::<Vec<_>>()
        });
        let elsewhere = [("/nothing/here".to_owned(), "POST".to_owned())];
        for (path, method) in paths.chain(elsewhere) {
            let answer = preflight(&anonymous, &path, PORTAL, &method, headers).await.expect(200);
            assert!(is_readable(&answer), "{method} {path}: {:?}", answer.headers);
            assert!(list(&answer, "access-control-allow-methods").contains(&method.to_ascii_lowercase()));
            assert_eq!(
                list(&answer, "access-control-allow-headers"),
                headers.split(", ").collect::<Vec<_>>()
            );
            assert_eq!(answer.header("access-control-max-age"), "7200");
            assert!(!answer.header("x-request-id").is_empty());
            assert!(list(&answer, "vary").contains(&"origin".to_owned()));
        }
        let answer =
            preflight(&anonymous, "/v1/users", "http://localhost:5173", "GET", "authorization").await;
        assert_eq!(answer.expect(200).header("access-control-allow-origin"), "http://localhost:5173");
    }

    async fn origins_methods_and_headers_that_are_not_named_are_refused(app: TestApp) {
        let anonymous = app.anonymous();
        for origin in [
            "https://portal.example.com.evil.example",
            "https://evil.example?https://portal.example.com",
            "http://portal.example.com",
            "https://portal.example.com:8443",
            "https://PORTAL.example.com",
            "https://portal.example.com/",
            "https://portal.example.com, https://evil.example",
            "http://localhost:5174",
            "null",
            "*",
        ] {
            let refused = preflight(&anonymous, "/v1/users", origin, "GET", "authorization").await;
            assert_eq!(refused.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(refused.header("access-control-allow-credentials"), "", "{origin}");
            assert_eq!(list(&refused, "vary"), VARY, "{origin}");
            refused.problem(403, "cors_refused");
            // Without CORS its requests are answered as those of curl, and its page reads nothing.
            let answer = from(&app.admin(), origin, Method::GET, "/v1/users").await.expect(200);
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        }
        // The page of an allowed origin can read why.
        for (method, headers) in [
            ("PUT", "authorization"),
            ("TRACE", ""),
            ("POST", "x-forwarded-for"),
            ("GET", "cookie"),
            ("GET", "a header"),
        ] {
            for path in ["/v1/users", "/nothing/here"] {
                let refused = preflight(&anonymous, path, PORTAL, method, headers).await;
                assert!(is_readable(&refused), "{method} {headers}: {:?}", refused.headers);
                assert_eq!(list(&refused, "vary"), VARY, "{method} {headers}");
                assert_eq!(refused.header("access-control-allow-methods"), "", "{method} {headers}");
                refused.problem(403, "cors_refused");
            }
        }
    }

    /// Also where the origin is missing, or the method is none.
    async fn a_request_that_is_nearly_a_preflight_is_refused_or_405(app: TestApp) {
        let asked = [("access-control-request-method", "GET")];
        let refused = app.anonymous().call(Method::OPTIONS, "/v1/users", &asked).await;
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert_eq!(list(&refused, "vary"), VARY);
        refused.problem(403, "cors_refused");
        preflight(&app.anonymous(), "/v1/users", PORTAL, "a method", "authorization")
            .await
            .problem(405, "method_not_allowed");
    }

    async fn a_page_reads_every_answer_errors_included(app: TestApp) {
        let (admin, anonymous) = (app.admin(), app.anonymous());
        let (invitation, _) = app.invite("ada@example.com", &["viewer"]).await;
        let shown = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
        for (client, method, path, status) in [
            (&admin, Method::GET, "/v1/users", 200),
            (&admin, Method::GET, shown.as_str(), 200),
            (&anonymous, Method::GET, "/openapi.json", 200),
            (&anonymous, Method::GET, "/v1/users", 401),
            (&app.caller(&[], &[]), Method::GET, "/v1/users", 403),
            (&admin, Method::GET, "/v1/users/usr_none", 404),
            (&admin, Method::GET, "/nothing/here", 404),
            (&admin, Method::PUT, "/v1/users", 405),
            (&admin, Method::POST, "/v1/system-users/invitations", 400),
            (&admin, Method::GET, "/v1/users?limit=0", 422),
            (&admin, Method::PATCH, shown.as_str(), 400),
        ] {
            let answer = from(client, PORTAL, method.clone(), path).await.expect(status);
            assert!(is_readable(&answer), "{method} {path}: {:?}", answer.headers);
            let exposed = list(&answer, "access-control-expose-headers");
            let named = [
                "etag",
                "idempotency-replayed",
                "link",
                "location",
                "ratelimit",
                "ratelimit-policy",
                "retry-after",
                "x-request-id",
            ];
            assert_eq!(exposed, named, "{method} {path}");
        }
        let plain = admin.get("/v1/users").await.expect(200);
        assert_eq!(plain.header("access-control-allow-origin"), "");
        assert!(list(&plain, "vary").contains(&"origin".to_owned()));
    }

    /// OPTIONS that is no preflight is a method that no route has.
    async fn other_options_are_as_before(app: TestApp) {
        for headers in [&[][..], &[("origin", PORTAL)][..]] {
            let answer = app.anonymous().call(Method::OPTIONS, "/v1/users", headers).await;
            assert_eq!(answer.problem(405, "method_not_allowed").header("allow"), "GET, HEAD");
        }
    }
}

on_both_databases! {
    /// Without `CORS_ORIGINS` nothing is said to pages of other origins.
    async fn no_origin_is_allowed_where_none_is_configured(app: TestApp) {
        preflight(&app.anonymous(), "/v1/users", PORTAL, "GET", "authorization")
            .await
            .problem(405, "method_not_allowed");
        let answer = from(&app.admin(), PORTAL, Method::GET, "/v1/users").await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.body["data"], json!([]));
    }
}
