//! The section `webhooks`: it has every type of event, and events are what it says.

use chrono::TimeDelta;
use invitation_service::domain::webhooks::{TEST_EVENT, WebhookEventType};
use reqwest::Method;
use serde_json::Value;

use super::{
    document,
    document::examples,
    schema::{faults, resolved},
};
use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Received, Receiver},
};

/// The body of an event's request.
fn content<'a>(document: &'a Value, event_type: &str) -> &'a Value {
    &document["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]
}

#[test]
fn every_type_of_event_is_described_with_an_example() {
    let document = document();
    let known: Vec<&str> =
        WebhookEventType::ALL.map(WebhookEventType::as_str).into_iter().chain([TEST_EVENT]).collect();
    assert_eq!(document["webhooks"].as_object().unwrap().len(), known.len());
    for event_type in known {
        let content = content(&document, event_type);
        let schema = resolved(&document, &content["schema"]);
        assert_eq!(schema["properties"]["type"]["enum"], json!([event_type]));
        let examples = examples(&document, content);
        assert_eq!(examples.len(), 1, "{event_type}");
        for (_, example) in examples {
            assert_eq!(faults(&document, &content["schema"], example), [""; 0], "{event_type}: {example}");
            assert_eq!(example["type"], event_type);
        }
        let operation = &document["webhooks"][event_type]["post"];
        assert!(operation["summary"].is_string() && operation["operationId"].is_string(), "{operation}");
        assert_eq!(operation["security"], json!([]));
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), LOOPBACK];

    async fn events_are_what_the_document_says(app: TestApp) {
        let (document, receiver) = (document(), Receiver::start().await);
        let all = WebhookEventType::ALL.map(WebhookEventType::as_str);
        let endpoint = app.endpoint_of_all(&receiver, &all).await;
        let admin = app.admin();
        admin.post_empty(&format!("{}/test", endpoint.path())).await.expect(202);
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) = (made["id"].as_str().unwrap(), made["user_id"].as_str().unwrap());
        admin.update(id, "*", &json!({ "locale": "nl" })).await.expect(200);
        app.advance(TimeDelta::seconds(1));
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let mail = app.letter().await;
        app.anonymous().post("/v1/activations/preview", &json!({ "token": mail.token })).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        // What was not accepted before an erasure is dropped.
        app.dispatch().await;
        app.advance(TimeDelta::seconds(1));
        admin.call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        app.dispatch().await;
        let received = receiver.received();
        let types: Vec<&str> = received.iter().map(Received::event).collect();
        let some = ["invitation.resent", "invitation.updated", "invitation.activated", "user.erased"];
        for expected in some.into_iter().chain([TEST_EVENT]) {
            assert!(types.contains(&expected), "{types:?}");
        }
        for one in &received {
            let schema = &content(&document, one.event())["schema"];
            assert_eq!(faults(&document, schema, &one.body), [""; 0], "{one:?}");
        }
    }
}
