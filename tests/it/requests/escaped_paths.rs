//! Limits and seals go by the route that a request takes, however its path is written (RFC 3986 §6.2.2.2).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use invitation_service::http::{RouteRules, routes};
use reqwest::Method;

use crate::support::{Answer, TestApp, extent::IS_LONG, json, on_both_databases};

/// A path of that pattern.
fn plain(route: &RouteRules) -> String {
    let parts = route.path.split('/').map(|part| if part.starts_with('{') { "postmark" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// The path with each of its characters escaped in turn, in upper and in lower case by turns, and with all of
/// them escaped. In the long form each is escaped in both.
fn spellings(path: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    for (at, character) in path.char_indices().filter(|(_, character)| *character != '/') {
        let escaped = [format!("%{:02X}", character as u8), format!("%{:02x}", character as u8)];
        let given = if IS_LONG { &escaped[..] } else { &escaped[at % 2..=at % 2] };
        for escaped in given {
            spellings.push(format!("{}{escaped}{}", &path[..at], &path[at + 1..]));
        }
    }
    let all: String =
        path.split_inclusive('/').map(|part| part.bytes().map(escape).collect::<String>()).collect();
    spellings.push(all);
    spellings
}

fn escape(byte: u8) -> String {
    if byte == b'/' { "/".to_owned() } else { format!("%{byte:02x}") }
}

/// Asks with the first method that the route knows, and no body.
async fn ask(app: &TestApp, route: &RouteRules, path: &str) -> Answer {
    let method: Method = route.methods.split(", ").next().unwrap().parse().unwrap();
    app.anonymous().call(method, path, &[]).await
}

on_both_databases! {
    async fn every_sealed_route_is_sealed_in_every_spelling(app: TestApp) {
        let sealed: Vec<RouteRules> = routes().into_iter().filter(|route| route.is_sealed).collect();
        assert!(sealed.len() > 20, "{sealed:?}");
        for route in &sealed {
            for path in spellings(&plain(route)) {
                let answer = ask(&app, route, &path).await;
                let headers = (answer.header("cache-control"), answer.header("referrer-policy"));
                assert_eq!(headers, ("no-store", "no-referrer"), "{path}: {}", answer.text);
                // Time for the limits of the next.
                app.advance(TimeDelta::seconds(10));
            }
        }
    }

    async fn every_limited_route_is_limited_in_every_spelling(app: TestApp) {
        let limited: Vec<RouteRules> = routes().into_iter().filter(|route| route.limit.is_some()).collect();
        assert!(limited.len() >= 7, "{limited:?}");
        for route in &limited {
            let (name, quota) = route.limit.unwrap();
            let policies = ask(&app, route, &plain(route)).await.header("ratelimit-policy").to_owned();
            assert_eq!(policies.split(", ").next(), Some(format!("\"{name}\";q={quota};w=60").as_str()));
            let slashed = spellings(&plain(route)).into_iter().flat_map(|path| [format!("{path}/"), path]);
            for path in slashed {
                app.advance(TimeDelta::minutes(1));
                let answer = ask(&app, route, &path).await;
                assert_eq!(answer.header("ratelimit-policy"), policies, "{path}: {}", answer.text);
                assert!(
                    answer.header("ratelimit").starts_with(&format!("\"{name}\";r={};", quota - 1)),
                    "{path}"
                );
            }
        }
    }

    async fn spellings_share_one_count(app: TestApp) {
        let mut used_up = BTreeSet::new();
        for route in routes().into_iter().filter(|route| route.limit.is_some_and(|(_, quota)| quota <= 1000))
        {
            app.advance(TimeDelta::minutes(1));
            let (name, quota) = route.limit.unwrap();
            let spellings = spellings(&plain(&route));
            // The count of one route of each kind is used up. Of others it is seen to go down.
            let is_used_up = used_up.insert(name) || IS_LONG || quota as usize <= spellings.len();
            let requests = if is_used_up { quota as usize } else { spellings.len() };
            for number in 0..requests {
                let answer = ask(&app, &route, &spellings[number % spellings.len()]).await;
                assert_ne!(answer.status, 429, "{number}");
                let left = format!("\"{name}\";r={};", quota as usize - number - 1);
                assert!(answer.header("ratelimit").starts_with(&left), "{}: {number}", route.path);
            }
            if !is_used_up {
                continue;
            }
            for path in [&plain(&route), &spellings[0], spellings.last().unwrap()] {
                assert_eq!(ask(&app, &route, path).await.status, 429, "{path}");
            }
        }
    }

    async fn an_escaped_path_is_the_same_route_for_everything_else(app: TestApp) {
        let (admin, anonymous) = (app.admin(), app.anonymous());
        let people = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let first = admin.keyed("/v1/system-users/invitations", "one", &people).await.expect(201);
        let again = admin.keyed("/v1/%73ystem-users/%69nvitations", "one", &people).await.expect(201);
        assert_eq!((again.header("idempotency-replayed"), &again.body["id"]), ("true", &first.body["id"]));
        app.letter().await;
        let refused = anonymous.get("/%76%31/auth/%74oken").await.problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), "POST");
        admin.get("/v1/invitations/%62atch").await.problem(405, "method_not_allowed");
        let html = [("accept", "text/html")];
        admin.call(Method::GET, "/%76%31/users", &html).await.problem(406, "not_acceptable");
        admin.call(Method::GET, "/v1/%75sers", &[("accept", "text/csv")]).await.expect(200);
        anonymous.get("/v1%2Fauth%2Ftoken").await.problem(404, "not_found");
    }
}
