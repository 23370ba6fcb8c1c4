//! Relays that are away, busy, unwilling or rude: no letter is lost, none is sent that should not be, and
//! `delivery` tells the truth all the while.

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::courier::Step;
use serde_json::Value;

use crate::support::{
    Backend, Mail, Relay, TestApp, json, on_each,
    relay::{Behaviour, Speaks},
};

/// Lets the courier work until nothing is due, and says when something will be.
async fn work(app: &TestApp) -> Option<DateTime<Utc>> {
    loop {
        if let Step::Idle { next_due } = app.parts.courier.step().await.unwrap() {
            return next_due;
        }
    }
}

async fn invite(app: &TestApp, email: &str) -> String {
    let body = json!({ "email": email, "roles": ["viewer"] });
    let invited = app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
    assert_eq!(
        invited.body["delivery"],
        json!({ "state": "queued", "attempts": 0, "last_error": null, "sent_at": null })
    );
    invited.text_of("id")
}

async fn show(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body
}

async fn resend(app: &TestApp, id: &str) {
    app.advance(TimeDelta::seconds(60));
    app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
}

/// The `email_failed` entries of a timeline.
async fn failures(app: &TestApp, id: &str) -> Vec<Value> {
    let events = app.admin().get(&format!("/v1/invitations/{id}/events?limit=200")).await.expect(200);
    let all = events.body["data"].as_array().unwrap().clone();
    all.into_iter()
        .filter(|event| event["type"] == "email_failed")
        .map(|event| event["details"].clone())
        .collect()
}

fn time(value: &Value) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap().to_utc()
}

async fn app_with(backend: Backend, relay: &Relay) -> TestApp {
    TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await
}

/// Away while somebody is invited, then back: the letter arrives once, and its day begins when it does.
async fn away_and_back(backend: Backend, speaks: Speaks) {
    let mut relay = Relay::new(speaks);
    let app = app_with(backend, &relay).await;
    let start = app.now();
    let id = invite(&app, "ada@example.com").await;
    assert_eq!(work(&app).await, Some(start + TimeDelta::seconds(5)));
    let shown = show(&app, &id).await;
    assert_eq!((&shown["delivery"]["state"], &shown["delivery"]["attempts"]), (&json!("queued"), &json!(1)));
    assert_eq!(shown["delivery"]["sent_at"], Value::Null);
    let error = shown["delivery"]["last_error"].as_str().unwrap();
    assert!(error.to_lowercase().contains("connection refused") && !error.contains("ada@"), "{error}");
    assert_eq!(app.timeline(&id).await, ["created", "email_queued", "email_failed"]);
    assert_eq!(failures(&app, &id).await, [json!({ "attempt": 1, "error": error, "will_retry": true })]);

    // Twenty-three hours later: the link that was never handed over has an hour left, and gets its day back.
    app.advance(TimeDelta::hours(23));
    work(&app).await;
    assert_eq!(show(&app, &id).await["delivery"]["attempts"], 2);
    relay.up();
    app.advance(TimeDelta::minutes(15));
    assert_eq!(work(&app).await, None);
    let letters = relay.taken();
    assert_eq!(letters.len(), 1);
    let handed_over = app.now();
    let shown = show(&app, &id).await;
    assert_eq!(shown["delivery"]["state"], "sent");
    assert_eq!(shown["delivery"]["attempts"], 3);
    assert_eq!(time(&shown["delivery"]["sent_at"]), handed_over);
    assert_eq!(time(&shown["last_sent_at"]), handed_over);
    assert_eq!(time(&shown["expires_at"]), handed_over + TimeDelta::hours(24));
    assert_eq!((&shown["send_count"], time(&shown["created_at"])), (&json!(1), start));
    // The letter says so, too.
    let until = (handed_over + TimeDelta::hours(24)).format("%A %-d %B %Y at %H:%M (UTC)").to_string();
    let text = letters[0].text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&until) && text.contains("24 hours"), "{until}\n{text}");
    assert_eq!(app.timeline(&id).await, ["created", "email_queued", "email_failed", "email_sent"]);

    // Past the day that the outage stole, the link works.
    app.advance(TimeDelta::hours(23));
    app.activate(&letters[0].token).await.expect(201);
    assert!(relay.taken().is_empty());
}

