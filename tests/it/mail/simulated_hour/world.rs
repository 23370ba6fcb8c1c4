//! The app, the relay and two couriers, beside what is known to be true of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::TimeDelta;
use invitation_service::{courier::Courier, db::letters::outbox::Claimed};
use serde_json::Value;

use super::{
    DAY,
    couriers::courier,
    hour::{GREYLISTS, LEAVES, Weather},
    truth::{Outcome, Truth, delivery_shown, time},
};
use crate::support::{Backend, Mail, Relay, TestApp, extent::IS_LONG, json, relay::Speaks};

pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) relay: Relay,
    pub(super) weather: Weather,
    pub(super) truths: BTreeMap<String, Truth>,
    /// By recipient, every copy that the relay read whole.
    pub(super) copies: BTreeMap<String, Vec<Mail>>,
    /// The recipients whose letters the relay took in this moment, and those whose letters it read and never
    /// answered for.
    pub(super) seen: (HashSet<String>, HashSet<String>),
    /// Couriers that live.
    pub(super) couriers: [Courier; 2],
    /// Claims of couriers that are thought dead.
    pub(super) stale: Vec<Claimed>,
    /// How many letters each deed met, and how many late words came to nothing.
    pub(super) met: BTreeMap<&'static str, usize>,
    /// How often what lists show was compared.
    pub(super) checks: usize,
}

impl World {
    pub(super) async fn new(backend: Backend) -> Self {
        let relay = Relay::new(Speaks::Smtp);
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let couriers = [courier(&app, &relay), courier(&app, &relay)];
        let (truths, copies, seen, stale, met, checks) = Default::default();
        Self { app, relay, weather: Weather::Away, truths, copies, seen, couriers, stale, met, checks }
    }

    pub(super) async fn invite(&mut self) {
        let to = format!("person{}@example.com", self.truths.len());
        let id = self.app.invite_unsent(&to, &["viewer"]).await["id"].as_str().unwrap().to_owned();
        let now = self.app.now();
        let truth = Truth {
            to,
            created_at: now,
            attempts: 0,
            due: now,
            leased: false,
            error: None,
            failed_first: false,
            sent_at: None,
            read: 0,
            lost: 0,
        };
        self.truths.insert(id, truth);
    }

    pub(super) async fn becomes(&mut self, weather: Weather, a_session: usize) {
        match (self.weather == Weather::Away, weather == Weather::Away) {
            (true, false) => self.relay.up(),
            (false, true) => self.relay.down().await,
            _ => {}
        }
        self.weather = weather;
        self.relay.is_to(move |recipient| weather.to(recipient));
        self.relay.takes_a_session(a_session);
    }

