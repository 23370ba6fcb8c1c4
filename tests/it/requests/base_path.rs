//! A base path: `PUBLIC_URL` with a path, behind a proxy that passes it on and behind one that strips it.

mod browser;
mod commands;
mod routes;

use reqwest::{Method, redirect::Policy};
use serde_json::Value;

use crate::support::{Answer, Client, PASSWORD, TestApp, json, on_both_databases};

const HOST: &str = "https://example.com";
const INVITE: &str = "/v1/system-users/invitations";

/// Where the forms of a page lead.
fn actions(page: &Answer) -> Vec<&str> {
    page.text.split(" action=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The page that a mailed link opens, through the proxy.
async fn open(app: &TestApp, link: &str) -> Answer {
    app.anonymous().get(link.strip_prefix(HOST).unwrap()).await
}

async fn submit(app: &TestApp, action: &str, fields: &[(&str, &str)]) -> Answer {
    Answer::of(app.anonymous().request(Method::POST, action).form(fields)).await
}

/// A request with the cookie of an answer, from a page of this origin.
async fn with_cookie(app: &TestApp, path: &str, answer: &Answer, origin: &str) -> Answer {
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = app.anonymous().request(Method::POST, path);
    Answer::of(request.header("cookie", cookie).header("origin", origin)).await
}

on_both_databases! {
    with [("PUBLIC_URL", "https://example.com/invite/")];

    async fn every_url_in_an_answer_has_it(app: TestApp) {
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let admin = Client { http, ..app.admin() };
        for (number, base) in ["/invite", ""].into_iter().enumerate() {
            let body = json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
            let key = number.to_string();
            let made = admin.keyed(&format!("{base}{INVITE}"), &key, &body).await.expect(201);
            let location = made.header("location").to_owned();
            assert_eq!(location, format!("/invite/v1/invitations/{}", made.text_of("id")));
            admin.get(&location).await.expect(200);
            // The other spelling is the same request.
            let other = if base.is_empty() { "/invite" } else { "" };
            let again = admin.keyed(&format!("{other}{INVITE}"), &key, &body).await.expect(201);
            assert_eq!(again.header("idempotency-replayed"), "true");
            assert_eq!(again.header("location"), location);
            app.letter().await;
        }
        for base in ["/invite", ""] {
            let list = admin.get(&format!("{base}/v1/invitations?limit=1")).await.expect(200);
            let next = list.header("link").strip_prefix('<').unwrap().split('>').next().unwrap();
            assert!(next.starts_with("/invite/v1/invitations?limit=1&cursor="), "{next}");
            admin.get(next).await.expect(200);
            for (path, folder) in [("/docs", "/invite/docs/"), ("/docs/", "")] {
                let docs = admin.get(&format!("{base}{path}")).await;
                assert_eq!(docs.header("location"), folder, "{base}{path}: {}", docs.status);
            }
            let settings = admin.get(&format!("{base}/docs/swagger-initializer.js")).await.expect(200);
            assert!(settings.text.contains("\"url\": \"../openapi.json\""), "{}", settings.text);
            let problem = admin.get(&format!("{base}/v1/users/x")).await.problem(404, "not_found");
            assert_eq!(problem.body["type"], "https://example.com/invite/problems/not_found");
            let nothing = admin.get(&format!("{base}/nothing")).await.problem(404, "not_found");
            assert!(nothing.text_of("detail").contains("/invite/docs"), "{}", nothing.text);
            let metadata = admin.get(&format!("{base}/.well-known/openid-configuration")).await;
            let metadata = metadata.expect(200).body;
            for (member, path) in
                [("jwks_uri", "/.well-known/jwks.json"), ("token_endpoint", "/v1/auth/token")]
            {
                assert_eq!(metadata[member], format!("https://example.com/invite{path}"));
            }
        }
        open(&app, "https://example.com/invite/problems/not_found").await.expect(200);
        let api_client = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
        let made = admin.post("/v1/api-clients", &api_client).await.expect(201);
        assert_eq!(made.header("location"), format!("/invite/v1/api-clients/{}", made.text_of("id")));
    }

    async fn the_contract_names_where_callers_reach_the_service(app: TestApp) {
        let mut served = app.anonymous().get("/invite/openapi.json").await.expect(200).body;
        let committed: Value = serde_json::from_str(invitation_service::http::contract()).unwrap();
        let servers = std::mem::replace(&mut served["servers"], committed["servers"].clone());
        assert_eq!(served, committed);
        assert_eq!(servers[0]["url"], "https://example.com/invite");
        assert_eq!(servers[1]["url"], "/invite", "for those who read it behind the proxy");
    }

    async fn letters_and_forms_lead_below_it(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        assert_eq!(mail.link, format!("https://example.com/invite/activate?token={}", mail.token));
        assert!(!mail.text.contains("https://example.com/activate"), "{}", mail.text);
        let form = open(&app, &mail.link).await.expect(200);
        assert_eq!(actions(&form), ["/invite/activate", "/invite/activate/unsubscribe"]);
        let fields = [("token", mail.token.as_str()), ("password", "short")];
        let faulty = submit(&app, actions(&form)[0], &fields).await.expect(422);
        assert_eq!(actions(&faulty)[0], "/invite/activate");
        let fields = [("password", PASSWORD), ("first_name", "Ada"), ("last_name", "Lovelace")];
        let fields = [&[("token", mail.token.as_str())][..], &fields].concat();
        submit(&app, actions(&form)[0], &fields).await.expect(200);

        let ask = app.anonymous().get("/invite/reset-password").await.expect(200);
        assert_eq!(actions(&ask), ["/invite/reset-password/request"]);
        submit(&app, actions(&ask)[0], &[("email", "ada@example.com")]).await.expect(200);
        let reset = app.letter().await.link;
        assert!(reset.starts_with("https://example.com/invite/reset-password?token="), "{reset}");
        assert_eq!(actions(&open(&app, &reset).await.expect(200)), ["/invite/reset-password"]);

        let patch = json!({ "email": "ada.king@example.com" });
        app.admin().change_user(made["user_id"].as_str().unwrap(), "*", &patch).await.expect(200);
        let letters = app.letters().await;
        let confirm = &letters.iter().find(|mail| mail.to == "ada.king@example.com").unwrap().link;
        assert!(confirm.starts_with("https://example.com/invite/confirm-email?token="), "{confirm}");
        assert_eq!(actions(&open(&app, confirm).await.expect(200)), ["/invite/confirm-email"]);

        let (_, mail) = app.invite("eve@example.com", &["viewer"]).await;
        app.advance(chrono::TimeDelta::days(1));
        let expired = open(&app, &mail.link).await.expect(410);
        assert_eq!(actions(&expired), ["/invite/activate/renew", "/invite/activate/unsubscribe"]);
        submit(&app, actions(&expired)[0], &[("token", &mail.token)]).await.expect(200);
        app.letter().await;
    }

    async fn the_cookie_of_a_session_is_for_it_alone(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
        let first = app.anonymous().post("/invite/v1/auth/token", &body).await.expect(200);
        let cookie = first.header("set-cookie").to_owned();
        assert!(cookie.starts_with("__Secure-refresh="), "{cookie}");
        for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/invite", "Max-Age=604800"] {
            assert!(cookie.split("; ").any(|one| one == attribute), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let refresh = "/invite/v1/auth/refresh";
        let second = with_cookie(&app, refresh, &first, HOST).await.expect(200);
        // An origin has no path, and another host of the domain is another one.
        for origin in ["https://example.com/invite", "https://evil.example.com", "http://example.com"] {
            with_cookie(&app, refresh, &second, origin).await.problem(403, "forbidden");
        }
        let out = with_cookie(&app, "/invite/v1/auth/sign-out", &second, HOST).await.expect(204);
        let removed = out.header("set-cookie");
        assert!(removed.starts_with("__Secure-refresh=;") && removed.contains("Max-Age=0"), "{removed}");
        assert!(removed.split("; ").any(|one| one == "Path=/invite"), "{removed}");
        with_cookie(&app, refresh, &second, HOST).await.problem(401, "session_ended");
    }
}
