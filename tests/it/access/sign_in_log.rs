//! What the log says of signing in, and how long its lines are.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Answer, Backend, Client, Home, PASSWORD, eventually, json, on_each, process::Process};

const LIMIT: Duration = Duration::from_secs(30);

fn lines(log: &str) -> Vec<Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

async fn sign_in(client: &Client, email: &str, password: &str, header: (&str, &str)) -> u16 {
    let request = client.request(reqwest::Method::POST, "/v1/auth/token").header(header.0, header.1);
    Answer::of(request.json(&json!({ "email": email, "password": password }))).await.status
}

async fn activated(home: &Home, server: &Process) {
    let admin = server.client(Some(home.token()));
    admin
        .post("/v1/system-users/invitations", &json!({ "email": "ada@example.com", "roles": ["viewer"] }))
        .await
        .expect(201);
    let letter = eventually("the letter", LIMIT, async || home.letters().pop()).await;
    let body =
        json!({ "token": letter.token, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace" });
    server.client(None).post("/v1/activations", &body).await.expect(201);
}

/// As others may write it: no client that keeps the rules would.
async fn raw(server: &Process, request: String) {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    // It may hang up before it has heard everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

on_each! {
    async fn a_spent_refresh_token_leaves_a_warning(backend: Backend) {
        let home = Home::new(backend, &[("LOG_FORMAT", "json")]);
        let server = home.start(&["serve"]);
        activated(&home, &server).await;
        let anonymous = server.client(None);
        let ada = json!({ "email": "ada@example.com", "password": PASSWORD });
        let session = anonymous.post("/v1/auth/token", &ada).await.expect(200);
        let spent = json!({ "refresh_token": session.body["refresh_token"] });
        anonymous.post("/v1/auth/refresh", &spent).await.expect(200);
        // As if it had been refreshed some time ago.
        home.database.execute("UPDATE sessions SET refreshed_at = created_at, generation = 3");
        anonymous.post("/v1/auth/refresh", &spent).await.problem(401, "refresh_reused");
        let log = server.stop().await;
        let line = lines(&log)
            .into_iter()
            .find(|line| line["message"].as_str().is_some_and(|said| said.contains("refresh token")));
        let line = line.unwrap_or_else(|| panic!("{log}"));
        assert_eq!(line["level"], "WARN");
        assert!(line["user"].as_str().is_some_and(|user| user.starts_with("usr_")), "{line}");
        assert!(line["session"].as_str().is_some_and(|session| session.starts_with("ses_")), "{line}");
        assert!(!log.contains(session.body["refresh_token"].as_str().unwrap()), "a token is in the log");
    }

    async fn each_sign_in_leaves_a_line(backend: Backend) {
        let home = Home::new(
            backend,
            &[("LOG_FORMAT", "json"), ("TRUSTED_PROXIES", "127.0.0.1"), ("RATE_LIMITS", "on")],
        );
        let server = home.start(&["serve"]);
        activated(&home, &server).await;
        let anonymous = server.client(None);
        let from = ("x-forwarded-for", "203.0.113.77");
        let statuses = [
            sign_in(&anonymous, "ada@example.com", PASSWORD, from).await,
            sign_in(&anonymous, "ada@example.com", "wrong", ("forwarded", "for=\"[2001:db8:1:2:3::4]:99\""))
                .await,
            sign_in(&anonymous, "nobody@example.com", PASSWORD, from).await,
            sign_in(&anonymous, "no address", PASSWORD, from).await,
            sign_in(&anonymous, "nobody@example.com", PASSWORD, from).await,
            sign_in(&anonymous, "nobody@example.com", PASSWORD, from).await,
            sign_in(&anonymous, "nobody@example.com", PASSWORD, from).await,
            // Read once, warned of once.
            sign_in(&anonymous, "ada@example.com", PASSWORD, ("x-forwarded-for", "nonsense")).await,
            sign_in(&anonymous, "ada@example.com", PASSWORD, ("x-forwarded-for", "nonsense")).await,
        ];
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 429, 200, 200]);
        // Past the limit of the route, nothing of the body is read.
        for number in 0..11 {
            let status =
                sign_in(&anonymous, "no address", PASSWORD, ("x-forwarded-for", "198.51.100.9")).await;
            assert_eq!(status, if number < 10 { 401 } else { 429 });
        }
        let log = server.stop().await;
        assert!(
            !log.contains("ada@example.com") && !log.contains("203.0.113.77") && !log.contains("3::4"),
            "{log}"
        );
        let all = lines(&log);
        let checks: Vec<_> = all.iter().filter(|line| line["purpose"] == "sign_in").collect();
        let logged: Vec<(&str, &str, &str)> = checks
            .iter()
            .map(|line| {
                (
                    line["subject"].as_str().unwrap(),
                    line["client"].as_str().unwrap(),
                    line["outcome"].as_str().unwrap(),
                )
            })
            .collect();
        let v4 = "203.0.113.0/24";
        let (logged, limited) = logged.split_at(9);
        assert_eq!(limited[..10], [("no address", "198.51.100.0/24", "wrong_credentials"); 10]);
        assert_eq!(limited[10..], [("not read", "198.51.100.0/24", "limited")]);
        assert_eq!(
            logged,
            [
                ("a…@example.com", v4, "signed_in"),
                ("a…@example.com", "2001:db8:1::/48", "wrong_credentials"),
                ("n…@example.com", v4, "wrong_credentials"),
                ("no address", v4, "wrong_credentials"),
                ("n…@example.com", v4, "wrong_credentials"),
                ("n…@example.com", v4, "wrong_credentials"),
                ("n…@example.com", v4, "delayed"),
                ("a…@example.com", "127.0.0.0/24", "signed_in"),
                ("a…@example.com", "127.0.0.0/24", "signed_in"),
            ]
        );
        assert!(checks.iter().all(|line| line["span"]["request_id"].is_string()), "{checks:?}");
        let warned = |words: &str| {
            all.iter()
                .filter(|line| line["message"].as_str().is_some_and(|text| text.contains(words)))
                .count()
        };
        assert_eq!(warned("a trusted proxy's X-Forwarded-For or Forwarded cannot be read"), 1);
    }

    async fn lines_are_bounded_whatever_a_client_wrote_in_them(backend: Backend) {
        for format in ["json", "pretty"] {
            let home = Home::new(backend, &[("LOG_FORMAT", format), ("LOG", "trace")]);
            let server = home.start(&["serve"]);
            let long = "M".repeat(60_000);
            raw(&server, format!("{long} /v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            raw(&server, format!("GET /{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
            raw(
                &server,
                format!(
                    "GET /v1/users HTTP/1.1\r\nHost: x\r\nUser-Agent: {long}\r\nConnection: close\r\n\r\n"
                ),
            )
            .await;
            raw(
                &server,
                format!(
                    "GET /v1/users HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \
                {long}\r\nConnection: close\r\n\r\n"
                ),
            )
            .await;
            raw(
                &server,
                format!(
                    "GET /v1/users HTTP/1.1\r\nHost: x\r\nForwarded: {long}\r\nConnection: close\r\n\r\n"
                ),
            )
            .await;
            let log = server.stop().await;
            let longest = log.lines().map(str::len).max().unwrap();
            assert!(longest <= 4096, "{longest} bytes");
            assert!(log.contains("MMMMMMMM") && log.contains("request"), "{log}");
            // From somebody whom nobody has named a proxy: said once.
            assert_eq!(log.matches("came from no trusted proxy").count(), 1);
            if format == "json" {
                assert_eq!(lines(&log).len(), log.lines().count(), "{log}");
            }
        }
    }
}
