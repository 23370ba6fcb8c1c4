//! Mailgun signs a timestamp and a token, and no event: a token proves the event that it first came with, and
//! no other.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::domain::token::hex;
use serde_json::Value;
use sha2::Sha256;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-mailgun";

/// What signs a request at this moment.
fn signed(app: &TestApp, token: &str) -> Value {
    let timestamp = app.now().timestamp().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{token}").as_bytes());
    json!({ "timestamp": timestamp, "token": token, "signature": hex(&mac.finalize().into_bytes()) })
}

fn event(app: &TestApp, kind: &str, id: &str, letter: &str) -> Value {
    let at = app.now().timestamp();
    json!({
        "event": kind, "severity": "permanent", "id": id, "timestamp": at,
        "user-variables": { "letter": letter }
    })
}

async fn report(app: &TestApp, signature: &Value, event: &Value) -> Answer {
    app.anonymous()
        .post("/v1/mail-events/mailgun", &json!({ "signature": signature, "event-data": event }))
        .await
}

/// An invitation whose letter Mailgun took: its id, and the letter's.
async fn invited(app: &TestApp, email: &str) -> (String, String) {
    let (invitation, _) = app.invite(email, &["viewer"]).await;
    let id = invitation["id"].as_str().unwrap().to_owned();
    let letter =
        app.database.texts(&format!("SELECT id AS text FROM letters WHERE invitation_id = '{id}'")).remove(0);
    (id, letter)
}

async fn state(app: &TestApp, invitation: &str) -> String {
    let shown = app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200);
    shown.body["delivery"]["state"].as_str().unwrap().to_owned()
}

