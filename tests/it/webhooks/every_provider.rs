//! Reports that come again and out of order, of every provider that has a webhook: each counts once, and the
//! gravest stays.

use std::collections::BTreeSet;

use invitation_service::mail::PROVIDERS;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Backend, TestApp,
    extent::rounds,
    on_each,
    provider::{
        case::{ProviderCase, STATES},
        cases::cases,
    },
    sns::Sns,
};

async fn start(backend: Backend) -> TestApp {
    let keys: Vec<(String, String)> = cases()
        .into_iter()
        .map(|case| (format!("MAIL_EVENTS_{}", case.provider.to_uppercase()), case.reports.key))
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

async fn post(app: &TestApp, case: &ProviderCase, events: &[Value]) -> Answer {
    let (headers, body) = (case.reports.request)(events, app.now());
    let path = format!("/v1/mail-events/{}", case.provider);
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
fn every_webhook_has_its_case() {
    let cases: BTreeSet<&str> = cases().iter().map(|case| case.provider).collect();
    let webhooks = PROVIDERS.iter().filter(|provider| provider.webhook.is_some());
    assert_eq!(cases, webhooks.map(|provider| provider.provider.name).collect());
}

on_each! {
    async fn the_gravest_stays_in_every_order(backend: Backend) {
        let app = start(backend).await;
        for (place, case) in cases().into_iter().enumerate() {
            let states = case.states();
            // Of the orders of four states each provider meets every third, and together they meet them all.
            let step = if states.len() < STATES.len() { 1 } else { rounds(3, 1) };
            let orders = orders(states.len()).into_iter().enumerate().skip(place % step).step_by(step);
            for (number, order) in orders {
                let (id, letter) = invited(&app, &format!("{}-{number}", case.provider)).await;
                let (before, at) = (app.database.count("mail_events"), app.now().timestamp());
                let mut gravest = 0;
                for place in &order {
                    let event_id = format!("{number}-{place}");
                    let event = case.event_of_letter(states[*place], &letter, &event_id, at);
                    post(&app, &case, &[event]).await.expect(200);
                    gravest = gravest.max(*place);
                    assert_eq!(state(&app, &id).await, states[gravest], "{} {order:?}", case.provider);
                }
                let rows = usize::try_from(app.database.count("mail_events") - before).unwrap();
                assert_eq!(rows, states.len(), "{}", case.provider);
            }
        }
    }

    /// The same request again, and the same event in another request.
    async fn what_comes_again_counts_once(backend: Backend) {
        let app = start(backend).await;
        for case in cases() {
            let (id, letter) = invited(&app, case.provider).await;
            let at = app.now().timestamp();
            let event = |state: &str| case.event_of_letter(state, &letter, state, at);
            let (delivered, bounced) = (event("delivered"), event("bounced"));
            for _ in 0..3 {
                post(&app, &case, std::slice::from_ref(&delivered)).await.expect(200);
            }
            assert_eq!(state(&app, &id).await, "delivered", "{}", case.provider);
            if case.reports.is_batched {
                let batch = [bounced.clone(), delivered.clone(), bounced.clone(), delivered.clone()];
                let answer = post(&app, &case, &batch).await.expect(200);
                assert_eq!(answer.body, json!({ "received": 4 }), "{}", case.provider);
            }
            post(&app, &case, std::slice::from_ref(&bounced)).await.expect(200);
            post(&app, &case, std::slice::from_ref(&delivered)).await.expect(200);
            assert_eq!(state(&app, &id).await, "bounced", "{}", case.provider);
            let timeline = app.timeline(&id).await;
            let count = |kind: &str| timeline.iter().filter(|entry| *entry == kind).count();
            let counts = (count("email_delivered"), count("email_bounced"));
            assert_eq!(counts, (1, 1), "{}: {timeline:?}", case.provider);
        }
    }

    /// A provider speaks of its own letters: not of those that another one has accepted.
    async fn another_provider_s_letter_is_left_alone(backend: Backend) {
        let app = start(backend).await;
        for case in cases() {
            let (id, letter) = invited(&app, case.provider).await;
            let other = if case.provider == "resend" { "postmark" } else { "resend" };
            app.database.execute(&format!("UPDATE letters SET provider = '{other}' WHERE id = '{letter}'"));
            let event = case.event_of_letter("bounced", &letter, "b", app.now().timestamp());
            post(&app, &case, &[event]).await.expect(200);
            assert_eq!(state(&app, &id).await, "sent", "{}", case.provider);
        }
    }
}
