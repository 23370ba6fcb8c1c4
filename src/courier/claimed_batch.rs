//! Claiming: letters that are due are leased in one short transaction. Sending happens outside any.
//!
//! A crash after the claim costs the lease. A crash after the sending costs a second letter with the same
//! `Message-ID`: each letter is sent at least once.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    Courier,
    send_slots::SendPermits,
    timing::{LEASE, LEASE_MARGIN, START_WITHIN},
};
use crate::db::{
    DbFault,
    letters::{
        outbox::{self, ClaimScope, Claimed},
        rate_limit,
    },
};

/// The most letters that are claimed at once: enough to keep the connections busy while outcomes are recorded
/// and the next letters are claimed. With the 64 whose record is pending, 256 letters wait for their lease to
/// end after a crash.
const MAX_CLAIM: i64 = 192;

/// Letters that were claimed together.
pub(super) struct ClaimedBatch {
    pub(super) letters: Vec<Claimed>,
    /// No letter of the batch is started after this, by the courier's clock.
    start_by: DateTime<Utc>,
    /// The same moment by the monotonic clock, which a wait for a slot can be limited by.
    deadline: Instant,
    /// Cancelled when no further letter may be started: the relay asked for a pause, or the courier stops.
    pub(super) pause: CancellationToken,
}

impl ClaimedBatch {
    fn new(letters: Vec<Claimed>, now: DateTime<Utc>, pause: CancellationToken) -> Self {
        let deadline = Instant::now() + START_WITHIN.to_std().unwrap_or_default();
        Self { letters, start_by: now + START_WITHIN, deadline, pause }
    }

    /// Waits for the permits to send one letter; `None` when it is not to be started any more. Slow letters
    /// may hold every slot for minutes: those behind them are given back, for other couriers to send.
    pub(super) async fn permits(&self, courier: &Courier) -> Option<SendPermits> {
        let permits = tokio::select! {
            biased;
            permits = courier.slots.acquire() => Some(permits),
            () = self.pause.cancelled() => None,
            () = sleep_until(self.deadline) => None,
        };
        permits.filter(|_| !self.pause.is_cancelled() && courier.clock.now() < self.start_by)
    }
}

/// What there was to claim.
pub(super) enum Due {
    /// These letters, which are claimed now.
    Letters(ClaimedBatch),
    /// Nothing before this time; `None` when the outbox is empty.
    NotBefore(Option<DateTime<Utc>>),
}

impl Courier {
    /// Claims the letters that are due. They stop being started when `stop` is cancelled.
    pub(super) async fn claim_due(&self, stop: &CancellationToken) -> Result<Due, DbFault> {
        let now = self.clock.now();
        let claim = async {
            self.remind(now).await?;
            let recovering = self.outage.recovers_at(now);
            let scope = recovering.map_or(ClaimScope::Due, |_| ClaimScope::Unleased);
            let (claimed, free_at) = self.claim(now, scope).await?;
            if !claimed.is_empty() {
                return Ok(Due::Letters(ClaimedBatch::new(claimed, now, stop.child_token())));
            }
            let next_due = self.next_due(recovering).await?;
            Ok(Due::NotBefore(next_due.map(|due| due.max(free_at))))
        };
        self.watch_outage(claim).await
    }

    /// When the next letter is due. While couriers recover from an outage, those that were leased before it
    /// are due at its end; the others as usual.
    async fn next_due(&self, recovering: Option<DateTime<Utc>>) -> Result<Option<DateTime<Utc>>, DbFault> {
        let next_due =
            |scope| self.db.look_up::<_, DbFault>(move |connection| outbox::next_due(connection, scope));
        let due = next_due(ClaimScope::Due).await?;
        let Some(until) = recovering else { return Ok(due) };
        let unleased = next_due(ClaimScope::Unleased).await?;
        Ok(due.map(|due| due.max(until)).into_iter().chain(unleased).min())
    }

    /// Claims letters within the pace and the pause of the relay, and says from when on it takes letters.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        scope: ClaimScope,
    ) -> Result<(Vec<Claimed>, DateTime<Utc>), DbFault> {
        let (pace, clock) = (self.pace, self.clock.clone());
        let relay: Arc<str> = self.mailer.describe().into();
        self.db
            .write(move |tx| {
                let free_at = match pace {
                    Some(_) => rate_limit::free_at(tx, &relay, now)?,
                    None => rate_limit::held_until(tx, &relay)?.unwrap_or(now),
                };
                // A database that was away may run this long after it was asked to: the caller has given up.
                if free_at > now || clock.now() - now > LEASE_MARGIN {
                    return Ok((Vec::new(), free_at));
                }
                let limit = pace.map_or(MAX_CLAIM, |pace| i64::from(pace.at_once()).min(MAX_CLAIM));
                let mut claimed = outbox::claim(tx, scope, limit, (now, now + LEASE))?;
                for letter in &mut claimed {
                    letter.relay = Some(relay.clone());
                }
                if let Some(pace) = pace {
                    // Counted here, since the provider is asked about each of them, whatever it answers.
                    let count = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
                    rate_limit::record_sent(tx, &relay, pace, count, now)?;
                }
                Ok((claimed, free_at))
            })
            .await
    }
}
