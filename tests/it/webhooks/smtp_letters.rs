//! Letters that went to a provider by SMTP: its reports know them by the `Message-ID` alone, if they tell it
//! at all.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::{courier::Step, domain::token::hex};
use serde_json::Value;
use sha2::Sha256;

use crate::support::{
    Answer, Backend, Mail, Relay, TestApp, json, on_each,
    relay::{Behaviour, Speaks},
};

const MAILGUN: &str = "a-secret-for-mailgun";
const POSTMARK: &str = "a-secret-for-postmark";

/// With a relay that a provider might have, in this mood, and an invitation whose letter it was given.
async fn invited(backend: Backend, mood: Behaviour) -> (TestApp, Mail, String) {
    let mut relay = Relay::new(Speaks::Smtp);
    relay.up();
    relay.is(mood);
    let variables = [
        ("MAIL_URL", relay.url()),
        ("MAIL_EVENTS_MAILGUN", MAILGUN.to_owned()),
        ("MAIL_EVENTS_POSTMARK", POSTMARK.to_owned()),
    ];
    let app =
        TestApp::start(backend, &variables.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
    let mail = relay.taken().into_iter().chain(relay.unanswered()).next().unwrap();
    (app, mail, id)
}

/// Mailgun's event about the letter of this `Message-ID`, which it tells without angle brackets. It gives no
/// variables back where it was given none.
async fn mailgun(app: &TestApp, event: &str, message_id: &str) -> Answer {
    let timestamp = app.now().timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(MAILGUN.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{event}").as_bytes());
    let signature = json!({
        "timestamp": timestamp.to_string(), "token": event, "signature": hex(&mac.finalize().into_bytes())
    });
    let event = json!({
        "event": event, "severity": "permanent", "id": event, "timestamp": timestamp, "user-variables": {},
        "message": { "headers": { "message-id": message_id, "to": "ada@example.com" } },
    });
    app.anonymous()
        .post("/v1/mail-events/mailgun", &json!({ "signature": signature, "event-data": event }))
        .await
        .expect(200)
}

async fn postmark(app: &TestApp, id: u32, message_id: &str, metadata: &Value) -> Answer {
    let event = json!({
        "RecordType": "Bounce", "Type": "HardBounce", "ID": id, "MessageID": message_id, "Metadata": metadata
    });
    let request = app.anonymous().request(reqwest::Method::POST, "/v1/mail-events/postmark");
    Answer::of(request.header("x-mail-events-secret", POSTMARK).json(&event)).await.expect(200)
}

async fn state(app: &TestApp, invitation: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200).body["delivery"]["state"]
        .clone()
}

on_each! {
    async fn a_report_that_tells_our_message_id_is_on_the_letter(backend: Backend) {
        let (app, mail, ada) = invited(backend, Behaviour::Takes).await;
        let reported_id = mail.message_id.trim_matches(['<', '>']);
        for (event, becomes) in
            [("delivered", "delivered"), ("failed", "bounced"), ("complained", "complained")]
        {
            mailgun(&app, event, reported_id).await;
            assert_eq!(state(&app, &ada).await, becomes);
        }
        let timeline = app.timeline(&ada).await;
        assert_eq!(timeline[timeline.len() - 3..], ["email_delivered", "email_bounced", "email_complained"]);
    }
}

on_each! {
    async fn it_settles_a_letter_whose_answer_was_lost(backend: Backend) {
        let (app, mail, ada) = invited(backend, Behaviour::HangsUp).await;
        assert_eq!(state(&app, &ada).await, "queued");
        mailgun(&app, "delivered", mail.message_id.trim_matches(['<', '>'])).await;
        assert_eq!(state(&app, &ada).await, "delivered");
        app.advance(TimeDelta::hours(1));
        assert!(matches!(app.parts.courier.step().await.unwrap(), Step::Idle { .. }), "no second one goes");
    }
}

on_each! {
    /// Postmark has a name of its own for each letter, and knows ours only where it was told it over HTTP.
    async fn one_that_does_not_tell_it_is_about_an_unknown_letter(backend: Backend) {
        let (app, mail, ada) = invited(backend, Behaviour::Takes).await;
        let ours = mail.message_id.trim_matches(['<', '>']);
        for (id, name) in [(1, "883953f4-6105-42a2-a16a-77a8eac79483"), (2, ours), (3, &mail.message_id)] {
            postmark(&app, id, name, &json!({})).await;
        }
        mailgun(&app, "failed", &format!("x{ours}")).await;
        assert_eq!(state(&app, &ada).await, "sent");
        let metrics = app.anonymous().get("/metrics").await.text;
        for line in [
            "provider=\"postmark\",outcome=\"unknown_letter\"} 3",
            "provider=\"mailgun\",outcome=\"unknown_letter\"} 1",
        ] {
            assert!(metrics.contains(line), "{line}: {metrics}");
        }
        // Whatever way our id has come into its report, it is believed.
        postmark(&app, 4, "theirs", &json!({ "letter": ours.split('@').next() })).await;
        assert_eq!(state(&app, &ada).await, "bounced");
    }
}
