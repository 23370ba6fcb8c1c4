//! The token endpoint for programs: RFC 6749, §2.3, §4.4 and §5.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{
    Answer, TestApp,
    api_clients::{ApiClient, TOKEN},
    json, on_both_databases,
};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// The answer, if it is this error as OAuth libraries read it.
#[track_caller]
fn refused(answer: Answer, status: u16, code: &str) {
    let answer = answer.expect(status);
    assert_eq!(answer.body["error"], code, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let challenge = if status == 401 { "Basic realm=\"invitation-service\"" } else { "" };
    assert_eq!(answer.header("www-authenticate"), challenge);
    let description = answer.text_of("error_description");
    // RFC 6749 §5.2: printable ASCII but for quotation marks and backslashes.
    assert!(description.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{description}");
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "{}", answer.text);
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn with_header(app: &TestApp, authorization: &[&str], fields: &[(&str, &str)]) -> Answer {
    let request = app.anonymous().request(Method::POST, TOKEN).form(fields);
    Answer::of(authorization.iter().fold(request, |request, value| request.header("authorization", *value)))
        .await
}

async fn client(app: &TestApp) -> ApiClient {
    app.api_client(json!({ "scopes": ["customers:read", "accounts:read"] })).await
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn a_client_gets_a_token_in_either_way(app: TestApp) {
        let client = client(&app).await;
        let (id, secret) = (client.id.as_str(), client.secret.as_str());
        // RFC 6749 §2.3.1: encoded as in a form, which libraries do, needed or not.
        let encoded = basic(&id.replace('_', "%5F"), &secret.replace("ivs", "%69%76s"));
        let in_body = [GRANT, ("client_id", id), ("client_secret", secret), ("audience", "ignored")];
        for answer in [
            app.form(&in_body).await,
            with_header(&app, &[&basic(id, secret)], &[GRANT]).await,
            with_header(&app, &[&encoded.replacen("Basic", "bASIC ", 1)], &[GRANT, ("scope", "")]).await,
            with_header(&app, &[&basic(id, secret)], &[GRANT, ("client_id", id)]).await,
        ] {
            let answer = answer.expect(200);
            assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
            assert_eq!(
                (&answer.body["token_type"], &answer.body["expires_in"]),
                (&json!("Bearer"), &json!(900))
            );
            assert_eq!(answer.body["scope"], "customers:read accounts:read");
            assert_eq!(answer.body.as_object().unwrap().len(), 4, "{}", answer.text);
            let me = app.bearer(&answer.text_of("access_token")).get("/v1/me").await.expect(200).body;
            let expected = json!({
                "type": "client", "id": id, "name": "Fleet sync", "user": null, "roles": [], "accounts": [],
                "permissions": ["customers:read", "accounts:read"], "expires_at": "2026-11-24T12:15:00.000Z"
            });
            assert_eq!(me, expected);
        }
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let type_ = "Application/x-www-form-urlencoded ; charset=UTF-8";
        app.anonymous().post_raw(TOKEN, type_, body).await.expect(200);
    }

    async fn what_is_wrong_has_the_error_of_oauth(app: TestApp) {
        let client = client(&app).await;
        let (id, secret) = (client.id.as_str(), client.secret.as_str());
        let (by_id, by_secret) = (("client_id", id), ("client_secret", secret));
        let scope = |scope| [GRANT, by_id, by_secret, ("scope", scope)];
        let grant = |grant| [("grant_type", grant), by_id, by_secret];
        for (fields, status, code) in [
            (&[by_id, by_secret][..], 400, "invalid_request"),
            (&[("grant_type", ""), by_id, by_secret], 400, "invalid_request"),
            (&[GRANT, GRANT, by_id, by_secret], 400, "invalid_request"),
            (&[GRANT, by_id, by_id, by_secret], 400, "invalid_request"),
            (&[GRANT, by_id, by_secret, by_secret], 400, "invalid_request"),
            (&[GRANT, by_id, by_secret, ("scope", "a"), ("scope", "a")], 400, "invalid_request"),
            (&grant("password"), 400, "unsupported_grant_type"),
            (&grant("refresh_token"), 400, "unsupported_grant_type"),
            (&grant("authorization_code"), 400, "unsupported_grant_type"),
            (&grant("Client_Credentials"), 400, "unsupported_grant_type"),
            (&[GRANT], 401, "invalid_client"),
            (&[GRANT, by_id], 401, "invalid_client"),
            (&[GRANT, by_secret], 401, "invalid_client"),
            (&[GRANT, by_id, ("client_secret", "")], 401, "invalid_client"),
            (&[GRANT, by_id, ("client_secret", &secret[..53])], 401, "invalid_client"),
            (&[GRANT, by_id, ("client_secret", &secret.to_lowercase())], 401, "invalid_client"),
            (&[GRANT, ("client_id", "x\u{0}"), by_secret], 401, "invalid_client"),
            (&[GRANT, ("client_id", "client_01m86xvxh0f46bs8r42wfv2z13"), by_secret], 401, "invalid_client"),
            (&scope("customers:invite"), 400, "invalid_scope"),
            (&scope("customers:read customers:invite"), 400, "invalid_scope"),
            (&scope("everything"), 400, "invalid_scope"),
        ] {
            refused(app.form(fields).await, status, code);
        }
        let (right, other) = (basic(id, secret), basic("client_01m86xvxh0f46bs8r42wfv2z13", secret));
        for (authorization, fields, status, code) in [
            (&[right.as_str()][..], &[GRANT, by_secret][..], 400, "invalid_request"),
            (&[&other], &[GRANT, by_id], 400, "invalid_request"),
            (&[&right, &right], &[GRANT], 400, "invalid_request"),
            (&["Basic %%%"], &[GRANT], 400, "invalid_request"),
            (&["Basic aWQ="], &[GRANT], 400, "invalid_request"),
            (&["Basic /w=="], &[GRANT], 400, "invalid_request"),
            (&["Bearer x"], &[GRANT, by_id, by_secret], 401, "invalid_client"),
            (&[&other], &[GRANT], 401, "invalid_client"),
            (&[&basic(id, "wrong")], &[GRANT], 401, "invalid_client"),
            (&[&basic("", "")], &[GRANT], 401, "invalid_client"),
        ] {
            refused(with_header(&app, authorization, fields).await, status, code);
        }
        let in_uri = format!("{TOKEN}?client_secret={secret}");
        let request = app.anonymous().request(Method::POST, &in_uri).form(&[GRANT, by_id]);
        refused(Answer::of(request).await, 400, "invalid_request");
        app.form(&[GRANT, by_id, ("client_secret", &"x".repeat(20_000))])
            .await
            .problem(413, "payload_too_large");
        app.anonymous()
            .post_raw(TOKEN, "text/plain", "grant_type=x")
            .await
            .problem(415, "unsupported_media_type");
    }

    async fn each_form_of_body_has_its_own_grant(app: TestApp) {
        let client = client(&app).await;
        let json = json!({
            "grant_type": "client_credentials", "client_id": client.id, "client_secret": client.secret
        });
        let answer = app.anonymous().post(TOKEN, &json).await.faults(&[
            ("/grant_type", "unknown_member"),
            ("/client_id", "unknown_member"),
            ("/client_secret", "unknown_member"),
            ("/email", "required"),
            ("/password", "required"),
        ]);
        assert!(answer.text.contains("x-www-form-urlencoded"), "{}", answer.text);
        refused(app.form(&[("email", "ada@example.com"), ("password", "x")]).await, 400, "invalid_request");
    }

    async fn a_scope_narrows_the_token(app: TestApp) {
        let client = client(&app).await;
        let by_secret = [("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())];
        let fields = [&[GRANT, ("scope", " accounts:read  accounts:read ")], &by_secret[..]].concat();
        let answer = app.form(&fields).await.expect(200);
        assert_eq!(answer.body["scope"], "accounts:read");
        let narrow = app.bearer(&answer.text_of("access_token"));
        narrow.get("/v1/accounts").await.expect(200);
        narrow.get("/v1/users").await.problem(403, "forbidden");
        client.caller(&app).await.get("/v1/users").await.expect(200);
    }

    async fn a_token_ends_with_its_client(app: TestApp) {
        let members = json!({ "scopes": ["customers:read"], "expires_at": "2026-11-24T12:20:00Z" });
        let client = app.api_client(members).await;
        let ask = async || client.ask(&app, &client.secret).await;
        assert_eq!(ask().await.expect(200).body["expires_in"], 900);
        app.advance(TimeDelta::seconds(1150));
        let answer = ask().await.expect(200);
        assert_eq!(answer.body["expires_in"], 50);
        let caller = app.bearer(&answer.text_of("access_token"));
        app.advance(TimeDelta::milliseconds(49_500));
        assert_eq!(ask().await.expect(200).body["expires_in"], 1);
        caller.get("/v1/users").await.expect(200);
        // Other tokens are taken for 30 seconds more, since clocks differ; a client's end is its end.
        app.advance(TimeDelta::milliseconds(500));
        refused(ask().await, 401, "invalid_client");
        caller.get("/v1/users").await.problem(401, "unauthenticated");
        assert_eq!(app.admin().get(&client.path()).await.expect(200).body["status"], "expired");
        app.admin().post_empty(&format!("{}/rotate", client.path())).await.problem(409, "api_client_expired");
    }

    async fn tokens_and_refusals_are_in_the_audit_log(app: TestApp) {
        let client = client(&app).await;
        client.caller(&app).await;
        client.ask(&app, "wrong").await.expect(401);
        app.form(&[GRANT, ("client_id", "x"), ("client_secret", "x")]).await.expect(401);
        let log = app.admin().get("/v1/audit-events?action=client_token").await.expect(200).body;
        let seen: Vec<_> = log["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                (
                    event["outcome"].as_str().unwrap(),
                    event["object"].clone(),
                    event["details"]["reason"].clone(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("denied", json!(null), json!("unknown_client")),
                ("denied", json!(client.id), json!("wrong_secret")),
                ("succeeded", json!(client.id), json!(null)),
            ]
        );
        let issued = &log["data"][2];
        assert_eq!(issued["actor"], json!({ "type": "client", "id": client.id, "name": "Fleet sync" }));
        assert_eq!(issued["details"]["scopes"], json!(["customers:read", "accounts:read"]));
        assert!(issued["address"].is_string() && issued["request_id"].is_string(), "{issued}");
        assert!(!log.to_string().contains(&client.secret));
    }

    async fn the_last_use_is_noted_once_a_minute(app: TestApp) {
        let client = client(&app).await;
        let used = async || {
            let shown = app.admin().get(&client.path()).await.expect(200).body;
            assert_eq!(shown["last_used_at"], shown["secrets"][0]["last_used_at"]);
            shown["last_used_at"].clone()
        };
        assert_eq!(used().await, json!(null));
        client.caller(&app).await;
        assert_eq!(used().await, "2026-11-24T12:00:00.000Z");
        app.advance(TimeDelta::seconds(59));
        client.caller(&app).await;
        assert_eq!(used().await, "2026-11-24T12:00:00.000Z");
        app.advance(TimeDelta::seconds(1));
        client.caller(&app).await;
        assert_eq!(used().await, "2026-11-24T12:01:00.000Z");
    }
}

on_both_databases! {
    async fn the_limit_of_signing_in_is_theirs_too(app: TestApp) {
        let client = client(&app).await;
        for _ in 0..10 {
            client.ask(&app, &client.secret).await.expect(200);
        }
        let limited = client.ask(&app, &client.secret).await.problem(429, "rate_limited");
        assert!(!limited.header("retry-after").is_empty());
    }
}
