//! What browsers are told with every answer.

use crate::support::{Backend, TestApp, json, on_both_databases};

/// Answers of every kind: pages, documents, problems, and what no route takes.
const PATHS: [&str; 13] = [
    "/docs",
    "/docs/",
    "/docs/swagger-initializer.js",
    "/docs/nothing.css",
    "/problems/not_found",
    "/problems/nothing",
    "/problems/not_found/",
    "/activate",
    "/healthz",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/v1/roles",
    "/nothing",
];

on_both_databases! {
    async fn no_site_may_frame_it_or_learn_its_address(app: TestApp) {
        for path in PATHS {
            let answer = app.anonymous().get(path).await;
            let policy = answer.header("content-security-policy");
            for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
                assert!(policy.contains(rule), "{path}: {policy}");
            }
            assert!(
                !policy.contains("unsafe-eval") && !policy.contains("http:") && !policy.contains('*'),
                "{path}: {policy}"
            );
            assert_eq!(
                (answer.header("referrer-policy"), answer.header("x-content-type-options")),
                ("no-referrer", "nosniff"),
                "{path}"
            );
            assert_eq!(answer.header("strict-transport-security"), "", "{path}");
        }
    }

    async fn the_browser_of_the_contract_works_under_its_policy_and_keeps_no_token(app: TestApp) {
        let page = app.anonymous().get("/docs/").await.expect(200);
        let policy = page.header("content-security-policy").to_owned();
        for rule in [
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
        ] {
            assert!(policy.contains(rule), "{rule}: {policy}");
        }
        // A script in the page itself would not run.
        for script in page.text.split("<script").skip(1) {
            let (attributes, rest) = script.split_once('>').unwrap();
            assert!(attributes.contains("src=") && rest.trim_start().starts_with("</script"), "{script}");
        }
        for handler in [" onload=", " onclick=", "javascript:"] {
            assert!(!page.text.contains(handler), "{handler}");
        }
        app.anonymous().get("/docs/nothing.css").await.problem(404, "not_found");
        let settings = app.anonymous().get("/docs/swagger-initializer.js").await.expect(200).text;
        assert!(!settings.contains("\"persistAuthorization\": true"), "{settings}");
    }
}

#[tokio::test]
async fn a_service_that_is_reached_by_https_says_so() {
    for (url, said) in
        [("https://invitations.example.com", "max-age=31536000"), ("http://invitations.example.com", "")]
    {
        let app = TestApp::start(Backend::Sqlite, &[("PUBLIC_URL", url)]).await;
        for path in PATHS {
            assert_eq!(
                app.anonymous().get(path).await.header("strict-transport-security"),
                said,
                "{url} {path}"
            );
        }
        let refused = app.anonymous().post("/v1/auth/token", &json!({})).await.expect(422);
        assert_eq!(refused.header("strict-transport-security"), said);
    }
}
