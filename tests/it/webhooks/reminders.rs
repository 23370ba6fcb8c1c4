//! What providers report of reminders.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-postmark";

/// Invites, lets Postmark deliver the letter and remind of it: the invitation's id, and the ids of both
/// letters.
async fn reminded(app: &TestApp) -> (String, String, String) {
    let (invitation, _) = app.invite("ada@example.com", &["viewer"]).await;
    let id = invitation["id"].as_str().unwrap().to_owned();
    app.advance(TimeDelta::hours(21));
    app.letter().await;
    let letter = |kind: &str| {
        app.database.texts(&format!("SELECT id AS text FROM letters WHERE kind = '{kind}'")).remove(0)
    };
    let (first, reminder) = (letter("invitation"), letter("reminder"));
    report(app, "Delivery", 1, &first).await;
    (id, first, reminder)
}

async fn report(app: &TestApp, kind: &str, id: u32, letter: &str) {
    let at = app.now().to_rfc3339();
    let (record, kind) = if kind == "Delivery" { ("Delivery", None) } else { ("Bounce", Some(kind)) };
    let event = json!({
        "RecordType": record, "Type": kind, "ID": id, "MessageID": letter, "BouncedAt": at, "DeliveredAt": at,
        "Details": if kind == Some("Transient") { "action: delayed" } else { "550 unknown" },
        "Metadata": { "letter": letter }
    });
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/v1/mail-events/postmark")
        .header("x-mail-events-secret", SECRET);
    Answer::of(request.json(&event)).await.expect(200);
}

async fn delivery(app: &TestApp, invitation: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200).body["delivery"].clone()
}

on_both_databases! {
    with [("MAIL_EVENTS_POSTMARK", SECRET), ("REMINDER_BEFORE", "4h")];
    async fn the_timeline_says_that_it_was_the_reminder(app: TestApp) {
        let (ada, _, reminder) = reminded(&app).await;
        report(&app, "Transient", 2, &reminder).await;
        report(&app, "Delivery", 3, &reminder).await;
        let events = app.events(&ada).await;
        let [first, deferred, delivered] = &events[events.len() - 3..] else { panic!() };
        assert_eq!((&first["type"], &first["details"]["letter"]), (&json!("email_delivered"), &Value::Null));
        assert_eq!(
            (&deferred["type"], &deferred["details"]["letter"]),
            (&json!("email_deferred"), &json!("reminder"))
        );
        assert_eq!(
            (&delivered["type"], &delivered["details"]["letter"]),
            (&json!("email_delivered"), &json!("reminder"))
        );
    }

    /// A mailbox that is gone since yesterday, somebody who calls the second letter spam.
    async fn what_went_wrong_with_it_is_on_the_invitation(app: TestApp) {
        let (ada, _, reminder) = reminded(&app).await;
        app.advance(TimeDelta::minutes(1));
        report(&app, "Transient", 2, &reminder).await;
        assert_eq!(delivery(&app, &ada).await["state"], "delivered");
        report(&app, "HardBounce", 3, &reminder).await;
        let reported = delivery(&app, &ada).await;
        assert_eq!((&reported["state"], &reported["reason"]), (&json!("bounced"), &json!("550 unknown")));
        assert_eq!(reported["reported_at"], app.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        let listed = app.admin().get("/v1/invitations?delivery=bounced").await.expect(200);
        assert_eq!(listed.body["data"][0]["id"], *ada);
        // Once in the timeline.
        assert_eq!(app.timeline(&ada).await.iter().filter(|one| *one == "email_bounced").count(), 1);
        report(&app, "SpamComplaint", 4, &reminder).await;
        assert_eq!(delivery(&app, &ada).await["state"], "complained");
        report(&app, "Delivery", 5, &reminder).await;
        assert_eq!(delivery(&app, &ada).await["state"], "complained");
    }

    async fn a_superseded_one_leaves_the_newer_letter_alone(app: TestApp) {
        let (ada, _, reminder) = reminded(&app).await;
        app.admin().post_empty(&format!("/v1/invitations/{ada}/resend")).await.expect(200);
        app.letter().await;
        report(&app, "HardBounce", 2, &reminder).await;
        assert_eq!(delivery(&app, &ada).await["state"], "sent");
        assert_eq!(
            app.database.texts(
                "SELECT fate AS text FROM letters WHERE generation = 1 AND kind = \
            'invitation'"
            ),
            ["delivered"]
        );
        let entry = app.events(&ada).await.pop().unwrap();
        assert_eq!(
            (&entry["details"]["letter"], &entry["details"]["superseded"]),
            (&json!("reminder"), &json!(true))
        );
    }

    /// The provider took it and broke down before it said so.
    async fn one_whose_answer_was_lost_was_sent_and_gives_no_time(app: TestApp) {
        let (ada, _, reminder) = reminded(&app).await;
        let before = app.admin().get(&format!("/v1/invitations/{ada}")).await.expect(200).body;
        app.database.execute("UPDATE letters SET state = 'queued', sent_at = NULL WHERE kind = 'reminder'");
        report(&app, "Delivery", 2, &reminder).await;
        assert_eq!(app.admin().get(&format!("/v1/invitations/{ada}")).await.expect(200).body, before);
        let events = app.events(&ada).await;
        let [sent, delivered] = &events[events.len() - 2..] else { panic!() };
        assert_eq!(
            (&sent["type"], &sent["details"]),
            (&json!("email_sent"), &json!({ "attempt": 1, "letter": "reminder" }))
        );
        assert_eq!(delivered["type"], "email_delivered");
    }
}