on_each! {
    /// A relay that takes four seconds a letter: those whose turn would outlast the lease are given back
    /// untried, and nobody gets two.
    async fn a_slow_relay_gets_as_many_letters_as_a_lease_has_time_for(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = app_with(backend, &relay).await;
        for number in 0..20 {
            invite(&app, &format!("ada{number}@example.com")).await;
        }
        relay.is_slow(&app.clock, TimeDelta::seconds(4));
        // Ten seconds to begin in: two letters and a bit, and the other connections have one in hand.
        let Step::Worked(first) = app.parts.courier.step().await.unwrap() else { panic!("nothing was due") };
        assert!((3..=6).contains(&first), "{first}");
        assert_eq!(app.database.count("letters WHERE state = 'sent'"), i64::try_from(first).unwrap());
        assert_eq!(
            app.database.count("letters WHERE state = 'queued' AND attempts = 0"),
            i64::try_from(20 - first).unwrap()
        );
        work(&app).await;
        assert_eq!(relay.taken().len(), 20);
        assert_eq!(app.database.count("letters WHERE state = 'sent' AND attempts = 1"), 20);
    }

    async fn a_relay_that_was_away_gets_the_letter_when_it_is_back(backend: Backend) {
        away_and_back(backend, Speaks::Smtp).await;
    }

    async fn an_http_mail_server_that_was_away_gets_the_letter_when_it_is_back(backend: Backend) {
        away_and_back(backend, Speaks::Mailpit).await;
    }

    /// The link expired while nobody could deliver it; it still arrives, with a day to live.
    async fn an_invitation_that_expired_in_the_outbox_is_delivered(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url()), ("INVITATION_TTL", "2h")]).await;
        let id = invite(&app, "ada@example.com").await;
        work(&app).await;
        app.advance(TimeDelta::hours(3));
        assert_eq!(show(&app, &id).await["status"], "expired");
        relay.up();
        work(&app).await;
        let letters = relay.taken();
        assert_eq!(letters.len(), 1);
        let shown = show(&app, &id).await;
        assert_eq!(
            (&shown["status"], time(&shown["expires_at"])),
            (&json!("pending"), app.now() + TimeDelta::hours(2))
        );
        app.activate(&letters[0].token).await.expect(201);
    }

    /// `courier/backoff.rs`, to the millisecond: the dice of a manual clock always show one half.
    async fn a_busy_relay_is_tried_again_at_the_documented_times(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses("451 4.7.1 Greylisted, please come again"));
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        for (number, delay) in [5, 10, 20, 40, 80, 160, 320, 640, 900, 900].into_iter().enumerate() {
            let due = work(&app).await.unwrap();
            assert_eq!(due - app.now(), TimeDelta::seconds(delay), "after attempt {}", number + 1);
            let delivery = show(&app, &id).await["delivery"].clone();
            assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("queued"), &json!(number + 1)));
            assert!(delivery["last_error"].as_str().unwrap().contains("Greylisted"), "{delivery}");
            // A moment before it is due nothing happens.
            app.advance(TimeDelta::seconds(delay) - TimeDelta::milliseconds(1));
            assert_eq!(work(&app).await, Some(due));
            assert_eq!(relay.refused(), number + 1);
            app.advance(TimeDelta::milliseconds(1));
        }
        relay.is(Behaviour::Takes);
        assert_eq!(work(&app).await, None);
        assert_eq!(show(&app, &id).await["delivery"]["attempts"], 11);
        assert_eq!(relay.taken().len(), 1);
        // Ninety failed attempts would drown a timeline: the first one is in it.
        assert_eq!(failures(&app, &id).await.len(), 1);
    }

    async fn a_refused_recipient_is_given_up_at_once_and_a_resend_sends_anew(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses("550 <ada@example.com>: not taken here"));
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        assert_eq!(work(&app).await, None);
        let delivery = show(&app, &id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(1)));
        let error = delivery["last_error"].as_str().unwrap();
        assert!(error.contains("not taken here") && !error.contains("ada@"), "{error}");
        assert_eq!((&delivery["reason"], time(&delivery["failed_at"])), (&delivery["last_error"], app.now()));
        assert!(delivery["advice"].as_str().unwrap().contains("resend"), "{delivery}");
        assert_eq!(failures(&app, &id).await, [json!({ "attempt": 1, "error": error, "will_retry": false })]);
        app.advance(TimeDelta::hours(1));
        assert_eq!(work(&app).await, None);
        assert_eq!(relay.refused(), 1);

        relay.is(Behaviour::Takes);
        resend(&app, &id).await;
        assert_eq!(show(&app, &id).await["delivery"]["state"], "queued");
        work(&app).await;
        let shown = show(&app, &id).await;
        assert_eq!(
            shown["delivery"],
            json!({ "state": "sent", "attempts": 1, "last_error": null, "sent_at": shown["last_sent_at"] })
        );
        let letters = relay.taken();
        assert_eq!(letters.len(), 1);
        app.activate(&letters[0].token).await.expect(201);
    }

    async fn after_a_day_without_a_relay_a_letter_is_given_up(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        let app = app_with(backend, &relay).await;
        let start = app.now();
        let id = invite(&app, "ada@example.com").await;
        let mut last = start;
        while let Some(due) = work(&app).await {
            assert!(app.now() - start < TimeDelta::hours(24));
            assert_eq!(show(&app, &id).await["delivery"]["state"], "queued");
            last = due;
            app.advance(due - app.now());
        }
        assert_eq!(app.now(), last);
        assert!(
            last - start >= TimeDelta::hours(24)
                && last - start < TimeDelta::hours(24) + TimeDelta::minutes(15)
        );
        let shown = show(&app, &id).await;
        assert_eq!(shown["delivery"]["state"], "failed");
        let attempts = shown["delivery"]["attempts"].as_i64().unwrap();
        assert!((95..=110).contains(&attempts), "{attempts}");
        let failures = failures(&app, &id).await;
        assert_eq!(failures.len(), 2);
        assert_eq!((&failures[1]["will_retry"], &failures[1]["attempt"]), (&json!(false), &json!(attempts)));

        relay.up();
        app.advance(TimeDelta::hours(12));
        assert_eq!(work(&app).await, None);
        assert!(relay.taken().is_empty());
        resend(&app, &id).await;
        work(&app).await;
        let letters = relay.taken();
        assert_eq!(letters.len(), 1);
        app.activate(&letters[0].token).await.expect(201);
    }

    /// Nobody had tried it: its day begins with the first attempt.
    async fn a_letter_that_waited_for_days_has_its_day_all_the_same(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        relay.is(Behaviour::Refuses("451 4.7.1 Greylisted, please come again"));
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        app.advance(TimeDelta::days(3));
        let first = app.now();
        for hours in [0, 12, 23] {
            app.advance(first + TimeDelta::hours(hours) - app.now());
            assert!(work(&app).await.is_some());
            assert_eq!(show(&app, &id).await["delivery"]["state"], "queued", "after {hours} hours");
        }
        app.advance(first + TimeDelta::hours(24) - app.now());
        assert_eq!(work(&app).await, None);
        let delivery = show(&app, &id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(4)));
    }

    async fn letters_whose_links_died_in_the_outbox_are_never_sent(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        let app = app_with(backend, &relay).await;
        let (resent, revoked, untouched) = (
            invite(&app, "resent@example.com").await,
            invite(&app, "revoked@example.com").await,
            invite(&app, "untouched@example.com").await,
        );
        work(&app).await;
        resend(&app, &resent).await;
        let admin = app.admin();
        let answer = admin.post_empty(&format!("/v1/invitations/{revoked}/revoke")).await.expect(200);
        assert_eq!(answer.body["delivery"]["state"], "failed");
        assert!(
            answer.body["delivery"]["last_error"].as_str().unwrap().contains("link became invalid"),
            "{}",
            answer.text
        );
        relay.up();
        for _ in 0..30 {
            work(&app).await;
            app.advance(TimeDelta::hours(1));
        }
        let mut letters = relay.taken();
        letters.sort_by(|a, b| a.to.cmp(&b.to));
        let to: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, ["resent@example.com", "untouched@example.com"]);
        assert_eq!(show(&app, &resent).await["send_count"], 2);
        assert_eq!(show(&app, &untouched).await["delivery"]["state"], "sent");
        assert_eq!(app.timeline(&revoked).await, ["created", "email_queued", "email_failed", "revoked"]);
        // Thirty hours have passed, but the letter that came is the live one: expired, not superseded.
        app.activate(&letters[0].token).await.problem(410, "activation_link_expired");
    }

    /// It may have been delivered, and may not: the same letter once more, which readers see as one.
    async fn a_relay_that_hangs_up_gets_the_very_same_letter_again(backend: Backend) {
        for speaks in [Speaks::Smtp, Speaks::Mailpit] {
            let mut relay = Relay::new(speaks);
            relay.up();
            relay.is(Behaviour::HangsUp);
            let app = app_with(backend, &relay).await;
            let id = invite(&app, "ada@example.com").await;
            for _ in 0..3 {
                let due = work(&app).await.unwrap();
                assert_eq!(show(&app, &id).await["delivery"]["state"], "queued");
                app.advance(due - app.now());
            }
            relay.is(Behaviour::Takes);
            work(&app).await;
            let (unanswered, taken) = (relay.unanswered(), relay.taken());
            assert_eq!((unanswered.len(), taken.len()), (3, 1), "{speaks:?}");
            assert!(unanswered.iter().all(|letter| same(letter, &taken[0])), "{speaks:?}");
            resend(&app, &id).await;
            work(&app).await;
            let next = relay.taken().remove(0);
            assert!(next.message_id != taken[0].message_id && next.link != taken[0].link);
            app.activate(&taken[0].token).await.problem(410, "activation_link_superseded");
        }
    }

    /// Connections that wait for the next letter are of no use once the relay was restarted.
    async fn a_relay_that_restarts_between_letters_is_met_anew(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = app_with(backend, &relay).await;
        for number in 0..3 {
            let id = invite(&app, &format!("ada{number}@example.com")).await;
            assert_eq!(work(&app).await, None);
            assert_eq!(show(&app, &id).await["delivery"]["attempts"], 1);
            assert_eq!(relay.taken().len(), 1);
            relay.down().await;
            relay.up();
        }
    }

    async fn a_mail_server_that_refuses_is_distinguished_from_one_that_is_busy(backend: Backend) {
        let mut relay = Relay::new(Speaks::Mailpit);
        relay.up();
        relay.is(Behaviour::Refuses("503 Service Unavailable"));
        let app = app_with(backend, &relay).await;
        let id = invite(&app, "ada@example.com").await;
        let due = work(&app).await.unwrap();
        assert_eq!(show(&app, &id).await["delivery"]["state"], "queued");
        app.advance(due - app.now());
        relay.is(Behaviour::Refuses("400 Bad Request"));
        assert_eq!(work(&app).await, None);
        let delivery = show(&app, &id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(2)));
        assert!(delivery["last_error"].as_str().unwrap().contains("400"), "{delivery}");
    }
}

/// The same letter, but for the moment at which it was handed over.
fn same(a: &Mail, b: &Mail) -> bool {
    (&a.to, &a.subject, &a.message_id, &a.link) == (&b.to, &b.subject, &b.message_id, &b.link)
}
