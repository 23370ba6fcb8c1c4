//! Reports that come again and out of order, of every provider that has a webhook: each counts once, and the
//! gravest stays.

mod reports;

use std::collections::BTreeSet;

use invitation_service::mail::PROVIDERS;
use reqwest::Method;
use serde_json::{Value, json};

use self::reports::{Reporter, reporters};
use crate::support::{Answer, Backend, TestApp, extent::rounds, on_each, sns::Sns};

/// The states in the order of their weight.
const STATES: [&str; 4] = ["deferred", "delivered", "bounced", "complained"];

async fn start(backend: Backend) -> TestApp {
    let keys: Vec<(String, String)> = reporters()
        .iter()
        .map(|reporter| (format!("MAIL_EVENTS_{}", reporter.provider.to_uppercase()), reporter.key.clone()))
        .collect();
    let variables: Vec<(&str, &str)> = keys.iter().map(|(name, key)| (name.as_str(), key.as_str())).collect();
    // Many letters go to one mailbox.
    let variables = [variables, vec![("LETTERS_PER_MAILBOX", "off")]].concat();
    TestApp::start_with(backend, &variables, |parts| drop(Sns::installed(parts))).await
}

/// An invitation, and the letter that was sent.
async fn invited(app: &TestApp, name: &str) -> (String, String) {
    let (invitation, _) = app.invite(&format!("{name}@example.com"), &["viewer"]).await;
    let id = invitation["id"].as_str().unwrap().to_owned();
    let letter = format!("SELECT id AS text FROM letters WHERE invitation_id = '{id}'");
    let letter = app.database.texts(&letter).remove(0);
    (id, letter)
}

async fn post(app: &TestApp, reporter: &Reporter, events: &[Value]) -> Answer {
    let (headers, body) = (reporter.request)(events, app.now());
    let path = format!("/v1/mail-events/{}", reporter.provider);
    let request = app.anonymous().request(Method::POST, &path).header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    Answer::of(request.body(body)).await
}

async fn state(app: &TestApp, invitation: &str) -> Value {
    let shown = app.admin().get(&format!("/v1/invitations/{invitation}")).await.expect(200);
    shown.body["delivery"]["state"].clone()
}

/// Every order of so many things, up to four.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let longer = shorter.iter().flat_map(|order| {
        (0..count).map(|place| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        })
    });
    longer.collect()
}

#[test]
fn every_webhook_has_a_reporter() {
    let reporters: BTreeSet<&str> = reporters().iter().map(|reporter| reporter.provider).collect();
    let webhooks = PROVIDERS.iter().filter(|provider| provider.webhook.is_some());
    assert_eq!(reporters, webhooks.map(|provider| provider.provider.name).collect());
}

on_each! {
    async fn the_gravest_stays_in_every_order(backend: Backend) {
        let app = start(backend).await;
        for (place, reporter) in reporters().into_iter().enumerate() {
            let states: Vec<&str> =
                STATES.into_iter().filter(|state| (reporter.event)(state, "l", "e", 0).is_some()).collect();
            // Of the orders of four states each provider meets every third, and together they meet them all.
            let step = if states.len() < STATES.len() { 1 } else { rounds(3, 1) };
            let orders = orders(states.len()).into_iter().enumerate().skip(place % step).step_by(step);
            for (number, order) in orders {
                let (id, letter) = invited(&app, &format!("{}-{number}", reporter.provider)).await;
                let (before, at) = (app.database.count("mail_events"), app.now().timestamp());
                let mut gravest = 0;
                for place in &order {
                    let event_id = format!("{number}-{place}");
                    let event = (reporter.event)(states[*place], &letter, &event_id, at).unwrap();
                    post(&app, &reporter, &[event]).await.expect(200);
                    gravest = gravest.max(*place);
                    assert_eq!(state(&app, &id).await, states[gravest], "{} {order:?}", reporter.provider);
                }
                let rows = usize::try_from(app.database.count("mail_events") - before).unwrap();
                assert_eq!(rows, states.len(), "{}", reporter.provider);
            }
        }
    }

    /// The same request again, and the same event in another request.
    async fn what_comes_again_counts_once(backend: Backend) {
        let app = start(backend).await;
        for reporter in reporters() {
            let (id, letter) = invited(&app, reporter.provider).await;
            let at = app.now().timestamp();
            let event = |state: &str| (reporter.event)(state, &letter, state, at).unwrap();
            let (delivered, bounced) = (event("delivered"), event("bounced"));
            for _ in 0..3 {
                post(&app, &reporter, std::slice::from_ref(&delivered)).await.expect(200);
            }
            assert_eq!(state(&app, &id).await, "delivered", "{}", reporter.provider);
            if reporter.is_batched {
                let batch = [bounced.clone(), delivered.clone(), bounced.clone(), delivered.clone()];
                let answer = post(&app, &reporter, &batch).await.expect(200);
                assert_eq!(answer.body, json!({ "received": 4 }), "{}", reporter.provider);
            }
            post(&app, &reporter, std::slice::from_ref(&bounced)).await.expect(200);
            post(&app, &reporter, std::slice::from_ref(&delivered)).await.expect(200);
            assert_eq!(state(&app, &id).await, "bounced", "{}", reporter.provider);
            let timeline = app.timeline(&id).await;
            let count = |kind: &str| timeline.iter().filter(|entry| *entry == kind).count();
            let counts = (count("email_delivered"), count("email_bounced"));
            assert_eq!(counts, (1, 1), "{}: {timeline:?}", reporter.provider);
        }
    }

    /// A provider speaks of its own letters: not of those that another one has accepted.
    async fn another_provider_s_letter_is_left_alone(backend: Backend) {
        let app = start(backend).await;
        for reporter in reporters() {
            let (id, letter) = invited(&app, reporter.provider).await;
            let other = if reporter.provider == "resend" { "postmark" } else { "resend" };
            app.database.execute(&format!("UPDATE letters SET provider = '{other}' WHERE id = '{letter}'"));
            let event = (reporter.event)("bounced", &letter, "b", app.now().timestamp()).unwrap();
            post(&app, &reporter, &[event]).await.expect(200);
            assert_eq!(state(&app, &id).await, "sent", "{}", reporter.provider);
        }
    }
}
