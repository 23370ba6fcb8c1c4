//! What a relay's refusal of a recipient or a letter says, by its code or its words: on the invitation, in
//! its timeline, and in the overview of deliveries.

use std::collections::HashMap;

use chrono::TimeDelta;
use invitation_service::courier::Step;
use serde_json::Value;

use crate::support::{
    Backend, Relay, TestApp, json, on_each,
    relay::{Behaviour, Speaks},
};

const AT_THE_RECIPIENT: Option<&str> = None;
const AT_THE_END: Option<&str> = Some(".");

/// A reply; where it is given; fault and code in the timeline; words of the advice.
type Case = (&'static str, Option<&'static str>, Option<&'static str>, Option<&'static str>, &'static str);

const FINAL: [Case; 16] = [
    ("550 5.1.1 no", AT_THE_RECIPIENT, None, Some("5.1.1"), "no mailbox with this address"),
    ("550 5.1.1 no", AT_THE_END, None, Some("5.1.1"), "no mailbox with this address"),
    ("550 No such user here", AT_THE_RECIPIENT, None, Some("5.1.1"), "no mailbox with this address"),
    ("550 5.1.2 no", AT_THE_RECIPIENT, None, Some("5.1.2"), "what is after the @"),
    ("550 no", AT_THE_RECIPIENT, None, None, "No letter was delivered"),
    ("550 5.2.1 disabled", AT_THE_RECIPIENT, Some("mailbox"), Some("5.2.1"), "The mailbox is closed"),
    ("552 5.2.2 over quota", AT_THE_RECIPIENT, Some("unavailable"), Some("5.2.2"), "to make room"),
    ("552 5.3.4 too big", AT_THE_END, Some("blocked"), Some("5.3.4"), "a letter of this size"),
    ("550 5.7.1 no", AT_THE_RECIPIENT, Some("blocked"), Some("5.7.1"), "says nothing against the address"),
    ("554 no", AT_THE_END, Some("blocked"), None, "says nothing against the address"),
    ("554 Transaction failed", AT_THE_END, Some("blocked"), None, "says nothing against the address"),
    (
        "550 5.7.1 mailbox is full",
        AT_THE_RECIPIENT,
        Some("unavailable"),
        Some("5.7.1"),
        "Resend the invitation later",
    ),
    ("550 too many unknown users", AT_THE_RECIPIENT, None, None, "No letter was delivered"),
    ("554 connection refused", AT_THE_RECIPIENT, Some("network"), Some("4.4.1"), "did not reach"),
    ("554 5.4.6 loop", AT_THE_RECIPIENT, Some("network"), Some("5.4.6"), "in a circle"),
    ("554 5.6.0 form", AT_THE_END, Some("blocked"), Some("5.6.0"), "the form of the letter"),
];

const WAITING: [Case; 3] = [
    ("452 4.2.2 over quota", AT_THE_RECIPIENT, Some("unavailable"), Some("4.2.2"), ""),
    ("450 4.1.1 no such user", AT_THE_RECIPIENT, Some("unavailable"), Some("4.1.1"), ""),
    ("451 4.4.1 no answer", AT_THE_RECIPIENT, Some("network"), Some("4.4.1"), ""),
];

async fn work(app: &TestApp) {
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
}

/// Invites a person for each case, to whom the relay answers so.
async fn invited(backend: Backend, relay: &Relay, cases: &'static [Case]) -> (TestApp, Vec<String>) {
    let app = TestApp::start(backend, &[("MAIL_URL", &relay.url()), ("RATE_LIMITS", "off")]).await;
    let (mut ids, mut moods) = (Vec::new(), HashMap::new());
    for (number, (reply, stage, ..)) in cases.iter().enumerate() {
        let to = format!("row{number}@rcpt.example");
        ids.push(app.invite_unsent(&to, &["viewer"]).await["id"].as_str().unwrap().to_owned());
        let mood = match stage {
            None => Behaviour::Refuses(reply),
            Some(stage) => Behaviour::RefusesAt(stage, reply),
        };
        moods.insert(to, mood);
    }
    relay.is_to(move |to| moods.get(to).copied().unwrap_or(Behaviour::Takes));
    work(&app).await;
    (app, ids)
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

/// The groups of reasons of the last hour.
async fn groups(app: &TestApp) -> HashMap<String, u64> {
    let body = app.admin().get("/v1/delivery").await.expect(200).body;
    let reasons = body["periods"][0]["reasons"].as_array().unwrap();
    let of = |one: &Value| (one["group"].as_str().unwrap().to_owned(), one["count"].as_u64().unwrap());
    reasons.iter().map(of).collect()
}

fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, Value::from)
}

on_each! {
    async fn final_refusals_are_told_by_their_cause(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let (app, ids) = invited(backend, &relay, &FINAL).await;
        for (id, (reply, _, fault, code, advice)) in ids.iter().zip(FINAL) {
            let reported = delivery(&app, id).await;
            assert_eq!((&reported["state"], &reported["attempts"]), (&json!("failed"), &json!(1)), "{reply}");
            assert!(reported["advice"].as_str().unwrap().contains(advice), "{reply}: {reported}");
            let entry = app.events(id).await.pop().unwrap();
            assert_eq!(
                (&entry["type"], &entry["details"]["fault"], &entry["details"]["status_code"]),
                (&json!("email_failed"), &text(fault), &text(code)),
                "{reply}: {entry}"
            );
        }
        let counted = groups(&app).await;
        let wanted = [("address", 6), ("mailbox", 3), ("content", 5), ("network", 2)];
        assert_eq!(counted, wanted.map(|(group, count)| (group.to_owned(), count)).into());

        // The relay says so at once, each time: no address has to be spared further letters, and a relay that
        // is set up wrongly would put whole domains on the list.
        assert_eq!(app.database.count("suppressions"), 0);
        app.advance(TimeDelta::minutes(5));
        relay.is(Behaviour::Takes);
        app.admin().post_empty(&format!("/v1/invitations/{}/resend", ids[0])).await.expect(200);
        work(&app).await;
        let reported = delivery(&app, &ids[0]).await;
        assert_eq!((&reported["state"], reported.get("advice")), (&json!("sent"), None), "{reported}");
    }

    async fn letters_that_wait_are_grouped_by_what_they_wait_for(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let (app, ids) = invited(backend, &relay, &WAITING).await;
        for (id, (reply, _, fault, code, _)) in ids.iter().zip(WAITING) {
            let reported = delivery(&app, id).await;
            assert_eq!((&reported["state"], reported.get("advice")), (&json!("queued"), None), "{reply}");
            let entry = app.events(id).await.pop().unwrap();
            assert_eq!(
                (&entry["details"]["fault"], &entry["details"]["status_code"]),
                (&text(fault), &text(code)),
                "{reply}: {entry}"
            );
        }
        let wanted = [("mailbox", 2), ("network", 1)];
        assert_eq!(groups(&app).await, wanted.map(|(group, count)| (group.to_owned(), count)).into());
    }
}
