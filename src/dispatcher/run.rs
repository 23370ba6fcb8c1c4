//! The dispatcher's loop: claim what is due, deliver it, wait for more.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Dispatcher, in_flight::InFlight, sender::SEND_TIMEOUT};
use crate::{
    db::{
        DbFault,
        webhooks::{self, Claimed},
    },
    domain::ids::WebhookEndpointId,
};

/// How often due deliveries are looked for.
const POLL: Duration = Duration::from_secs(1);
/// How long the dispatcher waits before it asks a database again that did not answer.
const DATABASE_RETRY: Duration = Duration::from_secs(2);
/// For how long a claim keeps other processes from a delivery: an attempt takes no longer, with its record.
const LEASE: TimeDelta = TimeDelta::seconds(90);
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
        let started = self.start_due(&mut in_flight).await;
        in_flight.finish().await?;
        started
    }

    /// Delivers until `stop` is cancelled. Deliveries under way are finished first.
    pub async fn run(&self, stop: CancellationToken) {
        let mut in_flight = InFlight::default();
        while !stop.is_cancelled() {
            // Not cancelled by `stop`: a claim that is dropped halfway may have leased something already.
            let pause = match self.start_due(&mut in_flight).await {
                Ok(0) => POLL,
                Ok(_) => continue,
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

    /// Starts what is due, as far as there is room for it, and returns how many attempts that are. An
    /// endpoint whose deliveries cannot be claimed keeps nothing from the others.
    async fn start_due(&self, in_flight: &mut InFlight) -> Result<usize, DbFault> {
        let now = self.clock.now();
        self.look_for_expired(now).await;
        let Some(search) = in_flight.search(now) else { return Ok(0) };
        let due = self
            .db
            .read::<_, DbFault>(move |connection| webhooks::due_endpoints(connection, &search, now))
            .await?;
        let (share, mut started) = (in_flight.share(due.len()), 0);
        for endpoint in due {
            let room = in_flight.room_of(&endpoint).min(share);
            if room == 0 {
                continue;
            }
            match self.claim(endpoint.id, room).await {
                Ok(claimed) => {
                    started += claimed.len();
                    in_flight.start(self, endpoint, claimed);
                }
                Err(fault) if fault.is_temporary() => return Err(fault),
                Err(fault) => {
                    tracing::warn!(endpoint = %endpoint.id, error = %fault, "webhooks cannot be claimed");
                    in_flight.set_aside(endpoint.id, now);
                }
            }
        }
        Ok(started)
    }

    /// Claims what is due to one endpoint, in a transaction of its own.
    async fn claim(&self, endpoint: WebhookEndpointId, limit: usize) -> Result<Vec<Claimed>, DbFault> {
        let now = self.clock.now();
        self.db.write(move |tx| webhooks::claim(tx, endpoint, limit, (now, now + LEASE))).await
    }

    /// Looks for links that expired. Deliveries go on where that fails.
    async fn look_for_expired(&self, now: DateTime<Utc>) {
        if let Err(fault) = self.expire(now).await {
            tracing::warn!(error = %fault, "links that expired were not looked for");
            if !fault.is_temporary() {
                self.last_expiry_scan.at(now);
            }
        }
    }
}
