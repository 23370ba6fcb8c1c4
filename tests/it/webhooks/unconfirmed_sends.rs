//! What a provider reports of a letter that the courier knows nothing certain of: its answer was lost, and
//! the report settles it.

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::{
    courier::Step,
    db::{
        DbFault, Guarded,
        letters::{
            mark_sent,
            outbox::{self, ClaimScope, Claimed, Outcome},
        },
    },
    domain::{letter::Receipt, refusal_cause::RefusalCause},
};
use serde_json::Value;

use crate::support::{Answer, Backend, TestApp, json, on_each, provider::Provider};

const SECRET: &str = "a-secret-for-postmark";

/// With a Postmark that took the letter and broke down before it said so, again and again.
async fn breaking(backend: Backend) -> (TestApp, Provider) {
    let provider = Provider::start(&[(500, "", "")]).await;
    let mail_url = format!("postmark://hunter22?api={}", provider.base);
    (TestApp::start(backend, &[("MAIL_URL", &mail_url), ("MAIL_EVENTS_POSTMARK", SECRET)]).await, provider)
}

async fn work(app: &TestApp) {
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
}

/// The invitation's id, and its letter's.
async fn invite(app: &TestApp) -> (String, String) {
    let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
    (id, app.database.texts("SELECT id AS text FROM letters").remove(0))
}

/// Postmark's event of this kind about that letter, now.
async fn report(app: &TestApp, kind: &str, id: u32, letter: &str) -> Answer {
    let at = app.now().to_rfc3339();
    let (record, kind) = if kind == "Delivery" { ("Delivery", None) } else { ("Bounce", Some(kind)) };
    let event = json!({
        "RecordType": record, "Type": kind, "ID": id, "MessageID": "name-of-theirs", "BouncedAt": at,
        "Details": if kind == Some("Transient") { "action: delayed" } else { "" },
        "Metadata": { "letter": letter }
    });
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, "/v1/mail-events/postmark")
        .header("x-mail-events-secret", SECRET);
    Answer::of(request.json(&event)).await.expect(200)
}

async fn shown(app: &TestApp, invitation: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200).body
}

fn time(of: &Value) -> DateTime<Utc> {
    of.as_str().unwrap().parse().unwrap()
}

on_each! {
    async fn a_letter_that_waits_for_another_try_was_sent(backend: Backend) {
        for (kind, state) in [
            ("Transient", "deferred"),
            ("Delivery", "delivered"),
            ("HardBounce", "bounced"),
            ("SpamComplaint", "complained"),
        ] {
            let (app, provider) = breaking(backend).await;
            let (ada, letter) = invite(&app).await;
            work(&app).await;
            assert_eq!(shown(&app, &ada).await["delivery"]["state"], "queued");
            app.advance(TimeDelta::seconds(3));
            report(&app, kind, 1, &letter).await;
            let reported = shown(&app, &ada).await;
            let delivery = &reported["delivery"];
            assert_eq!(
                (&delivery["state"], &delivery["last_error"]),
                (&json!(state), &Value::Null),
                "{kind}"
            );
            assert_eq!((time(&delivery["sent_at"]), time(&reported["last_sent_at"])), (app.now(), app.now()));
            assert_eq!(time(&reported["expires_at"]), app.now() + TimeDelta::days(1));
            let entry = format!("email_{state}");
            assert_eq!(
                app.timeline(&ada).await,
                ["created", "email_queued", "email_failed", "email_sent", &entry]
            );
            let sent = &app.events(&ada).await[3];
            assert_eq!(
                (&sent["actor"]["name"], &sent["details"]),
                (&json!("Postmark"), &json!({ "attempt": 1 }))
            );
            // No second letter.
            app.advance(TimeDelta::hours(1));
            work(&app).await;
            assert_eq!(provider.asked().len(), 1);
            // From now on it is known by the provider's name too.
            report(&app, "SpamComplaint", 2, "").await;
            assert_eq!(shown(&app, &ada).await["delivery"]["state"], "complained");
        }
    }

    async fn a_letter_that_was_given_up_was_sent(backend: Backend) {
        let (app, _provider) = breaking(backend).await;
        let (ada, letter) = invite(&app).await;
        work(&app).await;
        app.database.execute("UPDATE letters SET state = 'failed', failed_at = next_attempt_at");
        assert_eq!(shown(&app, &ada).await["delivery"]["state"], "failed");
        report(&app, "Delivery", 1, &letter).await;
        let delivery = &shown(&app, &ada).await["delivery"];
        assert_eq!(
            (&delivery["state"], &delivery["failed_at"], &delivery["reason"]),
            (&json!("delivered"), &Value::Null, &Value::Null)
        );
        assert_eq!(app.timeline(&ada).await[3..], ["email_sent", "email_delivered"]);
    }

    async fn a_courier_that_has_it_in_hand_changes_nothing_afterwards(backend: Backend) {
        let (app, _provider) = breaking(backend).await;
        let (ada, letter) = invite(&app).await;
        let (now, db) = (app.now(), &app.parts.services.db);
        let claim = db.write::<Vec<Claimed>, DbFault>(move |tx| {
            outbox::claim(tx, ClaimScope::Due, 9, (now, now + TimeDelta::minutes(5)))
        });
        let claimed = claim.await.unwrap().remove(0);
        report(&app, "Delivery", 1, &letter).await;
        let before = shown(&app, &ada).await;
        assert_eq!(before["delivery"]["state"], "delivered");
        app.advance(TimeDelta::seconds(2));
        let (at, error) = (app.now(), "it hung up".to_owned());
        for outcome in [
            Outcome::Sent {
                at,
                receipt: Receipt { provider: Some("postmark"), message_id: Some("another".to_owned()) },
            },
            Outcome::Retry { at, error: error.clone(), cause: RefusalCause::default(), held_until: None },
            Outcome::Failed { at, error, cause: RefusalCause::default(), held_until: None },
            Outcome::Withdrawn,
        ] {
            let late = [(claimed.clone(), outcome)];
            let recorded = db.write::<_, DbFault>(move |tx| mark_sent::record(tx, &late)).await.unwrap();
            assert_eq!(recorded, [Guarded::Stale]);
        }
        assert_eq!(shown(&app, &ada).await, before);
    }

    async fn a_letter_whose_link_died_on_the_way_is_reported_and_gives_no_time(backend: Backend) {
        let (app, _provider) = breaking(backend).await;
        let (ada, letter) = invite(&app).await;
        work(&app).await;
        app.advance(TimeDelta::minutes(2));
        app.admin().post_empty(&format!("/v1/invitations/{ada}/resend")).await.expect(200);
        let before = shown(&app, &ada).await;
        app.advance(TimeDelta::minutes(2));
        report(&app, "Delivery", 1, &letter).await;
        assert_eq!(shown(&app, &ada).await, before);
        assert_eq!(
            app.database.texts("SELECT state AS text FROM letters ORDER BY generation"),
            ["sent", "queued"]
        );
    }

    /// A database that was put back to an earlier day: what it knows not to have tried stays to be tried.
    async fn an_untried_letter_waits_on(backend: Backend) {
        let (app, _provider) = breaking(backend).await;
        let (ada, letter) = invite(&app).await;
        report(&app, "Delivery", 1, &letter).await;
        assert_eq!(shown(&app, &ada).await["delivery"]["state"], "queued");
    }
}
