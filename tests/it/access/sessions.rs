//! Sessions: refresh tokens rotate, a spent one ends its session, and signing out ends access tokens at once.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::domain::token::{DerivedKey, credential_mark};
use jsonwebtoken::{EncodingKey, Header};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::support::{Answer, Client, PASSWORD, TestApp, customers::text, json, on_both_databases};

const TOKEN: &str = "/v1/auth/token";
const REFRESH: &str = "/v1/auth/refresh";
const OUT: &str = "/v1/auth/sign-out";
const EVERYWHERE: &str = "/v1/auth/sign-out-everywhere";

async fn ada(app: &TestApp) -> String {
    let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

async fn signed_in(app: &TestApp) -> Value {
    let body = json!({ "email": "ada@example.com", "password": PASSWORD });
    app.anonymous().post(TOKEN, &body).await.expect(200).body
}

/// Another person, signed in.
async fn bob(app: &TestApp) -> Value {
    let (_, mail) = app.invite("bob@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    let body = json!({ "email": "bob@example.com", "password": PASSWORD });
    app.anonymous().post(TOKEN, &body).await.expect(200).body
}

/// A caller with a token of a person as it was before there were sessions: with a mark of the password alone.
fn without_session(app: &TestApp, user: &str) -> Client {
    let hash =
        app.database.texts(&format!("SELECT password_hash AS text FROM users WHERE id = '{user}'")).remove(0);
    let now = app.now().timestamp();
    let claims = json!({
        "iss": "invitation-service", "aud": "invitation-service", "sub": user, "actor": "user", "iat": now,
        "exp": now + 900, "roles": ["viewer"], "credential": credential_mark(&hash),
    });
    let key = DerivedKey::derive(&SecretString::from("a key for tests that nobody else has"), "access-token");
    let header = Header { typ: Some("at+jwt".to_owned()), kid: Some(key.id()), ..Header::default() };
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.secret()));
    app.bearer(&token.unwrap())
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    app.anonymous().post(REFRESH, &json!({ "refresh_token": tokens["refresh_token"] })).await
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.bearer(tokens["access_token"].as_str().unwrap())
}

/// A request with the cookie of an answer, from a page of this origin.
async fn with_cookie(app: &TestApp, path: &str, answer: &Answer, origin: Option<&str>) -> Answer {
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = app.anonymous().request(Method::POST, path).header("cookie", cookie);
    Answer::of(origin.into_iter().fold(request, |request, origin| request.header("origin", origin))).await
}

