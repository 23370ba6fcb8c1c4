//! Resend tells automatic replies as bounces that may be transient: they say nothing of a letter that was
//! delivered.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-resend";

async fn report(app: &TestApp, event: &str, bounce: Option<(&str, &str)>, id: &str, letter: &str) {
    let bounce =
        bounce.map(|(kind, sub_type)| json!({ "type": kind, "subType": sub_type, "message": "says why" }));
    let data = json!({ "email_id": "name-of-theirs", "tags": { "letter": letter }, "bounce": bounce });
    let body = json!({ "type": event, "created_at": app.now().to_rfc3339(), "data": data }).to_string();
    let now = app.now().timestamp().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/v1/mail-events/resend")
        .body(body)
        .header("content-type", "application/json");
    let request =
        request.header("svix-id", id).header("svix-timestamp", now).header("svix-signature", signature);
    Answer::of(request).await.expect(200);
}

on_both_databases! {
    with [("MAIL_EVENTS_RESEND", "whsec_YS1zZWNyZXQtZm9yLXJlc2VuZA==")];
    async fn one_to_a_delivered_letter_changes_nothing(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = ada["id"].as_str().unwrap();
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        let state = async || {
            app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"]["state"]
                .clone()
        };
        report(&app, "email.delivery_delayed", None, "e1", &letter).await;
        assert_eq!(state().await, "deferred");
        report(&app, "email.delivered", None, "e2", &letter).await;
        report(&app, "email.bounced", Some(("Transient", "General")), "e3", &letter).await;
        report(&app, "email.bounced", Some(("Undetermined", "Undetermined")), "e4", &letter).await;
        assert_eq!(state().await, "delivered");
        assert_eq!(app.timeline(id).await[3..], ["email_deferred", "email_delivered"]);
        let metrics = app.anonymous().get("/metrics").await.text;
        assert!(
            metrics.contains("mail_events_total{provider=\"resend\",outcome=\"outranked\"} 2"),
            "{metrics}"
        );
        // A full mailbox is no reply.
        report(&app, "email.bounced", Some(("Transient", "MailboxFull")), "e5", &letter).await;
        assert_eq!(state().await, "bounced");
    }

    async fn one_to_a_letter_that_waits_is_its_end(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = ada["id"].as_str().unwrap();
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        report(&app, "email.delivery_delayed", None, "e1", &letter).await;
        report(&app, "email.bounced", Some(("Transient", "General")), "e2", &letter).await;
        let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200);
        assert_eq!(
            (&shown.body["delivery"]["state"], &shown.body["delivery"]["reason"]),
            (&json!("bounced"), &json!("says why"))
        );
    }
}
