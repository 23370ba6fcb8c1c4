//! A portal on another origin, in a real browser. Left out where chromedriver or chromium is missing.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use serde_json::{Value, json};

use crate::support::{Backend, PASSWORD, TestApp, browser::Browser, on_each};

/// A web server with an empty page for every request, and its origin.
fn origin() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: \
                close\r\n\r\n",
            );
        }
    });
    format!("http://localhost:{port}")
}

/// What each page of the portal has: `api(method, path, body, headers)` for a request to the service, with
/// the access token in memory.
const API: &str = r#"
    const [base, email, password, done] = arguments;
    const api = async (method, path, body, headers = {}) => {
        if (body) headers["Content-Type"] = "application/json";
        if (window.token) headers.Authorization = `Bearer ${window.token}`;
        const answer = await fetch(base + path, {
            method, headers, body: body && JSON.stringify(body), credentials: "include",
        });
        const text = await answer.text();
        const get = name => answer.headers.get(name);
        return { status: answer.status, get, body: text && JSON.parse(text) };
    };
    const signIn = password => api("POST", "/v1/auth/token", { email, password, session: "cookie" });
"#;

/// Signing in, inviting, and looking at the list.
const INVITE: &str = r#"
    const walk = async () => {
        const seen = {};
        seen.refused = (await signIn("wrong")).status;
        const session = (await signIn(password)).body;
        window.token = session.access_token;
        seen.shown = [session.refresh_token, document.cookie];
        seen.me = (await api("GET", "/v1/me")).body.user.email;
        const person = { email: "eve@example.com", roles: ["viewer"] };
        const key = { "Idempotency-Key": "portal-1" };
        const invited = await api("POST", "/v1/system-users/invitations", person, key);
        seen.invited = invited.status;
        seen.location = invited.get("location");
        seen.requestId = invited.get("x-request-id").length > 0;
        const again = await api("POST", "/v1/system-users/invitations", person, key);
        seen.replayed = [again.status, again.get("idempotency-replayed")];
        const list = await api("GET", "/v1/invitations?limit=1");
        seen.link = list.get("link").includes("cursor=");
        const known = { "If-None-Match": list.get("etag") };
        seen.known = (await api("GET", "/v1/invitations?limit=1", null, known)).status;
        const shown = await api("GET", seen.location);
        const patch = { "If-Match": shown.get("etag") };
        seen.amended = (await api("PATCH", seen.location, { roles: ["viewer"] }, patch)).status;
        window.location_of_eve = seen.location;
        return seen;
    };
    walk().then(done, error => done({ error: String(error) }));
"#;

/// Some minutes later: resending, twice.
const RESEND: &str = r#"
    const walk = async () => {
        const resent = await api("POST", `${window.location_of_eve}/resend`);
        const soon = await api("POST", `${window.location_of_eve}/resend`);
        const waits = Number(soon.get("retry-after")) > 0;
        return { resent: resent.status, soon: [soon.status, waits, soon.body.code] };
    };
    walk().then(done, error => done({ error: String(error) }));
"#;

/// After the page was loaded again, which has no access token until the session is refreshed by its cookie.
const RELOADED: &str = r#"
    const walk = async () => {
        const seen = { before: (await api("GET", "/v1/me")).status };
        const refreshed = await api("POST", "/v1/auth/refresh");
        window.token = refreshed.body.access_token;
        seen.refreshed = [refreshed.status, refreshed.body.refresh_token];
        seen.me = (await api("GET", "/v1/me")).body.user.email;
        seen.out = (await api("POST", "/v1/auth/sign-out")).status;
        seen.after = (await api("GET", "/v1/me")).body.code;
        seen.ended = (await api("POST", "/v1/auth/refresh")).body.code;
        return seen;
    };
    walk().then(done, error => done({ error: String(error) }));
"#;

async fn run(browser: &Browser, script: &str, app: &TestApp) -> Value {
    // The host of the portal: a cookie that is `SameSite=Strict` goes to the same site, whatever the port.
    let base = app.anonymous().url.replace("127.0.0.1", "localhost");
    let arguments = vec![json!(base), json!("ada@example.com"), json!(PASSWORD)];
    browser.client.execute_async(&format!("{API}{script}"), arguments).await.unwrap()
}

on_each! {
    async fn a_portal_on_another_origin_works_with_the_api(backend: Backend) {
        let (portal, stranger) = (origin(), origin());
        let app = TestApp::start(backend, &[("CORS_ORIGINS", &portal)]).await;
        let (_, mail) = app.invite("ada@example.com", &["user_manager"]).await;
        app.activate(&mail.token).await.expect(201);
        app.advance(chrono::TimeDelta::minutes(2));
        Browser::with(async |browser| {
            browser.client.goto(&portal).await.unwrap();
            let seen = run(browser, INVITE, &app).await;
            let id = seen["location"].as_str().unwrap_or_else(|| panic!("{seen}"));
            let expected = json!({
                "refused": 401, "shown": [null, ""], "me": "ada@example.com", "invited": 201, "location": id,
                "requestId": true, "replayed": [201, "true"], "link": true, "known": 304, "amended": 200,
            });
            assert_eq!(seen, expected);
            app.letter().await;
            app.advance(chrono::TimeDelta::minutes(2));
            let seen = run(browser, RESEND, &app).await;
            assert_eq!(seen, json!({ "resent": 200, "soon": [429, true, "resend_too_soon"] }));
            app.letter().await;
            // A page of the same site that is not named: the browser sends the cookie, and the service
            // refuses it; the page cannot even read that it was refused.
            browser.client.goto(&stranger).await.unwrap();
            let refused = run(browser, RELOADED, &app).await;
            assert!(
                refused["error"].as_str().is_some_and(|error| error.contains("Failed to fetch")),
                "{refused}"
            );
            browser.client.goto(&portal).await.unwrap();
            let seen = run(browser, RELOADED, &app).await;
            let expected = json!({
                "before": 401, "refreshed": [200, null], "me": "ada@example.com", "out": 204,
                "after": "unauthenticated", "ended": "session_ended",
            });
            assert_eq!(seen, expected);
        })
        .await;
        app.letters().await;
    }
}
