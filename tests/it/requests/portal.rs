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

/// What the portal's page does, with `api(method, path, body, headers)` for a request to the service.
const WALK: &str = r#"
    const [base, email, password, done] = arguments;
    let token = null;
    const api = async (method, path, body, headers = {}) => {
        if (body) headers["Content-Type"] = "application/json";
        if (token) headers.Authorization = `Bearer ${token}`;
        const answer = await fetch(base + path, {
            method, headers, body: body && JSON.stringify(body), credentials: "include",
        });
        const text = await answer.text();
        const get = name => answer.headers.get(name);
        return { status: answer.status, get, body: text && JSON.parse(text) };
    };
    const walk = async () => {
        const seen = {};
        seen.refused = (await api("POST", "/v1/auth/token", { email, password: "wrong" })).status;
        token = (await api("POST", "/v1/auth/token", { email, password })).body.access_token;
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
        const tag = { "If-None-Match": list.get("etag") };
        seen.known = (await api("GET", "/v1/invitations?limit=1", null, tag)).status;
        const shown = await api("GET", seen.location);
        const patch = { "If-Match": shown.get("etag") };
        seen.amended = (await api("PATCH", seen.location, { roles: ["viewer"] }, patch)).status;
        seen.resent = (await api("POST", `${seen.location}/resend`)).status;
        const soon = await api("POST", `${seen.location}/resend`);
        seen.soon = [soon.status, Number(soon.get("retry-after")) > 0, soon.body.code];
        token = "forged";
        seen.forged = (await api("GET", "/v1/me")).body.code;
        return seen;
    };
    walk().then(done, error => done({ error: String(error) }));
"#;

async fn walk(browser: &Browser, page: &str, app: &TestApp) -> Value {
    browser.client.goto(page).await.unwrap();
    let arguments = vec![json!(app.anonymous().url), json!("ada@example.com"), json!(PASSWORD)];
    browser.client.execute_async(WALK, arguments).await.unwrap()
}

on_each! {
    async fn a_portal_on_another_origin_works_with_the_api(backend: Backend) {
        let (portal, stranger) = (origin(), origin());
        let app = TestApp::start(backend, &[("CORS_ORIGINS", &portal)]).await;
        let (_, mail) = app.invite("ada@example.com", &["user_manager"]).await;
        app.activate(&mail.token).await.expect(201);
        app.advance(chrono::TimeDelta::minutes(2));
        Browser::with(async |browser| {
            let seen = walk(browser, &portal, &app).await;
            let id = seen["location"].as_str().unwrap_or_else(|| panic!("{seen}"));
            let expected = json!({
                "refused": 401, "me": "ada@example.com", "invited": 201, "location": id, "requestId": true,
                "replayed": [201, "true"], "link": true, "known": 304, "amended": 200, "resent": 429,
                "soon": [429, true, "resend_too_soon"], "forged": "unauthenticated",
            });
            assert_eq!(seen, expected);
            // A page that is not named cannot even read that its request was refused.
            let refused = walk(browser, &stranger, &app).await;
            assert!(
                refused["error"].as_str().is_some_and(|error| error.contains("Failed to fetch")),
                "{refused}"
            );
        })
        .await;
    }
}
