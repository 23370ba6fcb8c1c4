//! A database that is away for longer than a lease, while letters are in hand: each goes once all the same.

use std::{collections::HashSet, time::Duration};

use chrono::TimeDelta;
use diesel::{PgConnection, connection::SimpleConnection};
use invitation_service::courier::{Courier, Outage, SendSlots, Step};
use tokio::task::JoinHandle;

use crate::support::{
    Backend, Relay, TestApp, eventually, json,
    relay::{Behaviour, Speaks},
};

const TIMEOUT: Duration = Duration::from_mins(1);

/// Another process, as far as couriers can tell.
fn another(app: &TestApp) -> Courier {
    Courier { slots: SendSlots::default(), outage: Outage::default(), ..app.parts.courier.clone() }
}

fn started(courier: &Courier) -> JoinHandle<Step> {
    let courier = courier.clone();
    tokio::spawn(async move { courier.step().await.unwrap() })
}

/// A relay that has ada's letter and does not say so; and whoever sends it.
async fn in_hand(app: &TestApp, relay: &Relay) -> (String, JoinHandle<Step>) {
    let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
    let holds = relay.holds();
    let sending = started(&app.parts.courier);
    holds.notified().await;
    (id, sending)
}

async fn app_with(relay: &mut Relay) -> TestApp {
    relay.up();
    relay.is_to(|to| if to.starts_with("ada") { Behaviour::Holds } else { Behaviour::Takes });
    TestApp::start(Backend::Postgres, &[("MAIL_URL", &relay.url())]).await
}

#[tokio::test]
async fn a_courier_with_a_claimed_letter_records_it_when_the_database_is_back() {
    let mut relay = Relay::new(Speaks::Smtp);
    let app = app_with(&mut relay).await;
    let other = another(&app);
    let (id, sending) = in_hand(&app, &relay).await;
    app.database.drop_connections();
    // Taken, and not to be told.
    relay.lets_go();
    eventually("it is taken", TIMEOUT, async || (relay.taken().len() == 1).then_some(())).await;
    app.advance(TimeDelta::seconds(120));
    other.step().await.unwrap_err();
    app.database.bring_back();
    // Long past its lease; but the other courier has noticed that nobody could tell.
    assert_eq!(
        other.step().await.unwrap(),
        Step::Idle { next_due: Some(app.now() + TimeDelta::seconds(30)) }
    );
    assert_eq!(sending.await.unwrap(), Step::Worked(1));
    let delivery =
        app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone();
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("sent"), &json!(1)));
    assert_eq!(other.step().await.unwrap(), Step::Idle { next_due: None });
    assert_eq!(relay.taken().len(), 0, "a second copy");
}

/// Whoever had it is dead.
#[tokio::test]
async fn a_letter_without_a_record_after_an_outage_is_sent_a_moment_later() {
    let mut relay = Relay::new(Speaks::Smtp);
    let app = app_with(&mut relay).await;
    let other = another(&app);
    let (_, sending) = in_hand(&app, &relay).await;
    sending.abort();
    app.database.drop_connections();
    app.advance(TimeDelta::seconds(120));
    other.step().await.unwrap_err();
    app.database.bring_back();
    relay.is(Behaviour::Takes);
    // Whatever nobody has had in hand goes at once.
    app.invite_unsent("bob@example.com", &["viewer"]).await;
    assert_eq!(other.step().await.unwrap(), Step::Worked(1));
    // Nor does it wait longer than it would otherwise.
    relay.is(Behaviour::Refuses("451 4.7.1 Greylisted, please come again"));
    app.invite_unsent("cy@example.com", &["viewer"]).await;
    assert_eq!(other.step().await.unwrap(), Step::Worked(1));
    let next = other.step().await.unwrap();
    assert!(
        matches!(next, Step::Idle { next_due: Some(due) } if due - app.now() < TimeDelta::seconds(10)),
        "{next:?}"
    );
    relay.is(Behaviour::Takes);
    app.database.execute(
        "DELETE FROM letters WHERE invitation_id IN (SELECT id FROM invitations WHERE email = \
            'cy@example.com')",
    );
    app.advance(TimeDelta::seconds(29));
    assert!(matches!(other.step().await.unwrap(), Step::Idle { .. }));
    app.advance(TimeDelta::seconds(1));
    assert_eq!(other.step().await.unwrap(), Step::Worked(1));
    assert_eq!(
        relay.taken().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(),
        ["bob@example.com", "ada@example.com"]
    );
}

fn held(app: &TestApp) -> PgConnection {
    let mut lock_holder = app.database.postgres();
    lock_holder.batch_execute("BEGIN; LOCK TABLE users").unwrap();
    lock_holder
}

/// The database answered so late that others may have the letter by now.
#[tokio::test]
async fn a_letter_that_was_looked_at_for_too_long_is_given_back() {
    let mut relay = Relay::new(Speaks::Smtp);
    let app = app_with(&mut relay).await;
    relay.is(Behaviour::Takes);
    for (seconds, worked) in [(46, 0), (45, 1)] {
        app.invite_unsent(&format!("bob-{seconds}@example.com"), &["viewer"]).await;
        let mut lock_holder = held(&app);
        let sending = started(&app.parts.courier);
        let looks = async || {
            (app.database.count("pg_locks WHERE NOT granted AND relation = 'users'::regclass") == 1)
                .then_some(())
        };
        eventually("it is looked at", TIMEOUT, looks).await;
        app.advance(TimeDelta::seconds(seconds));
        lock_holder.batch_execute("ROLLBACK").unwrap();
        assert_eq!(sending.await.unwrap(), Step::Worked(worked), "after {seconds} s");
        assert_eq!(relay.taken().len(), worked);
        let untried = "letters WHERE state = 'queued' AND attempts = 0 AND leased_until IS NULL";
        assert_eq!(app.database.count(untried), i64::from(worked == 0));
        assert_eq!(
            app.parts.courier.step().await.unwrap(),
            if worked == 0 { Step::Worked(1) } else { Step::Idle { next_due: None } }
        );
        relay.taken();
    }
}

#[tokio::test]
async fn a_letter_whose_look_is_cut_off_is_given_back() {
    let mut relay = Relay::new(Speaks::Smtp);
    let app = app_with(&mut relay).await;
    app.invite_unsent("bob@example.com", &["viewer"]).await;
    let mut lock_holder = held(&app);
    let sending = started(&app.parts.courier);
    let cut = "SELECT pid::text AS text FROM \
               (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = \
               'Lock' OFFSET 0) AS waiting WHERE pg_terminate_backend(pid)";
    // A query whose connection was cut is run on two further ones before it fails.
    let mut connections = HashSet::new();
    let mut all_cut = || {
        connections.extend(app.database.texts(cut));
        (connections.len() >= 3).then_some(())
    };
    eventually("it is looked at, and cut off", TIMEOUT, async || all_cut()).await;
    lock_holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(sending.await.unwrap(), Step::Worked(0));
    assert_eq!(
        app.database.count("letters WHERE state = 'queued' AND attempts = 0 AND leased_until IS NULL"),
        1
    );
    app.advance(TimeDelta::seconds(2));
    assert_eq!(app.parts.courier.step().await.unwrap(), Step::Worked(1));
    assert_eq!(relay.taken().len(), 1);
}
