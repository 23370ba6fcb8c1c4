//! `POST /v1/auth/password`: a person changes their password; hashes with older parameters are made anew.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, PASSWORD, TestApp, customers::text, json, on_both_databases};

const TOKEN: &str = "/v1/auth/token";
const REFRESH: &str = "/v1/auth/refresh";
const CHANGE: &str = "/v1/auth/password";
const NEW: &str = "eleven quiet lanterns drift past harbours";

async fn ada(app: &TestApp) -> String {
    let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn signed_in(app: &TestApp, password: &str) -> Value {
    let body = json!({ "email": "ada@example.com", "password": password });
    app.anonymous().post(TOKEN, &body).await.expect(200).body
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.bearer(tokens["access_token"].as_str().unwrap())
}

fn change(old: &str, new: &str) -> Value {
    json!({ "password": old, "new_password": new })
}

on_both_databases! {
    with [("RATE_LIMITS", "on")];

    async fn the_session_of_the_change_continues_and_the_others_end(app: TestApp) {
        ada(&app).await;
        let (own, other) = (signed_in(&app, PASSWORD).await, signed_in(&app, PASSWORD).await);
        for path in [CHANGE, "/v1/auth/sign-out-everywhere"] {
            let request = bearer(&app, &own).request(Method::POST, path).header("idempotency-key", "\"");
            let body = if path == CHANGE { change(PASSWORD, NEW) } else { json!({}) };
            Answer::of(request.json(&body)).await.problem(400, "idempotency_key_invalid");
        }
        let answer = bearer(&app, &own).post(CHANGE, &change(PASSWORD, NEW)).await.expect(204);
        assert_eq!((answer.text.as_str(), answer.header("cache-control")), ("", "no-store"));
        bearer(&app, &own).get("/v1/me").await.expect(200);
        bearer(&app, &other).get("/v1/me").await.problem(401, "unauthenticated");
        let spent = json!({ "refresh_token": other["refresh_token"] });
        app.anonymous().post(REFRESH, &spent).await.problem(401, "session_ended");
        let next = json!({ "refresh_token": own["refresh_token"] });
        let next = app.anonymous().post(REFRESH, &next).await.expect(200).body;
        bearer(&app, &next).get("/v1/me").await.expect(200);
        let old = json!({ "email": "ada@example.com", "password": PASSWORD });
        app.anonymous().post(TOKEN, &old).await.problem(401, "invalid_credentials");
        bearer(&app, &signed_in(&app, NEW).await).get("/v1/me").await.expect(200);
    }

    async fn what_is_refused(app: TestApp) {
        ada(&app).await;
        let own = bearer(&app, &signed_in(&app, PASSWORD).await);
        for (body, faults) in [
            (
                change(PASSWORD, "short"),
                vec![("/new_password", "too_short"), ("/new_password", "password_guessable")],
            ),
            (
                change(PASSWORD, "Ada Lovelace Ada Lovelace"),
                vec![("/new_password", "password_contains_identity")],
            ),
            (change(PASSWORD, "ada@example.com"), vec![("/new_password", "password_contains_identity")]),
            (change("not the present one", NEW), vec![("/password", "password_wrong")]),
            (change("", NEW), vec![("/password", "password_wrong")]),
            (json!({ "password": PASSWORD }), vec![("/new_password", "required")]),
            (
                json!({ "password": 1, "new_password": null }),
                vec![("/password", "wrong_type"), ("/new_password", "required")],
            ),
            (
                json!({ "password": PASSWORD, "new_password": NEW, "email": "x" }),
                vec![("/email", "unknown_member")],
            ),
        ] {
            let answer = own.post(CHANGE, &body).await.expect(422);
            let found = answer.body["errors"].as_array().unwrap();
            for (pointer, code) in &faults {
                let is_there = found.iter().any(|one| one["pointer"] == *pointer && one["code"] == *code);
                assert!(is_there, "{pointer} {code} in {}", answer.text);
            }
            let pointers: Vec<&str> = faults.iter().map(|(pointer, _)| *pointer).collect();
            let is_expected = |one: &Value| pointers.contains(&one["pointer"].as_str().unwrap());
            assert!(found.iter().all(is_expected), "{}", answer.text);
        }
        own.post_empty(CHANGE).await.problem(400, "malformed_json");
        own.post(&format!("{CHANGE}?x=1"), &change(PASSWORD, NEW)).await.problem(422, "validation_failed");
        app.admin().post(CHANGE, &change(PASSWORD, NEW)).await.problem(403, "forbidden");
        app.anonymous().post(CHANGE, &change(PASSWORD, NEW)).await.problem(401, "unauthenticated");
        signed_in(&app, PASSWORD).await;
    }

    async fn guesses_are_counted_with_those_of_signing_in(app: TestApp) {
        ada(&app).await;
        let own = bearer(&app, &signed_in(&app, PASSWORD).await);
        for number in 0..3 {
            own.post(CHANGE, &change(&format!("guess {number}"), NEW)).await.expect(422);
        }
        let wait = own.post(CHANGE, &change(PASSWORD, NEW)).await.problem(429, "rate_limited");
        assert!(!wait.header("retry-after").is_empty());
        let body = json!({ "email": "ada@example.com", "password": PASSWORD });
        app.anonymous().post(TOKEN, &body).await.problem(429, "rate_limited");
        app.advance(TimeDelta::seconds(5));
        own.post(CHANGE, &change(PASSWORD, NEW)).await.expect(204);
    }

    async fn of_two_changes_at_once_one_is_made(app: TestApp) {
        ada(&app).await;
        let tokens = [signed_in(&app, PASSWORD).await, signed_in(&app, PASSWORD).await];
        let others = ["two wooden whistles answer the morning", "forty patient otters carry the piano"];
        let changes = tokens.iter().zip(others).map(|(tokens, new)| {
            let client = bearer(&app, tokens);
            async move { client.post(CHANGE, &change(PASSWORD, new)).await }
        });
        let answers = join_all(changes).await;
        let made: Vec<usize> = (0..2).filter(|one| answers[*one].status == 204).collect();
        assert_eq!(made.len(), 1, "{answers:?}");
        // The other one finds its password wrong, or its session ended.
        assert!([401, 422].contains(&answers[1 - made[0]].status), "{answers:?}");
        bearer(&app, &tokens[made[0]]).get("/v1/me").await.expect(200);
        bearer(&app, &tokens[1 - made[0]]).get("/v1/me").await.problem(401, "unauthenticated");
        signed_in(&app, others[made[0]]).await;
    }

    async fn an_outdated_hash_is_made_anew_and_sessions_continue(app: TestApp) {
        let user = ada(&app).await;
        // "password", with 256 KiB of memory: from the test vectors of the reference implementation.
        let weak = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let set = format!("UPDATE users SET password_hash = '{weak}' WHERE id = '{user}'");
        app.database.execute(&set);
        let body = json!({ "email": "ada@example.com", "password": "wrong" });
        app.anonymous().post(TOKEN, &body).await.problem(401, "invalid_credentials");
        let stored = format!("SELECT password_hash AS text FROM users WHERE id = '{user}'");
        let hash = || app.database.texts(&stored).remove(0);
        assert_eq!(hash(), weak);
        let first = signed_in(&app, "password").await;
        let strong = hash();
        assert!(strong.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{strong}");
        let second = signed_in(&app, "password").await;
        assert_eq!(hash(), strong);
        // Sessions of the earlier hash continue when another one hashes it anew.
        app.database.execute(&set);
        app.database.execute(&format!(
            "UPDATE sessions SET credential = '{}'",
            invitation_service::domain::token::credential_mark(weak)
        ));
        signed_in(&app, "password").await;
        for tokens in [&first, &second] {
            bearer(&app, tokens).get("/v1/me").await.expect(200);
        }
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "on")];

    async fn changes_and_their_letters_are_limited(app: TestApp) {
        ada(&app).await;
        let own = bearer(&app, &signed_in(&app, PASSWORD).await);
        let mut passwords = [PASSWORD, NEW].into_iter().cycle();
        for left in (0..10).rev() {
            let (old, new) = (passwords.next().unwrap(), passwords.clone().next().unwrap());
            let answer = own.post(CHANGE, &change(old, new)).await.expect(204);
            assert!(answer.header("ratelimit").starts_with(&format!("\"password\";r={left};")));
        }
        own.post(CHANGE, &change(PASSWORD, NEW)).await.problem(429, "rate_limited");
        assert_eq!(app.letters().await.len(), 6);
        let wrong = {
            app.advance(TimeDelta::minutes(1));
            own.post(CHANGE, &change("not the present one", NEW)).await
        };
        wrong.faults(&[("/password", "password_wrong")]);
        let log = app.admin().get("/v1/audit-events?action=password_changed").await.expect(200).body;
        assert_eq!(log["data"][0]["outcome"], "denied", "{log}");
    }
}
