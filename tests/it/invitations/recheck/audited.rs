//! The audit log says who asked a provider about a letter.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;
use reqwest::Method;
use serde_json::Value;

use super::{ACCEPTED, details, event, invite, recheck, with_postmark};
use crate::support::{Backend, TestApp, json, on_each, provider::CannedAnswer};

async fn rechecks(app: &TestApp) -> Vec<Value> {
    let path = "/v1/audit-events?action=invitation_rechecked";
    app.admin().get(path).await.expect(200).body["data"].as_array().unwrap().clone()
}

on_each! {
    async fn each_question_that_was_answered_is_an_event(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        // What is known already changes nothing; that somebody asked is recorded all the same.
        provider.answer_gets(&[(200, "", &details(&json!([])))]);
        recheck(&app.client_named("fleet-sync", &[Role::Admin]), &ada).await.expect(200);
        app.advance(TimeDelta::minutes(1));
        let delivered = details(&json!([event("Delivered", &json!({}))]));
        provider.answer_gets(&[(200, "", &delivered)]);
        recheck(&app.admin(), &ada).await.expect(200);
        let events = rechecks(&app).await;
        let actors: Vec<&Value> = events.iter().map(|event| &event["actor"]).collect();
        assert_eq!(actors[0], &json!({ "type": "cli", "id": "grace", "name": "Grace Hopper" }));
        assert_eq!((&actors[1]["type"], &actors[1]["id"]), (&json!("client"), &json!("fleet-sync")));
        assert_eq!(actors.len(), 2);
        for event in &events {
            assert_eq!((&event["object"], &event["outcome"]), (&json!(ada), &json!("succeeded")));
            assert_eq!((&event["details"], &event["address"]), (
                &json!({ "provider": "postmark" }),
                &json!("127.0.0.1")
            ));
        }
        // The entry of the timeline is what the provider says.
        let entries = app.events(&ada).await;
        let last = entries.last().unwrap();
        assert_eq!((&last["type"], &last["actor"]["name"]), (&json!("email_delivered"), &json!("Postmark")));
    }

    async fn what_was_not_answered_and_what_is_repeated_is_none(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let refusals: [CannedAnswer<'_>; 3] = [(503, "", ""), (404, "", "{}"), (200, "", "We are back soon")];
        for refusal in refusals {
            provider.answer_gets(&[refusal]);
            let refused = recheck(&app.admin(), &ada).await;
            assert!(matches!(refused.status, 409 | 503), "{}", refused.text);
            app.advance(TimeDelta::seconds(10));
        }
        assert!(rechecks(&app).await.is_empty());
        provider.answer_gets(&[(200, "", &details(&json!([])))]);
        let path = format!("/v1/invitations/{ada}/recheck");
        for _ in 0..2 {
            app.admin().call(Method::POST, &path, &[("idempotency-key", "recheck-1")]).await.expect(200);
        }
        // Too soon.
        recheck(&app.admin(), &ada).await.problem(429, "recheck_too_soon");
        assert_eq!(rechecks(&app).await.len(), 1);
    }
}
