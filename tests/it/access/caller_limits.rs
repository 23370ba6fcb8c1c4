//! How often one caller may call, whatever the token: published on every route that takes an access token.

use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Client, TestApp, json, on_both_databases};

const BATCH: &str = "/v1/invitations/batch";
/// Of the class `bulk`, in a minute.
const BULK: usize = 3000;

/// So many requests that are refused for their body: they count too.
async fn spend(client: &Client, times: usize) -> Vec<u16> {
    let post = async |_| client.post(BATCH, &json!({})).await.status;
    stream::iter(0..times).map(post).buffer_unordered(16).collect().await
}

/// Every method and path of the contract, with the security of its operation.
fn operations(document: &Value) -> Vec<(Method, String, bool)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(security) = operation["security"].as_array() else { continue };
            let is_guarded = !security.is_empty()
                && security.iter().all(|one| one.as_object().is_some_and(|one| !one.is_empty()));
            all.push((method.to_uppercase().parse().unwrap(), path.clone(), is_guarded));
        }
    }
    all
}

on_both_databases! {
    async fn every_route_with_a_token_publishes_what_its_caller_may_do(app: TestApp) {
        let document = app.anonymous().get("/openapi.json").await.expect(200).body;
        let mut counted = 0;
        for (method, path, is_guarded) in operations(&document) {
            let pattern = path;
            let path = pattern.replace("{id}", "x").replace("{account_id}", "x").replace("{user_id}", "x");
            let caller = app.client_named(&format!("{method} {path}"), &[Role::Admin]);
            let answer = caller.call(method.clone(), &path, &[]).await;
            let policy = answer.header("ratelimit-policy");
            let names = ["\"read\"", "\"list\"", "\"write\"", "\"bulk\"", "\"password\"", "\"webhooks\""];
            let found = names.into_iter().find(|name| policy.contains(&format!("{name};q=")));
            assert_eq!(found.is_some(), is_guarded, "{method} {path}: {policy}");
            let Some(name) = found else { continue };
            let left = answer.header("ratelimit");
            assert!(left.contains(&format!("{name};r=")), "{method} {path}: {left}");
            let operation = &document["paths"][&pattern][method.as_str().to_lowercase()];
            let has =
                |name: &str| operation["parameters"].to_string().contains(&format!("\"name\":\"{name}\""));
            let is_costly = ["/export", "/counts", "/delivery"].iter().any(|end| path.ends_with(end));
            let expected = match method {
                _ if path == "/v1/auth/password" => "\"password\"",
                _ if path.contains("/batch") || path.contains(".csv") => "\"bulk\"",
                Method::GET if has("cursor") || is_costly => "\"list\"",
                Method::GET => "\"read\"",
                _ if path.starts_with("/v1/webhook-endpoints") => "\"webhooks\"",
                _ => "\"write\"",
            };
            assert_eq!(name, expected, "{method} {path}");
            let anonymous = app.anonymous().call(method.clone(), &path, &[]).await;
            let policy = anonymous.header("ratelimit-policy");
            assert_eq!((anonymous.status, policy.contains("\"mailbox\"") || policy.is_empty()), (401, true));
            counted += 1;
        }
        assert!(counted > 25, "{counted}");
    }

    async fn a_caller_who_has_spent_its_share_waits_and_others_do_not(app: TestApp) {
        let grace = app.client_named("grace", &[Role::Admin]);
        let statuses = spend(&grace, BULK).await;
        assert!(statuses.iter().all(|status| *status == 422), "{statuses:?}");
        // Another token of the same caller shares the count; so does another spelling of the route.
        let again = app.client_named("grace", &[Role::Viewer]);
        for client in [&grace, &again] {
            for path in [BATCH, "/v1/invitations/%62atch", "/v1/invitations/batch/"] {
                let refused = client.post(path, &json!({})).await.problem(429, "rate_limited");
                assert_eq!(refused.header("retry-after"), "1");
                assert!(refused.header("ratelimit").ends_with("\"bulk\";r=0;t=60"), "{:?}", refused.headers);
            }
        }
        // A list as CSV is of the same class.
        let csv = grace.call(Method::GET, "/v1/users", &[("accept", "text/csv")]).await;
        csv.problem(429, "rate_limited");
        let csv = grace.call(Method::GET, "/v1/users.csv", &[]).await;
        csv.problem(429, "rate_limited");
        // Other classes, and other callers.
        grace.get("/v1/roles").await.expect(200);
        app.client_named("linus", &[Role::Admin]).post(BATCH, &json!({})).await.expect(422);
        app.advance(TimeDelta::seconds(1));
        assert_eq!(spend(&grace, 51).await.iter().filter(|status| **status == 422).count(), 50);
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];
    async fn no_caller_is_limited_where_limits_are_off(app: TestApp) {
        let grace = app.client_named("grace", &[Role::Admin]);
        let statuses = spend(&grace, BULK + 10).await;
        assert!(statuses.iter().all(|status| *status == 422));
    }
}
