//! Writes that share a commit: what arrives together is written together, and no item suffers from another.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use futures_util::{FutureExt, future::join_all};
use invitation_service::{
    clock::Clock,
    db::{
        DbFault, Tx,
        pool::group_commit::GroupCommit,
        users::{self, NewUser},
    },
    domain::{email::Email, invitation::InvitationKind},
};

use crate::support::{Backend, TestApp, eventually, on_both_databases};

/// Enters users by number. Number 13 is an error, after the fact; number 14 a panic.
fn insert_or_lock(clock: &Clock, tx: &mut Tx<'_>, numbers: &[u32]) -> Result<Vec<u32>, DbFault> {
    let new_user = |number: &u32| NewUser {
        id: clock.id(),
        email: Email::parse(&format!("person{number}@example.com")).unwrap(),
        invited_to: InvitationKind::SystemUser,
        at: clock.now(),
    };
    users::insert_or_lock(tx, &numbers.iter().map(new_user).collect::<Vec<_>>())?;
    if numbers.contains(&13) {
        return Err(DbFault::Conflict("a rule, as a test has it".to_owned()));
    }
    assert!(!numbers.contains(&14), "a defect, as a test has it");
    Ok(numbers.to_vec())
}

type Held = (GroupCommit<u32, u32, DbFault>, mpsc::Sender<()>, Arc<Mutex<Vec<usize>>>);

/// A batcher on one thread whose first batch waits for a word, and the sizes of its batches.
fn held(app: &TestApp) -> Held {
    let (go, wait) = mpsc::channel();
    let (clock, wait, sizes) = (app.clock.clone(), Mutex::new(wait), Arc::<Mutex<Vec<usize>>>::default());
    let seen = sizes.clone();
    let batcher = GroupCommit::writing(&app.parts.services.db, "test", 100, move |tx, numbers: &[u32]| {
        let first = sizes.lock().unwrap().is_empty();
        sizes.lock().unwrap().push(numbers.len());
        if first {
            wait.lock().unwrap().recv().unwrap();
        }
        insert_or_lock(&clock, tx, numbers)
    });
    (batcher.unwrap(), go, seen)
}

/// Waits until the first batch is in hand.
fn until_held(sizes: &Mutex<Vec<usize>>) {
    while sizes.lock().unwrap().is_empty() {
        thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_a_commit_becomes_the_next_one() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    let (batcher, go, sizes) = held(&app);
    let first = tokio::spawn({
        let batcher = batcher.clone();
        async move { batcher.run(1).await }
    });
    until_held(&sizes);
    let others = join_all((100..350).map(|number| batcher.run(number)));
    let (others, ()) = tokio::join!(others, async { go.send(()).unwrap() });
    assert_eq!(first.await.unwrap().unwrap(), 1);
    assert_eq!(others.into_iter().map(Result::unwrap).collect::<Vec<_>>(), (100..350).collect::<Vec<_>>());
    // 251 users, in four commits.
    assert_eq!(*sizes.lock().unwrap(), [1, 100, 100, 50]);
    assert_eq!(app.database.count("users"), 251);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_can_wait_are_refused_and_a_caller_who_hangs_up_changes_nothing() {
    let app = TestApp::start(Backend::Sqlite, &[]).await;
    let (batcher, go, sizes) = held(&app);
    let first = tokio::spawn({
        let batcher = batcher.clone();
        async move { batcher.run(1).await }
    });
    until_held(&sizes);
    // Polled once, so that they are in the queue, and dropped: their callers have hung up.
    let mut waiting: Vec<_> = (100..100 + 2048).map(|number| Box::pin(batcher.run(number))).collect();
    for one in &mut waiting {
        assert!(one.as_mut().now_or_never().is_none());
    }
    let refused = batcher.run(9000).await.unwrap_err();
    assert!(matches!(refused, DbFault::Unavailable(_)), "{refused}");
    drop(waiting);
    go.send(()).unwrap();
    first.await.unwrap().unwrap();
    // As soon as the thread has taken some of them, there is room again; and what was in the queue comes
    // first.
    eventually("there is room", Duration::from_secs(20), async || batcher.run(9001).await.ok()).await;
    assert_eq!(app.database.count("users"), 1 + 2048 + 1);
}

on_both_databases! {
    async fn a_faulty_item_fails_alone(app: TestApp) {
        let clock = app.clock.clone();
        let work = move |tx: &mut Tx<'_>, numbers: &[u32]| insert_or_lock(&clock, tx, numbers);
        let batcher: GroupCommit<u32, u32, DbFault> =
            GroupCommit::writing(&app.parts.services.db, "test", 100, work).unwrap();
        for _ in 0..3 {
            let outcomes = join_all((0..40).map(|number| batcher.run(number))).await;
            for (number, outcome) in (0..).zip(outcomes) {
                match number {
                    13 => assert!(matches!(outcome, Err(DbFault::Conflict(_))), "{outcome:?}"),
                    14 => assert!(matches!(outcome, Err(DbFault::Other(_))), "{outcome:?}"),
                    _ => assert_eq!(outcome.unwrap(), number),
                }
            }
        }
        assert_eq!(app.database.count("users"), 38);
    }
}
