//! An hour of faults, by the manual clock: a relay that is away, busy or rude, and couriers that die at every step of claim,
//! send, record. After each of some hundred moments, what the API tells of each letter is what a model knows to be true.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use invitation_service::{
    courier::{Courier, Looked, Step, records},
    db::{
        Db, DbFault,
        batcher::Batcher,
        outbox::{self, Claimed, Outcome},
        sent,
    },
    domain::letter::{LetterPurpose, Receipt},
    mail::{MailUrl, Mailer, Sender},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::Value;
use tokio::{runtime::Handle, sync::Notify};

use crate::support::{
    Backend, Mail, Relay, TestApp,
    batches::colleagues,
    json, on_each,
    relay::{Mood, Speaks},
};

const LETTERS: usize = 48;
const LEASE: TimeDelta = TimeDelta::seconds(60);
const DAY: TimeDelta = TimeDelta::hours(24);
const GREYLISTS: Mood = Mood::Refuses("451 4.7.1 Greylisted for 300 seconds");
const LEAVES: Mood = Mood::Refuses("421 4.3.2 shutting down");
const MOODS: [Mood; 6] = [Mood::Takes, Mood::Takes, GREYLISTS, LEAVES, Mood::HangsUpAtData, Mood::HangsUp];

/// How the relay fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Away,
    /// The same to everybody.
    Each(Mood),
    /// To each recipient something else.
    Mixed(u64),
}

impl Weather {
    fn to(self, recipient: &str) -> Mood {
        match self {
            Self::Away => Mood::Takes,
            Self::Each(mood) => mood,
            Self::Mixed(salt) => MOODS[of_hash(salt, recipient, MOODS.len())],
        }
    }
}

/// What a courier does with what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// Nobody is at work.
    Nothing,
    Work,
    /// Two of them at the same moment.
    WorkTogether,
    /// Claims, and dies.
    DieClaiming,
    /// Dies while the relay has letters in hand.
    DieSending,
    /// Dies when the first letter is about to be recorded.
    DieRecording,
    /// Is dropped wherever it is after being woken so often.
    DieAnywhere(usize),
    /// The last two beside a courier that lives.
    DieRecordingBesideOther,
    DieAnywhereBesideOther(usize),
}

/// A moment of the hour.
#[derive(Debug, Clone, Copy)]
struct Moment {
    after: TimeDelta,
    invites: usize,
    weather: Weather,
    /// Letters that the relay takes before it says 421.
    a_session: usize,
    deed: Deed,
}

fn hour(seed: u64) -> Vec<Moment> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut moments = Vec::new();
    let (mut weather, mut passed) = (Weather::Away, 0);
    while passed < 3600 {
        let after = dice.random_range(1..50);
        passed += after;
        if dice.random_ratio(2, 5) {
            weather = match dice.random_range(0..10) {
                0 | 1 => Weather::Away,
                2 | 3 => Weather::Each(Mood::Takes),
                4..8 => Weather::Mixed(dice.random()),
                _ => Weather::Each(*MOODS[2..].choose(&mut dice).unwrap()),
            };
        }
        let polls = dice.random_range(0..60);
        let deed = match dice.random_range(0..16) {
            0 | 1 => Deed::Nothing,
            2..=4 => Deed::Work,
            5 | 6 => Deed::WorkTogether,
            7 | 8 => Deed::DieClaiming,
            9 | 10 => Deed::DieSending,
            11 => Deed::DieRecording,
            12 => Deed::DieRecordingBesideOther,
            13 | 14 => Deed::DieAnywhere(polls),
            _ => Deed::DieAnywhereBesideOther(polls),
        };
        let a_session = *[1, 2, 3, usize::MAX].choose(&mut dice).unwrap();
        moments.push(Moment { after: TimeDelta::seconds(after), invites: 0, weather, a_session, deed });
    }
    for _ in 0..LETTERS {
        let at = dice.random_range(0..moments.len());
        moments[at].invites += 1;
    }
    moments
}

fn of_hash(salt: u64, text: &str, below: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (salt, text).hash(&mut hasher);
    usize::try_from(hasher.finish() % below as u64).unwrap()
}

