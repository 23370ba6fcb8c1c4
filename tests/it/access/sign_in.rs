//! `POST /v1/auth/token`: an address and a password for fifteen minutes.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{
    Answer, PASSWORD, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    app.anonymous().post("/v1/auth/token", &json!({ "email": email, "password": password })).await
}

/// What is the same in two problems: everything but the request's id.
fn but_for_the_id(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

on_both_databases! {
    async fn a_token_with_what_the_person_may_do_now(app: TestApp) {
        let acme = app.owner("Grace@example.com", "Acme").await;
        let answer = sign_in(&app, "gRACE@EXAMPLE.com", PASSWORD).await.expect(200);
        let token = answer.text_of("access_token");
        let expected = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": 900,
            "refresh_token": answer.text_of("refresh_token"), "refresh_expires_in": 604_800,
        });
        assert_eq!(answer.body, expected);
        assert_eq!(
            (answer.header("cache-control"), answer.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        assert_eq!(answer.header("pragma"), "no-cache");
        let grace = app.bearer(&token);
        grace.get(&format!("/v1/accounts/{}", acme.account)).await.expect(200);
        grace.get("/v1/users?kind=system_user").await.problem(403, "forbidden");

        // A second account and two roles: in the next token, not in this one.
        let zenith = app.owner("linus@example.com", "Zenith").await;
        let (_, mail) = app
            .invite_by(OWNERS, json!({ "email": "grace@example.com", "account_id": zenith.account }))
            .await;
        app.join(&mail.token, "grace@example.com", json!({})).await.expect(201);
        let (_, mail) = app.invite("grace@example.com", &["viewer", "user_manager"]).await;
        app.join(&mail.token, "grace@example.com", json!({})).await.expect(201);
        grace.get(&format!("/v1/accounts/{}", zenith.account)).await.problem(404, "not_found");
        let again = app.sign_in("grace@example.com").await;
        again.get(&format!("/v1/accounts/{}", zenith.account)).await.expect(200);
        let (made, _) = app
            .send(
                &again,
                "/v1/system-users/invitations",
                json!({ "email": "ada@example.com", "roles": ["viewer"] }),
            )
            .await;
        assert_eq!(made["invited_by"], json!({ "type": "user", "id": acme.user, "name": "Ada Lovelace" }));
        let admin = json!({ "email": "eve@example.com", "roles": ["admin"] });
        again.post("/v1/system-users/invitations", &admin).await.problem(403, "role_exceeds_yours");

        // Fifteen minutes, and the half minute by which clocks may differ.
        app.advance(TimeDelta::seconds(900 + 29));
        grace.get("/v1/roles").await.expect(200);
        app.advance(TimeDelta::seconds(1));
        grace.get("/v1/roles").await.problem(401, "unauthenticated");
    }

    async fn whatever_is_wrong_is_the_same(app: TestApp) {
        app.owner("grace@example.com", "Acme").await;
        app.invite("ada@example.com", &["viewer"]).await;
        let (revoked, _) = app.invite("gone@example.com", &["viewer"]).await;
        app.admin()
            .post_empty(&format!("/v1/invitations/{}/revoke", text(&revoked, "/id")))
            .await
            .expect(200);
        let long = "x".repeat(10_000);
        let mut answers = Vec::new();
        for (email, password) in [
            ("grace@example.com", "seven green bicycles sing at midnight"),
            ("grace@example.com", ""),
            ("grace@example.com", " seven green bicycles sing at noon"),
            ("grace@example.com", "Seven green bicycles sing at noon"),
            ("grace@example.com", long.as_str()),
            ("grace+x@example.com", PASSWORD),
            ("nobody@example.com", PASSWORD),
            ("ada@example.com", PASSWORD),
            ("ada@example.com", ""),
            ("gone@example.com", PASSWORD),
            ("no address", PASSWORD),
            ("' OR 1=1 --@example.com", PASSWORD),
        ] {
            app.advance(TimeDelta::minutes(1));
            let refused = sign_in(&app, email, password).await.problem(401, "invalid_credentials");
            assert_eq!(
                (refused.header("cache-control"), refused.header("www-authenticate")),
                ("no-store", "Bearer"),
                "{email}"
            );
            assert!(!refused.text.contains(email) && !refused.text.contains("access_token"));
            answers.push(but_for_the_id(&refused));
        }
        assert!(answers.iter().all(|body| *body == answers[0]), "{answers:?}");
        // Somebody who is kept out is one of them.
        app.database.execute("UPDATE users SET status = 'blocked' WHERE email_key = 'grace@example.com'");
        let blocked = sign_in(&app, "grace@example.com", PASSWORD).await.problem(401, "invalid_credentials");
        assert_eq!(but_for_the_id(&blocked), answers[0]);
    }

    async fn what_is_no_request(app: TestApp) {
        let post = async |body: Value| app.anonymous().post("/v1/auth/token", &body).await;
        post(json!({})).await.faults(&[("/email", "required"), ("/password", "required")]);
        post(json!({ "email": 5, "password": ["x"], "grant_type": "password" })).await.faults(&[
            ("/email", "wrong_type"),
            ("/password", "wrong_type"),
            ("/grant_type", "unknown_member"),
        ]);
        post(json!([])).await.faults(&[("", "wrong_type")]);
        app.anonymous().post_empty("/v1/auth/token").await.problem(400, "malformed_json");
        // A form is a program's (RFC 6749 §4.4), and so is its error.
        let form = "application/x-www-form-urlencoded";
        let answer = app.anonymous().post_raw("/v1/auth/token", form, "email=a").await.expect(400);
        assert_eq!(answer.body["error"], "invalid_request");
        app.anonymous()
            .post_raw("/v1/auth/token", "text/plain", "{}")
            .await
            .problem(415, "unsupported_media_type");
        app.anonymous()
            .post("/v1/auth/token?email=x", &json!({}))
            .await
            .faults(&[("email", "unknown_parameter")]);
        app.anonymous().get("/v1/auth/token").await.problem(405, "method_not_allowed");
    }

    async fn limited_by_address(app: TestApp) {
        let first = sign_in(&app, "nobody@example.com", PASSWORD).await.problem(401, "invalid_credentials");
        assert_eq!(first.header("ratelimit-policy"), "\"sign-in\";q=10;w=60");
        assert_eq!(first.header("ratelimit"), "\"sign-in\";r=9;t=6");
        // Whatever is wrong with a request, it counts.
        for left in (0..9).rev() {
            let answer = app.anonymous().post_empty("/v1/auth/token").await.problem(400, "malformed_json");
            assert!(
                answer.header("ratelimit").starts_with(&format!("\"sign-in\";r={left};")),
                "{:?}",
                answer.headers
            );
        }
        // The good password as well: which one it is would be told otherwise.
        for answer in join_all((0..20).map(|_| sign_in(&app, "nobody@example.com", PASSWORD))).await {
            let refused = answer.problem(429, "rate_limited");
            assert_eq!((refused.header("retry-after"), refused.header("cache-control")), ("6", "no-store"));
            assert_eq!(refused.header("ratelimit"), "\"sign-in\";r=0;t=60");
        }
        // Nothing else is limited by that.
        app.anonymous().get("/activate").await.expect(400);
        app.advance(TimeDelta::seconds(6));
        sign_in(&app, "nobody@example.com", PASSWORD).await.problem(401, "invalid_credentials");
        sign_in(&app, "nobody@example.com", PASSWORD).await.problem(429, "rate_limited");
    }
}

mod in_time {
    use super::*;

    on_both_databases! { with [("RATE_LIMITS", "off")];
        async fn an_unknown_address_takes_as_long_as_a_wrong_password(app: TestApp) {
            app.owner("grace@example.com", "Acme").await;
            app.invite("ada@example.com", &["viewer"]).await;
            let callers = ["grace@example.com", "nobody@example.com", "ada@example.com"];
            let mut times = [const { Vec::new() }; 3];
            // In turns, so that whatever else the machine does meets each of them alike.
            for _ in 0..15 {
                for (email, times) in callers.iter().zip(&mut times) {
                    let started = Instant::now();
                    sign_in(&app, email, "seven green bicycles sing at midnight").await.expect(401);
                    times.push(started.elapsed());
                }
            }
            let medians = times.map(|mut times| {
                times.sort();
                times[times.len() / 2]
            });
            let (shortest, longest) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
            // Without the hash they would differ tenfold.
            assert!(*longest < *shortest * 3, "{medians:?}");
            assert!(*shortest > Duration::from_millis(2), "no password was compared: {medians:?}");
        }
    }
}