on_both_databases! {
    with [("MAIL_EVENTS_MAILGUN", SECRET)];
    async fn a_token_proves_one_event(app: TestApp) {
        let (ada, letter) = invited(&app, "ada@example.com").await;
        let signature = signed(&app, "t1");
        let delivered = event(&app, "delivered", "e1", &letter);
        for _ in 0..2 {
            report(&app, &signature, &delivered).await.expect(200);
        }
        assert_eq!(app.timeline(&ada).await.iter().filter(|one| *one == "email_delivered").count(), 1);
        // Whoever saw the request has the signature, and another body.
        for forged in [
            event(&app, "failed", "e2", &letter),
            event(&app, "failed", "e1", &letter),
            event(&app, "opened", "e3", &letter),
        ] {
            let refused = report(&app, &signature, &forged).await.problem(401, "mail_event_unverified");
            assert_eq!(refused.header("www-authenticate"), "Signature");
        }
        assert_eq!(state(&app, &ada).await, "delivered");
        let metrics = app.anonymous().get("/metrics").await.text;
        for line in ["outcome=\"unverified\"} 3", "outcome=\"delivered\"} 1", "outcome=\"repeated\"} 1"] {
            assert!(
                metrics.contains(&format!("mail_events_total{{provider=\"mailgun\",{line}")),
                "{line}: {metrics}"
            );
        }
        report(&app, &signed(&app, "t2"), &event(&app, "complained", "e4", &letter)).await.expect(200);
        assert_eq!(state(&app, &ada).await, "complained");
    }

    async fn a_token_is_spent_by_what_changes_nothing_too(app: TestApp) {
        let (ada, letter) = invited(&app, "ada@example.com").await;
        let other = event(&app, "delivered", "e2", "ltr_01m86xvxh0e3pt0yekqqme4qcm");
        for (token, harmless) in [("t1", event(&app, "opened", "e1", &letter)), ("t2", other)] {
            let signature = signed(&app, token);
            report(&app, &signature, &harmless).await.expect(200);
            report(&app, &signature, &event(&app, "failed", "e3", &letter))
                .await
                .problem(401, "mail_event_unverified");
            report(&app, &signature, &harmless).await.expect(200);
        }
        assert_eq!(state(&app, &ada).await, "sent");
    }

    async fn of_two_events_with_one_token_at_once_one_counts(app: TestApp) {
        for round in 0..10 {
            let (ada, letter) = invited(&app, &format!("ada{round}@example.com")).await;
            let signature = signed(&app, &format!("t{round}"));
            let event = |kind: &str| event(&app, kind, &format!("{kind}{round}"), &letter);
            let (one, other) = (event("complained"), event("failed"));
            let (one, other) = tokio::join!(report(&app, &signature, &one), report(&app, &signature, &other));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 401], "{}{}", one.text, other.text);
            let expected = if one.status == 200 { "complained" } else { "bounced" };
            assert_eq!((state(&app, &ada).await.as_str(), app.timeline(&ada).await.len()), (expected, 4));
        }
    }

    /// Mailgun tries again for 8 hours, with the signature of the first time.
    async fn a_signature_holds_while_mailgun_tries_and_its_token_is_remembered_for_longer(app: TestApp) {
        let (ada, letter) = invited(&app, "ada@example.com").await;
        let (signature, late) = (signed(&app, "t1"), signed(&app, "t2"));
        let (delivered, failed) =
            (event(&app, "delivered", "e1", &letter), event(&app, "failed", "e2", &letter));
        app.advance(TimeDelta::hours(8));
        report(&app, &signature, &delivered).await.expect(200);
        assert_eq!(state(&app, &ada).await, "delivered");
        app.advance(TimeDelta::hours(4));
        report(&app, &signature, &failed).await.problem(401, "mail_event_unverified");
        app.advance(TimeDelta::seconds(1));
        report(&app, &late, &failed).await.problem(401, "mail_event_unverified");
        assert_eq!((state(&app, &ada).await.as_str(), app.database.count("mail_tokens")), ("delivered", 1));
        app.advance(TimeDelta::days(31));
        report(&app, &signed(&app, "t3"), &event(&app, "opened", "e3", &letter)).await.expect(200);
        assert_eq!((app.database.count("mail_tokens"), app.database.count("mail_events")), (1, 0));
    }

    /// An event's id is unique within a day.
    async fn an_id_that_comes_again_on_another_day_is_another_event(app: TestApp) {
        let (ada, letter) = invited(&app, "ada@example.com").await;
        report(&app, &signed(&app, "t1"), &event(&app, "delivered", "e1", &letter)).await.expect(200);
        app.advance(TimeDelta::days(1));
        report(&app, &signed(&app, "t2"), &event(&app, "complained", "e1", &letter)).await.expect(200);
        assert_eq!(state(&app, &ada).await, "complained");
    }

    /// Numbers that are no times of ours, and numbers as text.
    async fn a_time_that_cannot_be_is_now(app: TestApp) {
        // Of each: a minute after the letter was sent it happened, or now.
        for (place, (at, ago)) in [
            (json!(-8e12), 0),
            (json!(-1), 0),
            (json!(8e12), 0),
            (json!("NaN"), 0),
            (json!({ "at": [] }), 0),
            (json!("60"), 60),
            (json!(60), 60),
        ]
        .into_iter()
        .enumerate()
        {
            let (ada, letter) = invited(&app, &format!("ada{place}@example.com")).await;
            app.advance(TimeDelta::minutes(2));
            let reported =
                (app.now() - TimeDelta::seconds(ago)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let minute_ago = app.now().timestamp() - 60;
            let mut delivered = event(&app, "delivered", &format!("e{place}"), &letter);
            delivered["timestamp"] = match at {
                at if ago == 0 => at,
                at if at.is_string() => json!(minute_ago.to_string()),
                _ => json!(minute_ago),
            };
            report(&app, &signed(&app, &format!("t{place}")), &delivered).await.expect(200);
            let shown = app.admin().get(&format!("/v1/invitations/{ada}")).await.expect(200);
            assert_eq!(shown.body["delivery"]["reported_at"], *reported, "{}", delivered["timestamp"]);
        }
    }
}