/// What is true of a letter.
#[derive(Debug, Clone)]
struct Truth {
    to: String,
    created_at: DateTime<Utc>,
    attempts: i64,
    /// When it may be claimed, and whether somebody has it in hand until then.
    due: DateTime<Utc>,
    leased: bool,
    /// What the last recorded fault says.
    error: Option<&'static str>,
    /// Whether the first attempt failed and was recorded.
    failed_first: bool,
    sent_at: Option<DateTime<Utc>>,
    /// How often the relay read it whole, and how often nobody recorded that.
    read: usize,
    lost: usize,
}

impl Truth {
    fn state(&self, now: DateTime<Utc>) -> &'static str {
        match (self.sent_at, self.leased && now < self.due) {
            (Some(_), _) => "sent",
            (None, true) => "sending",
            (None, false) => "queued",
        }
    }

    /// What the API is to tell.
    fn delivery(&self, now: DateTime<Utc>) -> (&'static str, i64, Option<DateTime<Utc>>, DateTime<Utc>) {
        (self.state(now), self.attempts, self.sent_at, self.sent_at.unwrap_or(self.created_at) + DAY)
    }

    fn claimed(&self, now: DateTime<Utc>) -> Self {
        Self { attempts: self.attempts + 1, due: now + LEASE, leased: true, ..self.clone() }
    }

    /// What is recorded of a claimed one after the relay said this.
    fn recorded(&self, now: DateTime<Utc>, fate: &Fate) -> Self {
        let Fate::Fails(error, wait) = fate else {
            return Self { sent_at: Some(now), error: None, leased: false, ..self.clone() };
        };
        let backoff = TimeDelta::seconds((5 << (self.attempts - 1).min(16)).min(900));
        let failed_first = self.failed_first || self.attempts == 1;
        Self { due: now + backoff.max(*wait), leased: false, error: Some(error), failed_first, ..self.clone() }
    }

    fn timeline(&self) -> Vec<&'static str> {
        let mut types = vec!["created", "email_queued"];
        types.extend(self.failed_first.then_some("email_failed"));
        types.extend(self.sent_at.map(|_| "email_sent"));
        types
    }
}

