//! The dispatcher's loop: claim what is due, deliver it, wait for more.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Dispatcher, in_flight::InFlight, sender::SEND_TIMEOUT};
use crate::db::{
    DbFault,
    webhooks::{self, Claimed},
};

/// How often due deliveries are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How long the dispatcher waits before it asks a database again that did not answer.
const DATABASE_RETRY: Duration = Duration::from_secs(2);
/// For how long a claim keeps other processes from a delivery: an attempt takes no longer, with its record.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// How many endpoints are looked at together.
const MAX_ENDPOINTS: i64 = 100;
/// How long deliveries under way are waited for at a shutdown, within the 30 seconds that supervisors of
/// processes usually wait.
const GRACE: Duration = Duration::from_secs(25);

const _: () = {
    // What was sent in time is recorded before another process claims it.
    assert!(LEASE.num_seconds().unsigned_abs() > 3 * SEND_TIMEOUT.as_secs());
    assert!(SEND_TIMEOUT.as_secs() < GRACE.as_secs() && GRACE.as_secs() < 30);
};

impl Dispatcher {
    /// Delivers what is due now, once, and returns how many attempts were made. A future that is dropped
    /// behaves as a process that crashes: what it had claimed is free again when the lease ends.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn step(&self) -> Result<usize, DbFault> {
        let mut in_flight = InFlight::default();
        let claimed = self.claim_due(&in_flight).await?;
        let number = claimed.len();
        in_flight.start(self, claimed);
        in_flight.finish().await?;
        Ok(number)
    }

    /// Delivers until `stop` is cancelled. Deliveries under way are finished first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut in_flight = InFlight::default();
        while !stop.is_cancelled() {
            // Not cancelled by `stop`: a claim that is dropped halfway may have leased something already.
            let pause = match self.claim_due(&in_flight).await {
                Ok(claimed) if claimed.is_empty() => POLL,
                Ok(claimed) => {
                    in_flight.start(self, claimed);
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "the dispatcher cannot reach the database");
                    DATABASE_RETRY
                }
            };
            // What ends makes room, and lets the next event of its invitation go.
            tokio::select! {
                () = in_flight.ended() => {}
                () = sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
        if timeout(GRACE, in_flight.finish()).await.is_err() {
            tracing::warn!("webhooks under way were not finished in time, and may be sent once more");
        }
    }

    /// Claims what is due, as far as there is room for it.
    async fn claim_due(&self, in_flight: &InFlight) -> Result<Vec<Claimed>, DbFault> {
        let now = self.clock.now();
        self.expire(now).await?;
        if in_flight.room() == 0 {
            return Ok(Vec::new());
        }
        let due = self
            .db
            .read::<_, DbFault>(move |connection| webhooks::due_endpoints(connection, now, MAX_ENDPOINTS))
            .await?;
        let wanted: Vec<_> = due
            .into_iter()
            .map(|endpoint| (endpoint, in_flight.room_of(endpoint)))
            .filter(|(_, room)| *room > 0)
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let total = in_flight.room();
        self.db
            .write(move |tx| {
                let mut claimed = Vec::new();
                for (endpoint, room) in &wanted {
                    let room = (*room).min(total - claimed.len());
                    if room == 0 {
                        break;
                    }
                    let limit = i64::try_from(room).unwrap_or(i64::MAX);
                    claimed.extend(webhooks::claim(tx, *endpoint, limit, (now, now + LEASE))?);
                }
                Ok::<_, DbFault>(claimed)
            })
            .await
    }
}
