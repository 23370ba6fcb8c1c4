//! SendGrid tells many events at once.

use base64::{Engine, engine::general_purpose::STANDARD};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::EncodePublicKey,
};
use serde_json::Value;

use crate::support::{Answer, Backend, TestApp, json, on_each};

fn key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

async fn start(backend: Backend) -> TestApp {
    let public = STANDARD.encode(key().verifying_key().to_public_key_der().unwrap().as_bytes());
    TestApp::start(backend, &[("MAIL_EVENTS_SENDGRID", &public)]).await
}

async fn report(app: &TestApp, events: &[Value]) -> Answer {
    let (at, body) = (app.now().timestamp(), json!(events));
    let signature: Signature = key().sign(format!("{at}{body}").as_bytes());
    let request = app.anonymous().request(reqwest::Method::POST, "/v1/mail-events/sendgrid").json(&body);
    let request = request
        .header("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.to_der().as_bytes()));
    Answer::of(request.header("x-twilio-email-event-webhook-timestamp", at.to_string())).await
}

async fn delivery(app: &TestApp, invitation: &Value) -> Value {
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    app.admin().get(&path).await.expect(200).body["delivery"]["state"].clone()
}

on_each! {
    /// Of strangers for the most part, whose names have more points than any of theirs; with odd events among
    /// them.
    async fn a_long_list_is_read_whole_and_what_it_repeats_counts_once(backend: Backend) {
        let app = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (bob, _) = app.invite("bob@example.com", &["viewer"]).await;
        let letters = app.database.texts("SELECT id AS text FROM letters ORDER BY id");
        let stranger = |place: usize| {
            json!({
                "event": "bounce", "sg_event_id": format!("s{place}"), "sg_message_id": "a.".repeat(100)
            })
        };
        let mut events: Vec<Value> = (0..600).map(stranger).collect();
        let delivered = json!({ "event": "delivered", "sg_event_id": "e1", "letter": letters[0] });
        events.insert(0, delivered.clone());
        events.insert(300, json!({ "event": "spamreport", "sg_event_id": "\u{0}", "letter": letters[1] }));
        events.push(delivered);
        events.push(json!({
            "event": { "is": ["odd"] }, "sg_event_id": 7, "sg_message_id": null, "letter": []
        }));
        let answer = report(&app, &events).await.expect(200);
        assert_eq!(answer.body, json!({ "received": 604 }));
        assert_eq!(
            (delivery(&app, &ada).await, delivery(&app, &bob).await),
            (json!("delivered"), json!("complained"))
        );
        assert_eq!(app.timeline(ada["id"].as_str().unwrap()).await[3..], ["email_delivered"]);
        let metrics = app.anonymous().get("/metrics").await.text;
        for line in
            ["unknown_letter\"} 600", "repeated\"} 1", "ignored\"} 1", "delivered\"} 1", "complained\"} 1"]
        {
            assert!(
                metrics.contains(&format!("mail_events_total{{provider=\"sendgrid\",outcome=\"{line}")),
                "{line}: {metrics}"
            );
        }
    }

    async fn what_happened_first_is_applied_first(backend: Backend) {
        let app = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        let now = app.now().timestamp();
        let event = |event: &str, id: &str, at: i64| {
            json!({
                "event": event, "sg_event_id": id, "timestamp": at, "letter": letter
            })
        };
        let events = [
            event("spamreport", "a", now),
            event("delivered", "b", now - 1),
            event("deferred", "c", now - 2),
        ];
        report(&app, &events).await.expect(200);
        let timeline = app.timeline(ada["id"].as_str().unwrap()).await;
        assert_eq!(timeline[3..], ["email_deferred", "email_delivered", "email_complained"]);
    }
}
