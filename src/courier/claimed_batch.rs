//! One step of the courier: claim, send, record. Sending happens outside any transaction.
//!
//! A crash after the claim costs the lease, a crash after the sending costs a second letter with the same
//! `Message-ID`: at least once, never none.

use std::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout_at},
};

use super::Courier;
use crate::db::{
    DbFault,
    letters::{
        outbox::{self, Claimed, Outcome, Which},
        rate_limit,
    },
};

/// How long a claimed letter is left alone: until its turn has come, it has been looked at in a slow
/// database, and the lease has been renewed; or for good, when the courier dies.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long before the end of the lease that it was claimed with a letter is no longer begun, as when the
/// look at it took long; and how late letters are no longer claimed.
pub(super) const TOO_LATE: TimeDelta = TimeDelta::seconds(15);
/// How long after the claim a turn may begin.
const BEGIN: TimeDelta = TimeDelta::seconds(10);
/// How many letters are claimed at once: enough for the connections to be busy while outcomes are recorded
/// and the next are claimed. Those whose turn does not come in time, as when a relay is slow, are given back.
/// With those that wait for their record 256, whose lease a crash leaves to run out.
const CLAIM: i64 = 192;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many letters were taken out of the outbox.
    Worked(usize),
    /// None was due.
    Idle {
        /// When the next one will be.
        next_due: Option<DateTime<Utc>>,
    },
}

/// Letters that were claimed together.
pub(super) struct ClaimedBatch {
    letters: Vec<Claimed>,
    /// No turn begins after this.
    begin_by: DateTime<Utc>,
    /// The same by the clock on the wall, for whoever waits for a place.
    ends: Instant,
    /// The relay has asked to be left alone, or the courier is to stop.
    held: watch::Sender<bool>,
    waiting: AtomicUsize,
    all_begun: Notify,
}

impl ClaimedBatch {
    fn of(letters: Vec<Claimed>, now: DateTime<Utc>) -> Self {
        let waiting = AtomicUsize::new(letters.len());
        let ends = Instant::now() + BEGIN.to_std().unwrap_or_default();
        Self {
            letters,
            begin_by: now + BEGIN,
            ends,
            held: watch::Sender::default(),
            waiting,
            all_begun: Notify::new(),
        }
    }

    /// Lets no further turn begin. `true` when it was so already.
    pub(super) fn pause(&self) -> bool {
        self.held.send_replace(true)
    }

    /// Waits until no turn may begin any more.
    async fn over(&self) {
        let mut held = self.held.subscribe();
        // It cannot be closed: this very sitting has the sender.
        let _ = timeout_at(self.ends, held.wait_for(|held| *held)).await;
    }

    /// Waits until every letter's turn has come.
    pub(super) async fn all_begun(&self) {
        self.all_begun.notified().await;
    }

    fn begins(&self, now: DateTime<Utc>) -> bool {
        if self.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.all_begun.notify_one();
        }
        !*self.held.borrow() && now < self.begin_by
    }
}

/// What beginning a step found.
pub(super) enum Begun {
    ClaimedBatch(ClaimedBatch),
    /// None is due before this.
    Idle(Option<DateTime<Utc>>),
}

impl Courier {
    /// Takes the letters that are due, hands them over and records what became of them.
    ///
    /// # Errors
    /// When the outbox cannot be reached; what was claimed comes free again by itself.
    pub async fn step(&self) -> Result<Step, DbFault> {
        match self.begin().await? {
            Begun::Idle(next_due) => Ok(Step::Idle { next_due }),
            Begun::ClaimedBatch(batch) => self.finish(&batch).await.map(Step::Worked),
        }
    }

    /// Claims what is due.
    pub(super) async fn begin(&self) -> Result<Begun, DbFault> {
        let now = self.clock.now();
        let looks = async {
            self.remind(now).await?;
            let spared = self.outage.spares_until(now);
            let (claimed, free_at) = self.claim(now, spared.map_or(Which::Due, |_| Which::InNoHands)).await?;
            if claimed.is_empty() {
                let next_due =
                    |which| self.db.read::<_, DbFault>(move |connection| outbox::next_due(connection, which));
                let due = next_due(Which::Due).await?;
                let due = match spared {
                    None => due,
                    // Those alone that were in hand wait for it; others come as they are due.
                    Some(until) => due
                        .map(|due| due.max(until))
                        .into_iter()
                        .chain(next_due(Which::InNoHands).await?)
                        .min(),
                };
                return Ok(Begun::Idle(due.map(|due| due.max(free_at))));
            }
            Ok(Begun::ClaimedBatch(ClaimedBatch::of(claimed, now)))
        };
        self.noticing(looks).await
    }