/// What the relay makes of an attempt.
enum Fate {
    Taken,
    Fails(&'static str, TimeDelta),
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str().map(|text| DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

/// What the API tells of an invitation.
fn told(shown: &Value) -> (&str, i64, Option<DateTime<Utc>>, DateTime<Utc>) {
    let delivery = &shown["delivery"];
    let (state, attempts) = (delivery["state"].as_str().unwrap(), delivery["attempts"].as_i64().unwrap());
    (state, attempts, time(&delivery["sent_at"]), time(&shown["expires_at"]).unwrap())
}

struct World {
    app: TestApp,
    relay: Relay,
    weather: Weather,
    truths: BTreeMap<String, Truth>,
    /// By recipient, every copy that the relay read whole.
    copies: BTreeMap<String, Vec<Mail>>,
    /// The recipients whose letters the relay took in this moment, and those whose letters it read and never answered for.
    seen: (HashSet<String>, HashSet<String>),
    /// Couriers that live.
    couriers: [Courier; 2],
    /// Claims of couriers that are thought dead.
    stale: Vec<Claimed>,
    /// How many letters each deed met, and how many late words came to nothing.
    met: BTreeMap<&'static str, usize>,
}

/// A courier as another process has it: with connections and records of its own.
fn courier(app: &TestApp, relay: &Relay) -> Courier {
    let sender = Sender::new("Invitations <no-reply@localhost>", None, chrono_tz::UTC).unwrap();
    let mailer = Arc::new(Mailer::new(&MailUrl::parse(&relay.url()).unwrap(), sender).unwrap());
    let db = app.parts.courier.db.apart(1);
    let records = records(&db, &app.clock, relay.url(), Duration::from_hours(24)).unwrap();
    Courier { db, records, mailer, reminded: Looked::default(), ..app.parts.courier.clone() }
}

/// Works until nothing is due, and says how much was, and when something will be.
async fn drain(courier: &Courier) -> (usize, Option<DateTime<Utc>>) {
    let mut worked = 0;
    loop {
        match courier.step().await.unwrap() {
            Step::Worked(letters) => worked += letters,
            Step::Idle { next_due } => return (worked, next_due),
        }
    }
}

/// Drops a future at the poll that follows so many.
async fn polled<F: Future>(future: F, mut times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let Some(left) = times.checked_sub(1) else { return Poll::Ready(None) };
        times = left;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// A courier whose records go to the database in their order, so that they can be waited for. They do whether or not it lives.
fn in_order(courier: Courier) -> Courier {
    let (inner, runtime) = (courier.records.clone(), Handle::current());
    let records = Batcher::reading(&courier.db, "records", 64, move |_, items: &[(Claimed, Outcome)]| {
        runtime.block_on(try_join_all(items.iter().map(|item| inner.run(item.clone()))))
    });
    Courier { records: records.unwrap(), ..courier }
}

/// A courier that never records anything, and what is rung when it would.
fn that_dies_recording(courier: Courier) -> (Courier, Arc<Notify>) {
    let asked = Arc::<Notify>::default();
    let bell = asked.clone();
    let records = Batcher::writing(&courier.db, "nobody", 64, move |_, _: &[(Claimed, Outcome)]| {
        bell.notify_one();
        Err::<Vec<()>, _>(DbFault::Other("it is dead".to_owned()))
    });
    (Courier { records: records.unwrap(), ..courier }, asked)
}

impl World {
    async fn new(backend: Backend) -> Self {
        let relay = Relay::new(Speaks::Smtp);
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let couriers = [courier(&app, &relay), courier(&app, &relay)];
        let (truths, copies, seen, stale, met) = Default::default();
        Self { app, relay, weather: Weather::Away, truths, copies, seen, couriers, stale, met }
    }

    async fn invite(&mut self) {
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

    async fn becomes(&mut self, weather: Weather, a_session: usize) {
        match (self.weather == Weather::Away, weather == Weather::Away) {
            (true, false) => self.relay.up(),
            (false, true) => self.relay.down().await,
            _ => {}
        }
        self.weather = weather;
        self.relay.is_to(move |recipient| weather.to(recipient));
        self.relay.takes_a_session(a_session);
    }

    fn due(&self) -> BTreeSet<String> {
        let now = self.app.now();
        self.truths.iter().filter(|(_, truth)| truth.sent_at.is_none() && truth.due <= now).map(|(id, _)| id.clone()).collect()
    }

    /// Notes what the relay read, and gives the recipients whose letters it has answered for in this moment, and the others.
    fn look(&mut self) -> (HashSet<String>, HashSet<String>) {
        let (taken, unanswered) = (self.relay.taken(), self.relay.unanswered());
        self.seen.0.extend(taken.iter().map(|letter| letter.to.clone()));
        self.seen.1.extend(unanswered.iter().map(|letter| letter.to.clone()));
        for letter in taken.into_iter().chain(unanswered) {
            self.truths.values_mut().find(|truth| truth.to == letter.to).unwrap().read += 1;
            self.copies.entry(letter.to.clone()).or_default().push(letter);
        }
        self.seen.clone()
    }

    fn fate(&self, to: &str, taken: &HashSet<String>) -> Fate {
        let none = TimeDelta::zero();
        match (self.weather, self.weather.to(to)) {
            _ if taken.contains(to) => Fate::Taken,
            (Weather::Away, _) => Fate::Fails("onnection refused", none),
            (_, mood) if mood == GREYLISTS => Fate::Fails("Greylisted", TimeDelta::seconds(300)),
            (_, mood) if mood == LEAVES => Fate::Fails("shutting down", none),
            _ => Fate::Fails("the relay", none),
        }
    }

    /// What was due was claimed, tried once, and recorded: nothing else has changed.
    fn done(&mut self, due: &BTreeSet<String>) {
        let now = self.app.now();
        let (taken, unanswered) = self.look();
        for id in due {
            let claimed = self.truths[id].claimed(now);
            let fate = self.fate(&claimed.to, &taken);
            let lost = claimed.lost + usize::from(unanswered.contains(&claimed.to));
            self.truths.insert(id.clone(), Truth { lost, ..claimed.recorded(now, &fate) });
        }
        let strange = taken.union(&unanswered).find(|to| !due.iter().any(|id| self.truths[id].to == **to));
        assert_eq!(strange, None, "a letter was sent that was not due");
    }

    /// A courier died with what was due. It claimed all of it or nothing, and has recorded some of it.
    async fn died(&mut self, due: &BTreeSet<String>, beside_other: bool) {
        // The process is gone, and with it its connections.
        if self.weather != Weather::Away {
            self.relay.down().await;
            self.relay.up();
        }
        let (taken, unanswered) = self.look();
        let now = self.app.now();
        let shown = self.list("").await;
        let counted = due.iter().filter(|id| told(&shown[*id]).1 > self.truths[*id].attempts).count();
        assert!(counted == due.len() || (counted == 0 && !beside_other), "{counted} of {}", due.len());
        if counted == 0 {
            assert!(taken.is_empty() && unanswered.is_empty(), "it was sent and never claimed");
            return;
        }
        for id in due {
            let claimed = self.truths[id].claimed(now);
            let recorded = claimed.recorded(now, &self.fate(&claimed.to, &taken));
            let (taken, unanswered) = (taken.contains(&claimed.to), unanswered.contains(&claimed.to));
            let in_hand = told(&shown[id]).0 == "sending";
            let truth = if in_hand { claimed } else { recorded };
            let lost = truth.lost + usize::from(unanswered || (in_hand && taken));
            self.truths.insert(id.clone(), Truth { lost, ..truth });
        }
    }

    /// All invitations as a list tells them, by id.
    async fn list(&self, filter: &str) -> BTreeMap<String, Value> {
        let answer = self.app.admin().get(&format!("/v1/invitations?limit=200{filter}")).await.expect(200);
        let data = answer.body["data"].as_array().unwrap().clone();
        data.into_iter().map(|shown| (shown["id"].as_str().unwrap().to_owned(), shown)).collect()
    }

    /// What lists tell is true.
    async fn check(&self) {
        let now = self.app.now();
        let list = self.list("").await;
        assert_eq!(list.len(), self.truths.len());
        for (id, shown) in &list {
            let truth = &self.truths[id];
            assert_eq!(told(shown), truth.delivery(now), "{truth:?}\n{shown}");
            let (error, last_error) = (truth.error.is_some(), shown["delivery"]["last_error"].as_str());
            assert_eq!(last_error.is_some(), error, "{truth:?}\n{shown}");
            assert!(last_error.unwrap_or_default().contains(truth.error.unwrap_or_default()), "{truth:?}\n{shown}");
            assert_eq!(time(&shown["last_sent_at"]).unwrap(), truth.sent_at.unwrap_or(truth.created_at));
        }
        for state in ["queued", "sending", "sent", "failed"] {
            let found: Vec<String> = self.list(&format!("&delivery={state}")).await.into_keys().collect();
            let are = self.truths.iter().filter(|(_, truth)| truth.state(now) == state).map(|(id, _)| id.clone());
            assert_eq!(found, are.collect::<Vec<_>>(), "{state}");
        }
    }

    /// What their timelines tell is true.
    async fn check_timelines<'a>(&self, ids: impl IntoIterator<Item = &'a String>) {
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
            assert_eq!(told(&shown), truth.delivery(self.app.now()));
        }
    }

    /// What is due is in somebody's hands, says the API while it is.
    async fn are_under_way(&self, recipients: &HashSet<String>) {
        let list = self.list("").await;
        for (id, truth) in self.truths.iter().filter(|(_, truth)| recipients.contains(&truth.to)) {
            assert_eq!(told(&list[id]), ("sending", truth.attempts + 1, None, truth.created_at + DAY));
        }
    }

    /// Couriers that were thought dead wake, and say what they think became of letters that others have claimed since.
    async fn the_dead_speak(&mut self) {
        let late = |claim: &Claimed| self.truths[claim.invitation_id.as_str()].attempts > i64::from(claim.attempt);
        let (late, stale): (Vec<_>, Vec<_>) = self.stale.drain(..).partition(late);
        self.stale = stale;
        let now = self.app.now();
        for (claim, id) in late.into_iter().map(|claim| (claim.clone(), claim.invitation_id.to_string())) {
            let open = self.truths[&id].sent_at.is_none();
            *self.met.entry("late words of open letters").or_default() += usize::from(open);
            for outcome in [
                Outcome::Failed { at: now, error: "too late".to_owned() },
                Outcome::Sent { at: now, receipt: Receipt::default() },
                Outcome::Retry { at: now, error: "too late".to_owned(), held_until: None },
            ] {
                let said = [(claim.clone(), outcome)];
                let heard = self.db().write::<_, DbFault>(move |tx| sent::record(tx, &said)).await.unwrap();
                assert_eq!(heard, [false]);
            }
            self.db().write::<_, DbFault>(move |tx| outbox::give_back(tx, std::slice::from_ref(&claim), now)).await.unwrap();
        }
    }

    fn db(&self) -> &Db {
        &self.couriers[0].db
    }

    async fn work(&mut self, due: &BTreeSet<String>, how_many: usize) {
        let [one, other] = &self.couriers;
        let next_due = if how_many == 1 {
            let (worked, next_due) = drain(one).await;
            assert_eq!(worked, due.len());
            next_due
        } else {
            let (one, other) = tokio::join!(drain(one), drain(other));
            assert_eq!(one.0 + other.0, due.len());
            // Whoever is idle first sees leases of the other.
            drain(&self.couriers[0]).await.1
        };
        self.done(due);
        let waiting = self.truths.values().filter(|truth| truth.sent_at.is_none());
        assert_eq!(next_due, waiting.map(|truth| truth.due).min());
    }

    /// A courier works until it dies of `death`, and maybe another one beside it that does not.
    async fn die(&mut self, due: &BTreeSet<String>, death: Deed) {
        let dying = in_order(courier(&self.app, &self.relay));
        let (db, records) = (dying.db.clone(), dying.records.clone());
        let other = async |beside: bool| {
            if beside {
                drain(&self.couriers[0]).await;
            }
        };
        let beside_other = matches!(death, Deed::DieRecordingBesideOther | Deed::DieAnywhereBesideOther(_));
        match death {
            Deed::DieAnywhere(polls) | Deed::DieAnywhereBesideOther(polls) => {
                let dies = async { polled(dying.step(), polls).await };
                tokio::join!(dies, other(beside_other));
            }
            Deed::DieRecording | Deed::DieRecordingBesideOther => {
                let (dying, asked) = that_dies_recording(dying);
                let dies = async {
                    let mut step = Box::pin(dying.step());
                    tokio::select! {
                        done = &mut step => assert!(matches!(done, Ok(Step::Idle { .. })), "{done:?}"),
                        () = asked.notified() => {
                            if !beside_other {
                                let due = due.iter().map(|id| self.truths[id].to.clone()).collect();
                                self.are_under_way(&due).await;
                            }
                        }
                    }
                };
                tokio::join!(dies, other(beside_other));
            }
            _ => {
                let (weather, holds) = (self.weather, self.relay.holds());
                let held = |recipient: &str| of_hash(7, recipient, 2) == 0;
                self.relay.is_to(move |recipient| if held(recipient) { Mood::Holds } else { weather.to(recipient) });
                let mut step = Box::pin(dying.step());
                let finished = tokio::select! {
                    done = &mut step => { done.unwrap(); true }
                    () = holds.notified() => false,
                };
                if !finished {
                    let (_, unanswered) = self.look();
                    assert!(!unanswered.is_empty());
                    self.are_under_way(&unanswered).await;
                }
                drop(step);
                self.relay.is_to(move |recipient| weather.to(recipient));
            }
        }
        // What it had given the database to do is done first: a claim, and records, behind which one of no letter waits.
        db.write::<_, DbFault>(|_| Ok(())).await.unwrap();
        if let Some(id) = due.first() {
            let (id, invitation_id, purpose) = (self.app.clock.id(), id.parse().unwrap(), LetterPurpose::Invitation);
            let none = Claimed { id, invitation_id, generation: 1, purpose, attempt: 1, first_tried_at: self.app.now() };
            records.run((none, Outcome::Withdrawn)).await.unwrap();
        }
        self.died(due, beside_other).await;
    }

    async fn moment(&mut self, moment: Moment) {
        self.seen = Default::default();
        self.app.advance(moment.after);
        for _ in 0..moment.invites {
            self.invite().await;
        }
        self.check().await;
        self.becomes(moment.weather, moment.a_session).await;
        let due = self.due();
        let name = match moment.deed {
            Deed::Nothing => "nothing",
            Deed::Work => "one courier",
            Deed::WorkTogether => "two couriers",
            Deed::DieClaiming => "died claiming",
            Deed::DieSending => "died sending",
            Deed::DieRecording | Deed::DieRecordingBesideOther => "died recording",
            Deed::DieAnywhere(_) | Deed::DieAnywhereBesideOther(_) => "died anywhere",
        };
        *self.met.entry(name).or_default() += due.len();
        match moment.deed {
            Deed::Nothing => {}
            Deed::Work => self.work(&due, 1).await,
            Deed::WorkTogether => self.work(&due, 2).await,
            Deed::DieClaiming => {
                let now = self.app.now();
                let claimed = self.db().write::<_, DbFault>(move |tx| outbox::claim(tx, 256, now, now + LEASE)).await.unwrap();
                let ids: BTreeSet<String> = claimed.iter().map(|claim| claim.invitation_id.to_string()).collect();
                assert_eq!((&ids, claimed.len()), (&due, due.len()));
                self.stale.extend(claimed);
                for id in &due {
                    let claimed = self.truths[id].claimed(now);
                    self.truths.insert(id.clone(), claimed);
                }
            }
            death => self.die(&due, death).await,
        }
        self.the_dead_speak().await;
        self.check().await;
        self.check_timelines(&due).await;
    }
}

async fn an_hour(backend: Backend, seed: u64) {
    println!("seed {seed}");
    let mut world = World::new(backend).await;
    for moment in hour(seed) {
        world.moment(moment).await;
    }
    let sent_within = world.truths.values().filter(|truth| truth.sent_at.is_some()).count();
    // The relay stays up, and time goes on.
    let (up, a_session) = (Weather::Each(Mood::Takes), usize::MAX);
    let ended = world.app.now();
    while let Some(due) = world.truths.values().filter(|truth| truth.sent_at.is_none()).map(|truth| truth.due).min() {
        let after = (due - world.app.now()).max(TimeDelta::zero());
        world.moment(Moment { after, invites: 0, weather: up, a_session, deed: Deed::WorkTogether }).await;
    }
    assert!(world.app.now() - ended <= TimeDelta::minutes(15));
    world.check_timelines(world.truths.keys()).await;
    let (mut read, mut names) = (0, BTreeSet::new());
    for truth in world.truths.values() {
        let copies = &world.copies[&truth.to];
        assert_eq!((truth.read, copies.len()), (truth.lost + 1, truth.lost + 1), "{truth:?}");
        let same = |copy: &Mail| (&copy.message_id, &copy.link) == (&copies[0].message_id, &copies[0].link);
        assert!(copies.iter().all(same), "{copies:?}");
        assert!(names.insert(&copies[0].message_id));
        read += copies.len();
    }
    println!("{} of {LETTERS} sent within the hour; {read} copies; {:?}", sent_within, world.met);
    assert!(world.met.values().all(|letters| *letters > 0) && read > LETTERS, "this hour was too quiet: {:?}", world.met);
    for copies in world.copies.values().take(2) {
        world.app.activate(&copies[0].token).await.expect(201);
    }
}

on_each! {
    async fn of_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        an_hour(backend, 1).await;
    }

    async fn of_other_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        an_hour(backend, 2).await;
    }

    async fn of_yet_other_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        an_hour(backend, 3).await;
    }