on_both_databases! {
    with [("CORS_ORIGINS", "https://portal.example.com"), ("RATE_LIMITS", "off")];

    async fn a_session_goes_on_by_its_newest_refresh_token(app: TestApp) {
        ada(&app).await;
        let first = signed_in(&app).await;
        assert_eq!((&first["token_type"], &first["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert_eq!(first["refresh_expires_in"], json!(7 * 24 * 3600));
        app.advance(TimeDelta::minutes(16));
        bearer(&app, &first).get("/v1/me").await.problem(401, "unauthenticated");
        let answer = refresh(&app, &first).await.expect(200);
        assert_eq!((answer.header("cache-control"), answer.header("set-cookie")), ("no-store", ""));
        assert_eq!(answer.header("pragma"), "no-cache");
        let second = answer.body;
        bearer(&app, &second).get("/v1/me").await.expect(200);
        assert_ne!(second["refresh_token"], first["refresh_token"]);
        let third = refresh(&app, &second).await.expect(200).body;
        bearer(&app, &third).get("/v1/me").await.expect(200);
        // One that is not refreshed ends after a week; the others end after a month.
        app.advance(TimeDelta::days(7));
        refresh(&app, &third).await.problem(401, "session_ended");
        let mut tokens = signed_in(&app).await;
        for _ in 0..4 {
            app.advance(TimeDelta::days(6));
            tokens = refresh(&app, &tokens).await.expect(200).body;
        }
        assert_eq!(tokens["refresh_expires_in"], json!(6 * 24 * 3600), "24 of 30 days are over");
        app.advance(TimeDelta::days(6));
        refresh(&app, &tokens).await.problem(401, "session_ended");
    }

    async fn a_spent_token_gets_its_answer_again_for_seconds_and_then_ends_the_session(app: TestApp) {
        ada(&app).await;
        let first = signed_in(&app).await;
        let second = refresh(&app, &first).await.expect(200).body;
        app.advance(TimeDelta::seconds(10));
        let again = refresh(&app, &first).await.expect(200).body;
        assert_eq!(again["refresh_token"], second["refresh_token"]);
        app.advance(TimeDelta::seconds(1));
        let other = signed_in(&app).await;
        let reused = refresh(&app, &first).await.problem(401, "refresh_reused");
        assert_eq!(reused.header("www-authenticate"), "Bearer");
        // The newest token is refused too. Another session continues.
        refresh(&app, &second).await.problem(401, "session_ended");
        for tokens in [&second, &again] {
            bearer(&app, tokens).get("/v1/me").await.problem(401, "unauthenticated");
        }
        bearer(&app, &other).get("/v1/me").await.expect(200);
        refresh(&app, &other).await.expect(200);
    }

    async fn of_many_with_one_token_all_continue_one_session(app: TestApp) {
        ada(&app).await;
        let first = signed_in(&app).await;
        let answers = join_all((0..32).map(|_| refresh(&app, &first))).await;
        let next = answers[0].body["refresh_token"].clone();
        for answer in answers {
            assert_eq!(answer.expect(200).body["refresh_token"], next);
        }
        assert_eq!(app.database.count("sessions WHERE generation = 2 AND ended_at IS NULL"), 1);
    }

    async fn a_refresh_and_a_sign_out_at_once_leave_no_session(app: TestApp) {
        ada(&app).await;
        for _ in 0..4 {
            let first = signed_in(&app).await;
            let body = json!({ "refresh_token": first["refresh_token"] });
            let refreshing = join_all((0..16).map(|_| refresh(&app, &first)));
            let anonymous = app.anonymous();
            let (answers, out) = futures_util::join!(refreshing, anonymous.post(OUT, &body));
            out.expect(204);
            for answer in answers {
                if answer.status != 200 {
                    answer.problem(401, "session_ended");
                    continue;
                }
                bearer(&app, &answer.body).get("/v1/me").await.problem(401, "unauthenticated");
                refresh(&app, &answer.body).await.problem(401, "session_ended");
            }
        }
        assert_eq!(app.database.count("sessions WHERE ended_at IS NULL"), 0);
    }

    async fn a_spent_token_used_many_times_at_once_leaves_no_session(app: TestApp) {
        ada(&app).await;
        let first = signed_in(&app).await;
        let second = refresh(&app, &first).await.expect(200).body;
        app.advance(TimeDelta::seconds(11));
        let mut reused = 0;
        for answer in join_all((0..32).map(|_| refresh(&app, &first))).await {
            assert_eq!(answer.status, 401);
            reused += usize::from(answer.body["code"] == json!("refresh_reused"));
        }
        assert!(reused >= 1, "the others find that the session has ended");
        refresh(&app, &second).await.problem(401, "session_ended");
        bearer(&app, &second).get("/v1/me").await.problem(401, "unauthenticated");
    }

    async fn tokens_from_before_sessions_end_everywhere_too(app: TestApp) {
        let user = ada(&app).await;
        let tokens = signed_in(&app).await;
        let before = without_session(&app, &user);
        before.get("/v1/me").await.expect(200);
        app.advance(TimeDelta::seconds(1));
        bearer(&app, &tokens).post_empty(EVERYWHERE).await.expect(204);
        before.get("/v1/me").await.problem(401, "unauthenticated");
    }

    async fn signing_out_ends_access_tokens_at_once(app: TestApp) {
        let user = ada(&app).await;
        let of_bob = bob(&app).await;
        let (one, two, three) = (signed_in(&app).await, signed_in(&app).await, signed_in(&app).await);
        app.anonymous().post(OUT, &json!({ "refresh_token": one["refresh_token"] })).await.expect(204);
        bearer(&app, &one).get("/v1/me").await.problem(401, "unauthenticated");
        refresh(&app, &one).await.problem(401, "session_ended");
        bearer(&app, &two).get("/v1/me").await.expect(200);
        // Again, without a token, and with one that is none: nothing to end.
        for body in
            [json!({ "refresh_token": one["refresh_token"] }), json!({}), json!({ "refresh_token": "x" })]
        {
            app.anonymous().post(OUT, &body).await.expect(204);
        }
        bearer(&app, &two).post_empty(EVERYWHERE).await.expect(204);
        for tokens in [&two, &three] {
            bearer(&app, tokens).get("/v1/me").await.problem(401, "unauthenticated");
            refresh(&app, tokens).await.problem(401, "session_ended");
        }
        // Of another person's sessions nothing ends, and a second time has no effect.
        bearer(&app, &two).post_empty(EVERYWHERE).await.problem(401, "unauthenticated");
        bearer(&app, &of_bob).get("/v1/me").await.expect(200);
        let live = format!("sessions WHERE user_id = '{user}' AND ended_at IS NULL");
        assert_eq!(app.database.count(&live), 0);
        bearer(&app, &signed_in(&app).await).get("/v1/me").await.expect(200);
        app.admin().post_empty(EVERYWHERE).await.problem(403, "forbidden");
        app.anonymous().post_empty(EVERYWHERE).await.problem(401, "unauthenticated");
    }

    async fn a_blocked_person_and_a_changed_password_end_sessions(app: TestApp) {
        let user = ada(&app).await;
        let tokens = signed_in(&app).await;
        app.database.execute(&format!("UPDATE users SET status = 'blocked' WHERE id = '{user}'"));
        bearer(&app, &tokens).get("/v1/me").await.problem(401, "unauthenticated");
        refresh(&app, &tokens).await.problem(401, "session_ended");
        app.database.execute(&format!("UPDATE users SET status = 'active' WHERE id = '{user}'"));
        let tokens = signed_in(&app).await;
        app.database
            .execute(&format!("UPDATE users SET password_hash = password_hash || 'x' WHERE id = '{user}'"));
        refresh(&app, &tokens).await.problem(401, "session_ended");
    }

    async fn in_a_browser_the_refresh_token_is_a_cookie(app: TestApp) {
        ada(&app).await;
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "cookie" });
        let first = app.anonymous().post(TOKEN, &body).await.expect(200);
        assert_eq!(first.body["refresh_token"], Value::Null);
        let cookie = first.header("set-cookie").to_owned();
        assert!(cookie.starts_with("__Host-refresh="), "{cookie}");
        for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
            assert!(cookie.contains(&format!("; {attribute}")), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        let second = with_cookie(&app, REFRESH, &first, Some("https://portal.example.com")).await.expect(200);
        assert_eq!(second.body["refresh_token"], Value::Null);
        assert_ne!(second.header("set-cookie"), cookie);
        // Another page of the same site may have the browser send it.
        for origin in ["https://evil.example.com", "null"] {
            for path in [REFRESH, OUT] {
                with_cookie(&app, path, &second, Some(origin)).await.problem(403, "forbidden");
            }
        }
        let third = with_cookie(&app, REFRESH, &second, None).await.expect(200);
        let out = with_cookie(&app, OUT, &third, Some("https://portal.example.com")).await.expect(204);
        assert!(out.header("set-cookie").starts_with("__Host-refresh=;"), "{}", out.header("set-cookie"));
        assert!(out.header("set-cookie").contains("Max-Age=0"));
        with_cookie(&app, REFRESH, &third, None).await.problem(401, "session_ended");
    }

    async fn what_is_no_refresh_token_is_refused(app: TestApp) {
        ada(&app).await;
        let tokens = signed_in(&app).await;
        let genuine = tokens["refresh_token"].as_str().unwrap();
        let (rest, last) = genuine.split_at(genuine.len() - 1);
        let damaged = format!("{rest}{}", if last == "A" { "B" } else { "A" });
        let (_, mail) = app.invite("eve@example.com", &["viewer"]).await;
        for token in ["", "x", &damaged, &mail.token, tokens["access_token"].as_str().unwrap()] {
            app.anonymous()
                .post(REFRESH, &json!({ "refresh_token": token }))
                .await
                .problem(401, "session_ended");
        }
        app.anonymous().post_empty(REFRESH).await.problem(401, "session_ended");
        app.anonymous()
            .post(REFRESH, &json!({ "refresh_token": 1 }))
            .await
            .faults(&[("/refresh_token", "wrong_type")]);
        app.anonymous()
            .post(REFRESH, &json!({ "token": genuine }))
            .await
            .faults(&[("/token", "unknown_member")]);
        let body = json!({ "email": "ada@example.com", "password": PASSWORD, "session": "jar" });
        app.anonymous().post(TOKEN, &body).await.faults(&[("/session", "unknown_session")]);
        // A refresh token is no link and no access token.
        app.bearer(genuine).get("/v1/me").await.problem(401, "unauthenticated");
        app.anonymous()
            .post("/v1/activations/preview", &json!({ "token": genuine }))
            .await
            .problem(404, "activation_link_invalid");
        refresh(&app, &tokens).await.expect(200);
    }
}