    /// Takes the turns of what was claimed, and tells how many were not given back.
    pub(super) async fn finish(&self, batch: &ClaimedBatch) -> Result<usize, DbFault> {
        // What has been sent is recorded while the next ones are sent, as many together as are ready.
        let turns = stream::iter(batch.letters.clone()).map(|letter| self.process_one(letter, batch));
        let outcomes: Vec<Result<bool, DbFault>> =
            turns.buffer_unordered(batch.letters.len()).collect().await;
        // Every turn is finished, also when one of them failed.
        stream::iter(outcomes).try_fold(0, async |worked, tried| Ok(worked + usize::from(tried))).await
    }

    /// Claims what is due and may go, and tells from when on it may.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        which: Which,
    ) -> Result<(Vec<Claimed>, DateTime<Utc>), DbFault> {
        let (pace, relay, clock) = (self.pace, self.mailer.describe(), self.clock.clone());
        self.db
            .write(move |tx| {
                let free_at = match pace {
                    Some(_) => rate_limit::free_at(tx, &relay, now)?,
                    None => rate_limit::held_until(tx, &relay)?.unwrap_or(now),
                };
                // Nobody waits any more for what a database that was away does now.
                if free_at > now || clock.now() - now > TOO_LATE {
                    return Ok((Vec::new(), free_at));
                }
                let most = pace.map_or(CLAIM, |pace| i64::from(pace.at_once()).min(CLAIM));
                let claimed = outbox::claim(tx, which, most, (now, now + LEASE))?;
                if let Some(pace) = pace {
                    // Whatever becomes of them, the provider is asked.
                    rate_limit::went(
                        tx,
                        &relay,
                        pace,
                        u32::try_from(claimed.len()).unwrap_or(u32::MAX),
                        now,
                    )?;
                }
                Ok((claimed, free_at))
            })
            .await
    }

    /// `true` when the letter was tried; otherwise it is given back.
    async fn process_one(&self, letter: Claimed, batch: &ClaimedBatch) -> Result<bool, DbFault> {
        // Slow letters may have all the places, and for long: what waits behind them is given back for others
        // to send.
        let places = tokio::select! {
            biased;
            places = async { (self.slots.unrecorded().await, self.slots.slot().await) } => Some(places),
            () = batch.over() => None,
        };
        let now = self.clock.now();
        let begins = batch.begins(now);
        let Some((_unrecorded, slot)) = places.filter(|_| begins) else {
            return self.record(letter, Outcome::Untried { at: now }).await.map(|()| false);
        };
        // Boxed, for those alone whose turn has come: a talk with a relay is large.
        let outcome = slot.carry(self.in_hand(&letter, Box::pin(self.deliver(&letter)))).await?;
        if let Some(until) = outcome.held_until()
            && !batch.pause()
        {
            tracing::warn!(%until, relay = self.mailer.describe(), "the relay asks to be left alone");
        }
        if matches!(outcome, Outcome::Untried { .. }) {
            return self.record(letter, outcome).await.map(|()| false);
        }
        // Still in hand: what is known and not yet stored must not be sent by somebody else meanwhile.
        self.in_hand(&letter, self.record(letter.clone(), outcome)).await.map(|()| true)
    }

    /// Does what is to be done with a letter, and keeps others from claiming it meanwhile, however long it
    /// takes.
    async fn in_hand<T>(&self, letter: &Claimed, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep(self.renewed) => self.renew(letter.clone()),
            }
        }
    }

    /// Beside the work, which goes on: whoever is sending a letter does not stop for a slow database.
    fn renew(&self, letter: Claimed) {
        let courier = self.clone();
        tokio::spawn(async move {
            let clock = courier.clock.clone();
            // From when it is written: a database that was away may do so long after it was asked.
            let renewed = courier.db.write(move |tx| outbox::renew(tx, &letter, clock.now() + LEASE));
            if let Err(error) = courier.noticing(renewed).await {
                tracing::warn!(%error, "the lease of a letter in hand was not renewed");
            }
        });
    }
}