    async fn without_faults_brings_no_letter_twice_from_two_couriers(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let [one, other] = [courier(&app, &relay), courier(&app, &relay)];
        // Both have their connections before it begins.
        assert_eq!((drain(&one).await.0, drain(&other).await.0), (0, 0));
        let people = colleagues(1000);
        // Five hundred at once, which are two claims; then twenty times twenty-five, which both want at the same moment.
        let rounds: Vec<&[Value]> = std::iter::once(&people[..500]).chain(people[500..].chunks(25)).collect();
        let mut worked = [0, 0];
        for (number, people) in rounds.into_iter().enumerate() {
            app.admin().batch(people).await;
            let (one, other) = (one.clone(), other.clone());
            let (one, other) = (tokio::spawn(async move { drain(&one).await }), tokio::spawn(async move { drain(&other).await }));
            let did = [one.await.unwrap().0, other.await.unwrap().0];
            assert_eq!(did[0] + did[1], people.len());
            assert!(number > 0 || did.iter().all(|letters| *letters > 0), "{did:?}");
            worked = [worked[0] + did[0], worked[1] + did[1]];
            let recipients: Vec<String> = relay.taken().into_iter().map(|letter| letter.to).collect();
            assert_eq!((recipients.len(), recipients.iter().collect::<HashSet<_>>().len()), (people.len(), people.len()));
        }
        println!("one sent {}, the other {}", worked[0], worked[1]);
        assert_eq!(app.database.count("letters WHERE state = 'sent' AND attempts = 1"), 1000);
        assert_eq!(app.database.count("invitation_events WHERE event_type = 'email_sent'"), 1000);
    }
}