    pub(super) fn due(&self) -> BTreeSet<String> {
        let now = self.app.now();
        self.truths
            .iter()
            .filter(|(_, truth)| truth.sent_at.is_none() && truth.due <= now)
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Notes what the relay read, and gives the recipients whose letters it has answered for in this moment,
    /// and the others.
    pub(super) fn look(&mut self) -> (HashSet<String>, HashSet<String>) {
        let (taken, unanswered) = (self.relay.taken(), self.relay.unanswered());
        self.seen.0.extend(taken.iter().map(|letter| letter.to.clone()));
        self.seen.1.extend(unanswered.iter().map(|letter| letter.to.clone()));
        for letter in taken.into_iter().chain(unanswered) {
            self.truths.values_mut().find(|truth| truth.to == letter.to).unwrap().read += 1;
            self.copies.entry(letter.to.clone()).or_default().push(letter);
        }
        self.seen.clone()
    }

    pub(super) fn outcome(&self, to: &str, taken: &HashSet<String>) -> Outcome {
        let none = TimeDelta::zero();
        match (self.weather, self.weather.to(to)) {
            _ if taken.contains(to) => Outcome::Taken,
            (Weather::Away, _) => Outcome::Fails("onnection refused", none),
            (_, behaviour) if behaviour == GREYLISTS => Outcome::Fails("Greylisted", TimeDelta::seconds(300)),
            (_, behaviour) if behaviour == LEAVES => Outcome::Fails("shutting down", none),
            _ => Outcome::Fails("the relay", none),
        }
    }

    /// What was due was claimed, tried once, and recorded: nothing else has changed.
    pub(super) fn done(&mut self, due: &BTreeSet<String>) {
        let now = self.app.now();
        let (taken, unanswered) = self.look();
        for id in due {
            let claimed = self.truths[id].claimed(now);
            let outcome = self.outcome(&claimed.to, &taken);
            let lost = claimed.lost + usize::from(unanswered.contains(&claimed.to));
            self.truths.insert(id.clone(), Truth { lost, ..claimed.recorded(now, &outcome) });
        }
        let strange = taken.union(&unanswered).find(|to| !due.iter().any(|id| self.truths[id].to == **to));
        assert_eq!(strange, None, "a letter was sent that was not due");
    }

    /// A courier died with what was due. It claimed all of it or nothing, and has recorded some of it.
    pub(super) async fn died(&mut self, due: &BTreeSet<String>, beside_other: bool) {
        // The process is gone, and with it its connections.
        if self.weather != Weather::Away {
            self.relay.down().await;
            self.relay.up();
        }
        let (taken, unanswered) = self.look();
        let now = self.app.now();
        let shown = self.list("").await;
        let counted =
            due.iter().filter(|id| delivery_shown(&shown[*id]).1 > self.truths[*id].attempts).count();
        assert!(counted == due.len() || (counted == 0 && !beside_other), "{counted} of {}", due.len());
        if counted == 0 {
            assert!(taken.is_empty() && unanswered.is_empty(), "it was sent and never claimed");
            return;
        }
        for id in due {
            let claimed = self.truths[id].claimed(now);
            let recorded = claimed.recorded(now, &self.outcome(&claimed.to, &taken));
            let (taken, unanswered) = (taken.contains(&claimed.to), unanswered.contains(&claimed.to));
            let in_hand = delivery_shown(&shown[id]).0 == "sending";
            let truth = if in_hand { claimed } else { recorded };
            let lost = truth.lost + usize::from(unanswered || (in_hand && taken));
            self.truths.insert(id.clone(), Truth { lost, ..truth });
        }
    }

    /// All invitations as a list tells them, by id.
    pub(super) async fn list(&self, filter: &str) -> BTreeMap<String, Value> {
        let answer = self.app.admin().get(&format!("/v1/invitations?limit=200{filter}")).await.expect(200);
        let data = answer.body["data"].as_array().unwrap().clone();
        data.into_iter().map(|shown| (shown["id"].as_str().unwrap().to_owned(), shown)).collect()
    }

    /// What lists show is true: that of all letters, and those by their state, one of these lists at each
    /// check. The long form looks at all of them.
    pub(super) async fn check(&mut self) {
        let now = self.app.now();
        let list = self.list("").await;
        assert_eq!(list.len(), self.truths.len());
        for (id, shown) in &list {
            let truth = &self.truths[id];
            assert_eq!(delivery_shown(shown), truth.delivery(now), "{truth:?}\n{shown}");
            let (error, last_error) = (truth.error.is_some(), shown["delivery"]["last_error"].as_str());
            assert_eq!(last_error.is_some(), error, "{truth:?}\n{shown}");
            assert!(
                last_error.unwrap_or_default().contains(truth.error.unwrap_or_default()),
                "{truth:?}\n{shown}"
            );
            assert_eq!(time(&shown["last_sent_at"]).unwrap(), truth.sent_at.unwrap_or(truth.created_at));
        }
        self.checks += 1;
        // An odd number of lists: there are two checks in a moment, and each comes to every list.
        let lists = [&["queued"][..], &["sending"], &["sent", "failed"]];
        let is_looked_at = |number: usize| IS_LONG || number == self.checks % lists.len();
        for (_, states) in lists.iter().enumerate().filter(|(number, _)| is_looked_at(*number)) {
            let filter = format!("&delivery={}", states.join(","));
            let found: Vec<String> = self.list(&filter).await.into_keys().collect();
            let are = self.truths.iter().filter(|(_, truth)| states.contains(&truth.state(now)));
            assert_eq!(found, are.map(|(id, _)| id.clone()).collect::<Vec<_>>(), "{states:?}");
        }
    }

    /// What their timelines tell is true.
    pub(super) async fn check_timelines<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
        for id in ids {
            let truth = &self.truths[id];
            let events = self.app.events(id).await;
            let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
            assert_eq!(types, truth.timeline(), "{truth:?}");
            for event in &events {
                match types.iter().find(|known| event["type"] == **known) {
                    Some(&"email_sent") => assert_eq!(event["details"], json!({ "attempt": truth.attempts })),
                    Some(&"email_failed") => assert_eq!(event["details"]["attempt"], 1),
                    _ => {}
                }
            }
            let shown = self.app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
            assert_eq!(delivery_shown(&shown), truth.delivery(self.app.now()));
        }
    }

    /// What is due is in somebody's hands, says the API while it is.
    pub(super) async fn are_under_way(&self, recipients: &HashSet<String>) {
        let list = self.list("").await;
        for (id, truth) in self.truths.iter().filter(|(_, truth)| recipients.contains(&truth.to)) {
            assert_eq!(
                delivery_shown(&list[id]),
                ("sending", truth.attempts + 1, None, truth.created_at + DAY)
            );
        }
    }
}
