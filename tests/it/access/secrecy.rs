//! What must not be written down: with everything logged that can be logged, by every dependency, and in
//! every row.

use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    Answer, Backend, Client, Home, Relay, eventually, json, on_each,
    relay::{Behaviour, Speaks},
};

const EMAIL: &str = "ada.lovelace+ev@example.com";
const REFUSED: &str = "nobody.at.all@example.com";
const WEAK: &str = "hunter2-9431";
const GOOD: &str = "seven green bicycles sing at noon";
const SECRET_KEY: &str = "the root of all keys is buried under an oak";
const MAIL_PASSWORD: &str = "relay-sesame-9431";

/// Everything that must appear nowhere, each with a name for it.
fn secrets(token: &str, access_tokens: &[&str]) -> Vec<(String, String)> {
    let mut secrets: Vec<(String, String)> =
        [("a weak password", WEAK), ("the password", GOOD), ("the root key", SECRET_KEY)]
            .iter()
            .map(|(name, secret)| ((*name).to_owned(), (*secret).to_owned()))
            .collect();
    secrets.push(("the mail password".to_owned(), MAIL_PASSWORD.to_owned()));
    // A log line that cuts long words must not get away with either half.
    let middle = token.len() / 2;
    secrets.push(("the first half of the token".to_owned(), token[..middle].to_owned()));
    secrets.push(("the second half of the token".to_owned(), token[middle..].to_owned()));
    for (number, access_token) in access_tokens.iter().enumerate() {
        // The header is the same for all tokens; claims and signature are this one's.
        let (claims, signature) = access_token.split_once('.').unwrap().1.split_once('.').unwrap();
        secrets.push((format!("the claims of access token {number}"), claims.to_owned()));
        secrets.push((format!("the signature of access token {number}"), signature.to_owned()));
    }
    secrets
}

fn holds_none(place: &str, text: &str, secrets: &[(String, String)]) {
    let lower = text.to_lowercase();
    for (name, secret) in secrets {
        let Some(at) = lower.find(&secret.to_lowercase()) else { continue };
        let around: String = lower[at.saturating_sub(300)..].chars().take(600).collect();
        panic!("{place} holds {name}: …{around}…");
    }
}

/// Whatever the relay is, it wants a password, which is in `MAIL_URL`.
fn with_password(url: &str) -> String {
    url.replace("://", &format!("://ada:{MAIL_PASSWORD}@"))
}

