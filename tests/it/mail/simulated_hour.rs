//! An hour of faults, by the manual clock: a relay that is away, busy or rude, and couriers that die at every
//! step of claim, send, record. After each of some hundred moments, what the API tells of each letter is what
//! a model knows to be true.

mod couriers;
mod deeds;
mod hour;
mod truth;
mod world;

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use serde_json::Value;

use self::{
    couriers::{courier, drain},
    hour::{Deed, Moment, Weather, hour},
    world::World,
};
use crate::support::{
    Backend, Mail, Relay, TestApp,
    batches::colleagues,
    on_each,
    relay::{Behaviour, Speaks},
};

const LETTERS: usize = 48;
const LEASE: TimeDelta = TimeDelta::seconds(60);
const DAY: TimeDelta = TimeDelta::hours(24);

async fn an_hour(backend: Backend, seed: u64) {
    println!("seed {seed}");
    let mut world = World::new(backend).await;
    for moment in hour(seed) {
        world.moment(moment).await;
    }
    let sent_within = world.truths.values().filter(|truth| truth.sent_at.is_some()).count();
    // The relay stays up, and time goes on.
    let (up, a_session) = (Weather::Each(Behaviour::Takes), usize::MAX);
    let ended = world.app.now();
    while let Some(due) =
        world.truths.values().filter(|truth| truth.sent_at.is_none()).map(|truth| truth.due).min()
    {
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
    assert!(
        world.met.values().all(|letters| *letters > 0) && read > LETTERS,
        "this hour was too quiet: {:?}",
        world.met
    );
    for copies in world.copies.values().take(2) {
        world.app.activate(&copies[0].token).await.expect(201);
    }
}

on_each! {
    async fn of_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        Box::pin(an_hour(backend, 1)).await;
    }

    async fn of_other_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        Box::pin(an_hour(backend, 2)).await;
    }

    async fn of_yet_other_faults_loses_no_letter_and_tells_the_truth_at_each_moment(backend: Backend) {
        Box::pin(an_hour(backend, 3)).await;
    }

    async fn without_faults_brings_no_letter_twice_from_two_couriers(backend: Backend) {
        let mut relay = Relay::new(Speaks::Smtp);
        relay.up();
        let app = TestApp::start(backend, &[("MAIL_URL", &relay.url())]).await;
        let [one, other] = [courier(&app, &relay), courier(&app, &relay)];
        // Both have their connections before it begins.
        assert_eq!((drain(&one).await.0, drain(&other).await.0), (0, 0));
        let people = colleagues(1000);
        // Five hundred at once, which are two claims; then twenty times twenty-five, which both want at the
        // same moment.
        let rounds: Vec<&[Value]> = std::iter::once(&people[..500]).chain(people[500..].chunks(25)).collect();
        let mut worked = [0, 0];
        for (number, people) in rounds.into_iter().enumerate() {
            app.admin().batch(people).await;
            let (one, other) = (one.clone(), other.clone());
            let (one, other) = (
                tokio::spawn(async move { drain(&one).await }),
                tokio::spawn(async move { drain(&other).await }),
            );
            let did = [one.await.unwrap().0, other.await.unwrap().0];
            assert_eq!(did[0] + did[1], people.len());
            assert!(number > 0 || did.iter().all(|letters| *letters > 0), "{did:?}");
            worked = [worked[0] + did[0], worked[1] + did[1]];
            let recipients: Vec<String> = relay.taken().into_iter().map(|letter| letter.to).collect();
            assert_eq!(
                (recipients.len(), recipients.iter().collect::<HashSet<_>>().len()),
                (people.len(), people.len())
            );
        }
        println!("one sent {}, the other {}", worked[0], worked[1]);
        assert_eq!(app.database.count("letters WHERE state = 'sent' AND attempts = 1"), 1000);
        assert_eq!(app.database.count("invitation_events WHERE event_type = 'email_sent'"), 1000);
    }
}
