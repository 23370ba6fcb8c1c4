//! The dispatcher: delivers webhook events to partners' endpoints, until each is accepted or its attempts are
//! used up; and looks for links that expired.
//!
//! What the courier is for letters, with the same guarantees: an event that was committed is delivered at
//! least once, whatever happens to this process. Events of one person reach an endpoint in order.

mod deliver;
mod expire;
mod in_flight;
mod outcome;
mod record;
mod run;
mod sender;
mod slots;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use self::sender::Sender;
use crate::{clock::Clock, db::Db, domain::webhooks::WebhookSecretKeys, metrics::Metrics, otel::Tracer};

/// Everything that delivering takes. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {
    /// The database.
    pub db: Db,
    /// Time and random numbers.
    pub clock: Clock,
    /// Makes the secrets that sign.
    pub keys: WebhookSecretKeys,
    /// Sends.
    pub sender: Sender,
    /// When expired links were last looked for.
    pub last_expiry_scan: LastExpiryScan,
    /// Counts attempts.
    pub metrics: Metrics,
    /// Makes the spans of deliveries.
    pub tracer: Tracer,
}

/// When expired links were last looked for. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastExpiryScan(Arc<Mutex<Option<DateTime<Utc>>>>);

impl LastExpiryScan {
    fn is_fresh(&self, now: DateTime<Utc>, for_: TimeDelta) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Not where the clock was put back meanwhile.
        last.is_some_and(|last| (last..last + for_).contains(&now))
    }

    fn at(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}