/// Requests that are no HTTP, or hardly, which a server may be tempted to quote.
async fn garble(server: &Client, token: &str, access_token: &str) {
    let address = server.url.trim_start_matches("http://");
    for (line, header) in [
        ("HTTP/1.1", "Bad Header"),
        ("HTTP/9.9", "Host: localhost"),
        ("HTTP/1.1", "Content-Length: many"),
        ("HTTP/1.1", &format!("Cookie: {}", "a".repeat(200_000))),
    ] {
        let request = format!(
            "GET /activate?token={token}&email={EMAIL} {line}\r\nAuthorization: Bearer \
            {access_token}\r\n{header}\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may have hung up before it has heard everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
}

/// Makes an API client with a key, gets a token in both ways, and sends a wrong secret: the right secret and
/// a token.
async fn use_client(server: &Client, admin: &Client) -> (String, String) {
    let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
    let make = admin.request(Method::POST, "/v1/api-clients").header("idempotency-key", "make").json(&body);
    let made = Answer::of(make).await.expect(201);
    let (id, secret) = (made.text_of("id"), made.text_of("secret"));
    let form = |fields: &[(&str, &str)]| server.request(Method::POST, "/v1/auth/token").form(fields);
    let grant = ("grant_type", "client_credentials");
    let wrong = format!("{secret}x");
    for (given, status) in [(&secret, 200), (&wrong, 401)] {
        let in_body = form(&[grant, ("client_id", &id), ("client_secret", given)]);
        Answer::of(in_body).await.expect(status);
        Answer::of(form(&[grant]).basic_auth(&id, Some(given))).await.expect(status);
    }
    let in_uri = server.request(Method::POST, &format!("/v1/auth/token?client_secret={secret}"));
    Answer::of(in_uri.form(&[grant])).await.expect(400);
    let token = Answer::of(form(&[grant]).basic_auth(&id, Some(&secret))).await.expect(200);
    (secret, token.text_of("access_token"))
}

/// The whole path, with every mistake that people and programs make on it.
async fn walk(server: &Client, admin: &Client, token: &str, access_token: &str) -> Vec<Answer> {
    let half = &token[..token.len() / 2];
    let page = format!("/activate?token={token}");
    let form = |password: &'static str| {
        let fields =
            [("token", token), ("password", password), ("first_name", "Ada"), ("last_name", "Lovelace")];
        server.request(Method::POST, "/activate").form(&fields)
    };
    let answers = |password: &str| {
        json!({
            "token": token, "password": password, "first_name": "Ada", "last_name": "Lovelace"
        })
    };
    let damaged =
        Client { token: Some(format!("{}x", &access_token[..access_token.len() - 2])), ..server.clone() };
    let mut said = vec![
        server.post("/v1/activations/preview", &json!({ "token": token })).await.expect(200),
        server
            .post("/v1/activations/preview", &json!({ "token": half }))
            .await
            .problem(404, "activation_link_invalid"),
        server
            .post("/v1/activations/preview", &json!({ "token": token, "colour": token }))
            .await
            .faults(&[("/colour", "unknown_member")]),
        server.post("/v1/activations", &answers(WEAK)).await.problem(422, "validation_failed"),
        server
            .post("/v1/activations", &json!({ "token": token, "password": 7, "email": EMAIL }))
            .await
            .problem(422, "validation_failed"),
        server
            .post_raw("/v1/activations", "application/json", format!("{{\"token\":\"{token}\""))
            .await
            .problem(400, "malformed_json"),
        server
            .post_raw("/v1/activations", "text/plain", token.to_owned())
            .await
            .problem(415, "unsupported_media_type"),
        server
            .get(&format!("/v1/activations/preview?token={token}"))
            .await
            .problem(405, "method_not_allowed"),
        server.get(&format!("/v1/nothing/{token}")).await.problem(404, "not_found"),
        damaged.get("/v1/users").await.problem(401, "unauthenticated"),
        Answer::of(
            server.request(Method::GET, "/v1/users").header("authorization", format!("Basic {access_token}")),
        )
        .await
        .problem(401, "unauthenticated"),
        Client { token: Some(token.to_owned()), ..server.clone() }
            .get("/v1/users")
            .await
            .problem(401, "unauthenticated"),
    ];
    server.get(&page).await.expect(200);
    Answer::of(server.request(Method::HEAD, &page)).await.expect(200);
    Answer::of(form(WEAK)).await.expect(422);
    Answer::of(form(GOOD)).await.expect(200);
    server.get(&page).await.expect(410);
    said.push(server.post("/v1/activations", &answers(GOOD)).await.problem(410, "activation_link_used"));
    for path in [
        "/v1/invitations",
        "/v1/users",
        &format!("/v1/users?search={}", &EMAIL[..12]),
        &format!("/v1/invitations?email={}", EMAIL.replace('+', "%2B")),
    ] {
        said.push(admin.get(path).await.expect(200));
    }
    for invitation in said.iter().rev().nth(3).unwrap().body["data"].as_array().unwrap().clone() {
        let id = invitation["id"].as_str().unwrap();
        said.push(admin.get(&format!("/v1/invitations/{id}")).await.expect(200));
        said.push(admin.get(&format!("/v1/invitations/{id}/events")).await.expect(200));
    }
    said
}

async fn nothing_secret_is_written_down(backend: Backend, speaks: Speaks, format: &str) {
    let mut relay = Relay::new(speaks);
    relay.up();
    relay.is(Behaviour::Takes);
    let url = with_password(&relay.url());
    let variables =
        [("LOG", "trace"), ("LOG_FORMAT", format), ("SECRET_KEY", SECRET_KEY), ("MAIL_URL", url.as_str())];
    let home = Home::new(backend, &variables);
    let server = home.start(&["serve"]);
    let access_token = home.token();
    let (anonymous, admin) = (server.client(None), server.client(Some(access_token.clone())));
    let limit = std::time::Duration::from_secs(30);

    admin
        .post("/v1/system-users/invitations", &json!({ "email": EMAIL, "roles": ["viewer"] }))
        .await
        .expect(201);
    let letter = eventually("the letter", limit, async || relay.taken().pop()).await;
    // A relay that quotes what it refuses, and one that reads the letter and hangs up.
    relay.is(Behaviour::Refuses(match speaks {
        Speaks::Smtp => "550 5.1.1 <nobody.at.all@example.com>: no mailbox nobody.at.all@example.com",
        Speaks::Mailpit => "400 no mailbox nobody.at.all@example.com",
    }));
    let refused = json!({ "email": REFUSED, "roles": ["viewer"] });
    let refused = admin.post("/v1/system-users/invitations", &refused).await.expect(201);
    let tried = async || (relay.refused() > 0).then_some(());
    eventually("the relay refuses", limit, tried).await;
    relay.is(Behaviour::HangsUp);
    let body = json!({ "email": "grace@example.com", "roles": ["viewer"] });
    admin.post("/v1/system-users/invitations", &body).await.expect(201);
    eventually("the relay hangs up", limit, async || relay.unanswered().pop()).await;

    garble(&anonymous, &letter.token, &access_token).await;
    let said = walk(&anonymous, &admin, &letter.token, &access_token).await;
    let recorded = async || {
        let shown = admin.get(&format!("/v1/invitations/{}", refused.text_of("id"))).await.expect(200);
        shown.body["delivery"]["last_error"].as_str().map(str::to_owned)
    };
    let error = eventually("the refusal is recorded", limit, recorded).await;
    assert!(!error.contains("nobody.at"), "{error}");
    let (client_secret, client_token) = use_client(&anonymous, &admin).await;
    let printed = server.out();
    let log = server.stop().await;

    let mut secrets = secrets(&letter.token, &[&access_token, &client_token]);
    secrets.push(("the first half of the client's secret".to_owned(), client_secret[..27].to_owned()));
    secrets.push(("the second half of the client's secret".to_owned(), client_secret[27..].to_owned()));
    for answer in &said {
        holds_none("an answer", &answer.text, &secrets);
    }
    let tables = ["users", "user_roles", "invitations", "letters", "invitation_events"];
    let more = ["api_clients", "api_client_secrets", "idempotency_keys", "audit_events"];
    let rows: Vec<String> = tables
        .into_iter()
        .chain(more)
        .map(|table| match backend {
            Backend::Postgres => {
                home.database.texts(&format!("SELECT t::text AS text FROM {table} t")).join("\n")
            }
            Backend::Sqlite => String::new(),
        })
        .collect();
    holds_none("a row", &rows.join("\n"), &secrets);
    if backend == Backend::Sqlite {
        let file = home.database.url.trim_start_matches("sqlite://");
        let bytes =
            ["", "-wal"].map(|end| std::fs::read(format!("{file}{end}")).unwrap_or_default()).concat();
        assert!(bytes.len() > 10_000);
        holds_none("the file", &String::from_utf8_lossy(&bytes), &secrets);
    } else {
        assert!(rows[0].contains(EMAIL) && rows[4].contains("activated"));
    }

    secrets.push(("an address".to_owned(), EMAIL.to_owned()));
    secrets.push(("an address".to_owned(), EMAIL.replace('+', "%2B")));
    secrets.push(("a part of an address".to_owned(), EMAIL[..12].to_owned()));
    secrets.push(("an address".to_owned(), REFUSED.to_owned()));
    secrets.push(("an address".to_owned(), "grace@example.com".to_owned()));
    secrets.push(("a person's name".to_owned(), "Lovelace".to_owned()));
    holds_none("the greeting", &printed, &secrets);
    holds_none("the log", &log, &secrets);
    // It was really everything, and it is of use: lines of requests and letters, and those of dependencies.
    let trace = if format == "json" { "\"level\":\"TRACE\"" } else { "TRACE" };
    for word in [trace, "/v1/activations", "/activate", "deferred", "failed", "req_"] {
        assert!(log.contains(word), "no {word} in the log:\n{log}");
    }
}

on_each! {
    async fn with_smtp_and_json_lines(backend: Backend) {
        nothing_secret_is_written_down(backend, Speaks::Smtp, "json").await;
    }

    async fn with_http_mail_and_pretty_lines(backend: Backend) {
        nothing_secret_is_written_down(backend, Speaks::Mailpit, "pretty").await;
    }
}
