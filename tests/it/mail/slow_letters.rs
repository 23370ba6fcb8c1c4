//! Letters that take long: they hold nobody up, go once, and what is told of them is true.

use std::time::Duration;

use chrono::TimeDelta;
use invitation_service::courier::{Courier, SendSlots, Step};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Backend, Relay, TestApp, eventually, json, on_each,
    relay::{Behaviour, Speaks},
};

const TIMEOUT: Duration = Duration::from_mins(1);

/// A relay that says nothing about letters to whoever is called so.
fn silent_about(name: &'static str) -> Relay {
    let mut relay = Relay::new(Speaks::Smtp);
    relay.up();
    relay.is_to(move |to| if to.starts_with(name) { Behaviour::Holds } else { Behaviour::Takes });
    relay
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

on_each! {
    async fn those_that_a_relay_is_silent_about_delay_no_other(backend: Backend) {
        let relay = silent_about("silent");
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let courier = app.parts.courier.clone();
        let running = tokio::spawn(async move { courier.run(stopping).await });
        let invite = async |name: &str, number: usize| {
            app.invite_unsent(&format!("{name}-{number}@example.com"), &["viewer"]).await
        };
        // More than there are connections for quick ones.
        for number in 0..6 {
            invite("silent", number).await;
        }
        let mut held = 0;
        let all_held = async || {
            held += relay.unanswered().len();
            (held == 6).then_some(())
        };
        eventually("all of the silent ones are under way", TIMEOUT, all_held).await;
        let mut arrived = 0;
        for round in 1..=3 {
            for number in 0..20 {
                invite("quick", 20 * round + number).await;
            }
            let all_arrived = async || {
                arrived += relay.taken().len();
                (arrived == 20 * round).then_some(())
            };
            eventually("the others arrive", TIMEOUT, all_arrived).await;
        }
        let under_way = async || {
            let listed = app.admin().get("/v1/invitations?delivery=sending").await.expect(200);
            (listed.body["data"].as_array().unwrap().len() == 6).then_some(())
        };
        eventually("the silent ones alone are under way", TIMEOUT, under_way).await;
        relay.lets_go();
        eventually("all are sent", TIMEOUT, async || {
            (app.database.count("letters WHERE state = 'sent'") == 66).then_some(())
        })
        .await;
        assert_eq!(app.database.count("letters WHERE attempts = 1"), 66);
        stop.cancel();
        running.await.unwrap();
    }

    async fn a_letter_stays_in_hand_however_long_it_takes(backend: Backend) {
        let relay = silent_about("ada");
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let holds = relay.holds();
        let patient = Courier { renew_every: Duration::from_millis(10), ..app.parts.courier.clone() };
        let other = Courier { slots: SendSlots::default(), ..app.parts.courier.clone() };
        let sending = tokio::spawn(async move { patient.step().await });
        holds.notified().await;
        // Far longer than a lease.
        for _ in 0..5 {
            app.advance(TimeDelta::seconds(45));
            let next = Step::Idle { next_due: Some(app.now() + TimeDelta::seconds(60)) };
            eventually("the lease is renewed", TIMEOUT, async || {
                (other.step().await.unwrap() == next).then_some(())
            })
            .await;
            assert_eq!(delivery(&app, &id).await["state"], "sending");
        }
        relay.lets_go();
        assert_eq!(sending.await.unwrap().unwrap(), Step::Worked(1));
        assert_eq!(other.step().await.unwrap(), Step::Idle { next_due: None });
        let reported = delivery(&app, &id).await;
        assert_eq!((&reported["state"], &reported["attempts"]), (&json!("sent"), &json!(1)));
        assert_eq!(relay.taken().len(), 1);
    }

    async fn what_arrives_after_a_newer_letter_was_queued_is_recorded_as_the_older_one(backend: Backend) {
        let relay = silent_about("ada");
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let holds = relay.holds();
        let courier = app.parts.courier.clone();
        let sending = tokio::spawn(async move { courier.step().await });
        holds.notified().await;
        app.advance(TimeDelta::seconds(60));
        app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        relay.lets_go();
        sending.await.unwrap().unwrap();
        let sent = async || {
            let events = app.events(&id).await;
            events
                .into_iter()
                .filter(|event| event["type"] == "email_sent")
                .map(|event| event["details"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(sent().await, [json!({ "attempt": 1, "superseded": true })]);
        assert_eq!(delivery(&app, &id).await["state"], "queued");
        relay.is(Behaviour::Takes);
        app.parts.courier.step().await.unwrap();
        assert_eq!(sent().await, [json!({ "attempt": 1, "superseded": true }), json!({ "attempt": 1 })]);
        assert_eq!(delivery(&app, &id).await["state"], "sent");
    }

    /// The link is dead, and the letter is not back for that.
    async fn what_is_being_sent_when_the_link_dies_is_reported_as_such(backend: Backend) {
        let relay = silent_about("ada");
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let holds = relay.holds();
        let courier = app.parts.courier.clone();
        let sending = tokio::spawn(async move { courier.step().await });
        holds.notified().await;
        app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        let reported = delivery(&app, &id).await;
        assert_eq!(
            (&reported["state"], &reported["last_error"], &reported["reason"]),
            (&json!("sending"), &Value::Null, &Value::Null),
            "{reported}"
        );
        for (state, listed) in [("sending", 1), ("failed", 0)] {
            let list = app.admin().get(&format!("/v1/invitations?delivery={state}")).await.expect(200);
            assert_eq!(list.body["data"].as_array().unwrap().len(), listed, "{state}");
        }
        relay.lets_go();
        sending.await.unwrap().unwrap();
        assert_eq!(delivery(&app, &id).await["state"], "sent");
        assert_eq!(app.timeline(&id).await, ["created", "email_queued", "revoked", "email_sent"]);
    }

    /// Those whose turn has not come go back at once, to whoever starts next; those in hand are finished.
    async fn a_courier_that_is_stopped_gives_back_what_it_has_not_begun(backend: Backend) {
        let relay = silent_about("silent");
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        for number in 0..30 {
            app.invite_unsent(&format!("silent-{number}@example.com"), &["viewer"]).await;
        }
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let courier = app.parts.courier.clone();
        let running = tokio::spawn(async move { courier.run(stopping).await });
        let mut held = 0;
        let some_held = async || {
            held += relay.unanswered().len();
            (held >= 4).then_some(())
        };
        eventually("it has some in hand", TIMEOUT, some_held).await;
        stop.cancel();
        let untried = async || {
            let (untried, tried) = (
                app.database.count("letters WHERE attempts = 0"),
                app.database.count("letters WHERE attempts = 1"),
            );
            (untried >= 14
                && untried + tried == 30
                && app.database.count("letters WHERE attempts = 1 AND leased_until IS NULL") == 0)
                .then_some(tried)
        };
        let tried = eventually("the others are given back", TIMEOUT, untried).await;
        relay.lets_go();
        running.await.unwrap();
        assert_eq!(app.database.count("letters WHERE state = 'sent'"), tried);
        assert_eq!(app.database.count("letters WHERE state = 'queued' AND leased_until IS NULL"), 30 - tried);
    }
}
