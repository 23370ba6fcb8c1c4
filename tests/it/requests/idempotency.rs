//! `Idempotency-Key`: one effect and one answer, however often a request is sent.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::domain::role::Role;
use reqwest::Method;

use crate::support::{
    Answer, Client, TestApp,
    batches::{BATCH, RESEND},
    json, on_both_databases,
};

const INVITE: &str = "/v1/system-users/invitations";

async fn keyed(client: &Client, path: &str, key: &str, body: &serde_json::Value) -> Answer {
    Answer::of(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

fn ada() -> serde_json::Value {
    json!({ "email": "ada@example.com", "roles": ["viewer"] })
}

on_both_databases! {
    async fn a_retry_gets_the_first_answer_and_has_no_effect(app: TestApp) {
        let admin = app.admin();
        let first = keyed(&admin, INVITE, "\"order-1\"", &ada()).await.expect(201);
        assert_eq!(first.header("idempotency-replayed"), "");
        app.letter().await;
        app.advance(TimeDelta::hours(1));
        // Quoted or bare, it is the same key.
        let again = keyed(&admin, INVITE, "order-1", &ada()).await.expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(
            (again.text.as_str(), again.header("location")),
            (first.text.as_str(), first.header("location"))
        );
        assert_eq!(again.header("content-type"), "application/json");
        assert!(!first.header("etag").is_empty());
        assert_eq!(again.header("etag"), first.header("etag"));
        assert!(app.letters().await.is_empty());
        assert_eq!(app.database.count("invitations"), 1);
    }

    async fn a_key_goes_with_one_request_of_one_caller(app: TestApp) {
        let admin = app.admin();
        let made = keyed(&admin, INVITE, "k", &ada()).await.expect(201);
        let other = json!({ "email": "bob@example.com", "roles": ["viewer"] });
        keyed(&admin, INVITE, "k", &other).await.problem(422, "idempotency_key_reused");
        let resend = format!("/v1/invitations/{}/resend", made.text_of("id"));
        keyed(&admin, &resend, "k", &json!({})).await.problem(422, "idempotency_key_reused");
        let other_caller = app.client_named("somebody else", &[Role::Admin]);
        keyed(&other_caller, INVITE, "k", &other).await.expect(201);
        assert_eq!(app.letters().await.len(), 2);
    }

    async fn refusals_are_kept_but_for_those_that_pass(app: TestApp) {
        let admin = app.admin();
        let made = keyed(&admin, INVITE, "first", &ada()).await.expect(201);
        let refused = keyed(&admin, INVITE, "second", &ada()).await.problem(409, "invitation_pending");
        let id = made.text_of("id");
        keyed(&admin, &format!("/v1/invitations/{id}/resend"), "early", &json!({}))
            .await
            .problem(429, "resend_too_soon");
        app.advance(TimeDelta::minutes(2));
        keyed(&admin, &format!("/v1/invitations/{id}/resend"), "early", &json!({})).await.expect(200);
        admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        // The address is free again, and the answer is the old one: the key is what the caller meant.
        let again = keyed(&admin, INVITE, "second", &ada()).await.expect(409);
        assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &refused.text));
        assert_eq!(again.header("content-type"), "application/problem+json");
        let wrong = json!({ "email": "ada" });
        let faults = keyed(&admin, INVITE, "third", &wrong).await.problem(422, "validation_failed");
        assert_eq!(keyed(&admin, INVITE, "third", &wrong).await.text, faults.text);
        let viewer = app.client_named("viewer", &[Role::Viewer]);
        keyed(&viewer, INVITE, "fourth", &ada()).await.problem(403, "forbidden");
        keyed(&app.client_named("viewer", &[Role::Admin]), INVITE, "fourth", &ada()).await.expect(201);
        app.letters().await;
    }

    /// What is no JSON is a body as well: it is compared, and its refusal is kept.
    async fn a_body_that_is_no_json_is_kept_with_its_key(app: TestApp) {
        let admin = app.admin();
        let send = async |path: &str, key: &str, body: &'static str| {
            let request = admin
                .request(Method::POST, path)
                .header("idempotency-key", key)
                .header("content-type", "application/json");
            Answer::of(request.body(body)).await
        };
        for (number, path) in [INVITE, BATCH, RESEND, "/v1/invitations/inv_x/revoke"].into_iter().enumerate()
        {
            for (key, body) in [("none", ""), ("broken", "{"), ("text", "nonsense")] {
                let key = format!("{key}-{number}");
                let first = send(path, &key, body).await;
                // Whoever needs no body is content with none.
                let (status, code) = if path.ends_with("/revoke") && body.is_empty() {
                    (404, "not_found")
                } else {
                    (400, "malformed_json")
                };
                let first = first.problem(status, code);
                assert_eq!(first.header("idempotency-replayed"), "");
                let again = send(path, &key, body).await.expect(status);
                assert_eq!(
                    (again.header("idempotency-replayed"), &again.text),
                    ("true", &first.text),
                    "{path} {body}"
                );
                send(path, &key, "{}").await.problem(422, "idempotency_key_reused");
            }
            let key = format!("list-{number}");
            let first = send(path, &key, "[1]").await.problem(422, "validation_failed");
            assert_eq!(send(path, &key, "[1]").await.text, first.text);
        }
        // Whoever may not do it at all is told that, whatever they send.
        app.client_named("viewer", &[Role::Viewer])
            .post_raw(INVITE, "application/json", "{")
            .await
            .problem(403, "forbidden");
        assert_eq!(app.database.count("invitations"), 0);
    }

    async fn resend_and_revoke_happen_once(app: TestApp) {
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (admin, id) = (app.admin(), made["id"].as_str().unwrap());
        app.advance(TimeDelta::minutes(2));
        let first = keyed(&admin, &format!("/v1/invitations/{id}/resend"), "r", &json!({})).await.expect(200);
        assert_eq!(first.body["send_count"], 2);
        app.advance(TimeDelta::minutes(2));
        let again = keyed(&admin, &format!("/v1/invitations/{id}/resend"), "r", &json!({})).await.expect(200);
        assert_eq!(again.text, first.text);
        app.letter().await;
        app.advance(TimeDelta::minutes(2));
        let button = format!("/v1/users/{}/resend-invitation", made["user_id"].as_str().unwrap());
        let pressed = keyed(&admin, &button, "b", &json!({})).await.expect(200);
        assert_eq!(
            (pressed.body["send_count"].clone(), keyed(&admin, &button, "b", &json!({})).await.text),
            (json!(3), pressed.text)
        );
        app.letter().await;
        let revoke = format!("/v1/invitations/{id}/revoke");
        let revoked = keyed(&admin, &revoke, "v", &json!({})).await.expect(200);
        assert_eq!(keyed(&admin, &revoke, "v", &json!({})).await.expect(200).text, revoked.text);
    }

    async fn of_a_crowd_with_one_key_one_invites(app: TestApp) {
        let admin = app.admin();
        let body = ada();
        let answers = join_all((0..32).map(|_| keyed(&admin, INVITE, "crowd", &body))).await;
        let new = answers
            .iter()
            .filter(|answer| answer.status == 201 && answer.header("idempotency-replayed").is_empty());
        assert_eq!(new.count(), 1);
        for answer in answers {
            match answer.status {
                201 => {}
                _ => drop(answer.problem(409, "idempotency_in_progress")),
            }
        }
        assert_eq!((app.database.count("invitations"), app.letters().await.len()), (1, 1));
    }

    async fn a_key_whose_worker_is_gone_is_taken_over(app: TestApp) {
        let admin = app.admin();
        keyed(&admin, INVITE, "k", &ada()).await.expect(201);
        app.letter().await;
        // As a crash between the key and the answer leaves it.
        app.database.execute("UPDATE idempotency_keys SET status = NULL, body = NULL, location = NULL");
        keyed(&admin, INVITE, "k", &ada()).await.problem(409, "idempotency_in_progress");
        app.advance(TimeDelta::seconds(61));
        keyed(&admin, INVITE, "k", &ada()).await.problem(409, "invitation_pending");
    }

    async fn a_key_is_forgotten_after_a_day(app: TestApp) {
        let admin = app.admin();
        let first = keyed(&admin, INVITE, "k", &ada()).await.expect(201);
        app.letter().await;
        app.advance(TimeDelta::hours(24) + TimeDelta::seconds(1));
        let second = keyed(&admin, INVITE, "k", &json!({ "email": "bob@example.com", "roles": ["viewer"] }))
            .await
            .expect(201);
        assert_ne!(first.body["id"], second.body["id"]);
        assert_eq!(app.database.count("idempotency_keys"), 1);
        app.letter().await;
    }

    /// Old answers are deleted a few at a time, the oldest first: those that wait for it are none the more
    /// alive.
    async fn an_old_key_is_forgotten_before_it_is_swept_up(app: TestApp) {
        let admin = app.admin();
        let body =
            |number: usize| json!({ "email": format!("ada{number}@example.com"), "roles": ["viewer"] });
        for number in 0..10 {
            keyed(&admin, INVITE, &format!("k{number}"), &body(number)).await.expect(201);
            app.advance(TimeDelta::seconds(1));
        }
        app.advance(TimeDelta::hours(24));
        keyed(&admin, INVITE, "k9", &body(10)).await.expect(201);
        assert_eq!(app.database.count("idempotency_keys"), 8);
        for number in 11..16 {
            keyed(&admin, INVITE, &format!("n{number}"), &body(number)).await.expect(201);
        }
        assert_eq!(app.database.count("idempotency_keys"), 6);
        assert_eq!(app.letters().await.len(), 16);
    }

    async fn a_malformed_key_is_refused(app: TestApp) {
        let admin = app.admin();
        for key in ["", "\"", "a b", "\"open", "ü", &"x".repeat(256)] {
            keyed(&admin, INVITE, key, &ada()).await.problem(400, "idempotency_key_invalid");
        }
        assert_eq!(app.database.count("invitations"), 0);
        keyed(&admin, INVITE, &"x".repeat(255), &ada()).await.expect(201);
        app.letter().await;
    }
}
