//! The courier: takes letters out of the outbox and hands them to the relay, until each is sent or given up.

mod backoff;
mod claimed_batch;
mod deliver;
mod outage;
mod record;
mod remind;
mod send_slots;
mod sender_fault_warning;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{Notify, watch},
    time::{sleep, timeout},
};
use url::Url;

use self::claimed_batch::{Begun, ClaimedBatch};
pub use self::{
    claimed_batch::Step,
    outage::Outage,
    record::{Records, records},
    send_slots::SendSlots,
    sender_fault_warning::RefusedUs,
};
use crate::{
    clock::Clock,
    db::{Db, invitations::lookup::Lookups},
    domain::{locale::Locale, rate_limit::Pace, token::LinkKeys},
    mail::Mailer,
    metrics::Metrics,
};

/// How many letters are under way at once, while each goes quickly: as many as the relay is offered
/// connections.
pub const AT_ONCE: usize = 4;
/// Letters that another process put in are found within this time; those of this process wake it up.
const POLL: Duration = Duration::from_secs(2);
/// [`Courier::renewed`], as the service has it.
pub const RENEWED: Duration = Duration::from_secs(20);
/// How long to leave a database alone that did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How long letters in hand are waited for at the end, within the 30 seconds that whoever stops us is asked
/// to give. What takes longer is sent anew after the next start.
const GRACE: Duration = Duration::from_secs(25);

/// Everything that sending takes.
#[derive(Clone)]
pub struct Courier {
    /// The database.
    pub db: Db,
    /// Looks at invitations.
    pub lookups: Lookups,
    /// What became of letters, on its way into the outbox.
    pub records: Records,
    /// Time and random numbers.
    pub clock: Clock,
    /// Makes the links.
    pub links: LinkKeys,
    /// Hands letters over.
    pub mailer: Arc<Mailer>,
    /// The page that a link opens; `?token=…` is added.
    pub activation_url: Url,
    /// The operator's name.
    pub organisation: String,
    /// The language of letters whose invitation names none.
    pub locale: Locale,
    /// How long a link lives, from the moment it is handed over.
    pub link_lifetime: Duration,
    /// How long before their link dies people are reminded, if they are.
    pub remind_before: Option<TimeDelta>,
    /// When it was last looked who is to be reminded.
    pub reminded: Looked,
    /// How many letters go to one mailbox in a day, reminders included, where that is limited.
    pub mailbox_limit: Option<u32>,
    /// How fast letters go, where that is limited.
    pub pace: Option<Pace>,
    /// How many letters go together.
    pub slots: SendSlots,
    /// When the database was last away.
    pub outage: Outage,
    /// What relays say of us.
    pub refused_us: RefusedUs,
    /// How often the lease of a letter in hand is renewed; several times while it lasts.
    pub renewed: Duration,
    /// Rung when a letter was put into the outbox.
    pub outbox_wakeup: Arc<Notify>,
    /// Counts attempts.
    pub metrics: Metrics,
}

/// When something was last looked at. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Looked(Arc<Mutex<Option<DateTime<Utc>>>>);

impl Looked {
    fn is_fresh(&self, now: DateTime<Utc>, for_: TimeDelta) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|last| now < last + for_)
    }

    fn at(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

impl Courier {
    /// Works until `stop` turns true. A letter in hand is finished first.
    ///
    /// The next letters are claimed as soon as each of the last ones has had its turn: those that a slow
    /// relay still has in hand are finished beside them.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        // Whoever starts when the database is back does not know that it was away.
        self.outage.noticed(self.clock.now());
        let mut under_way = FuturesUnordered::new();
        let mut sittings: Vec<Weak<ClaimedBatch>> = Vec::new();
        while !*stop.borrow() {
            // Registered before looking: a letter that arrives between the look and the wait still wakes us.
            let outbox_wakeup = self.outbox_wakeup.notified();
            tokio::pin!(outbox_wakeup);
            outbox_wakeup.as_mut().enable();
            tokio::select! {
                () = beside(&mut under_way, self.slots.free()) => {}
                _ = stop.changed() => break,
            }
            // Not given up halfway: what it claims would wait for its lease to end.
            let pause = match beside(&mut under_way, self.begin()).await {
                Ok(Begun::ClaimedBatch(batch)) => {
                    let batch = Arc::new(batch);
                    under_way.push(self.sit(batch.clone()));
                    sittings.retain(|batch| batch.strong_count() > 0);
                    sittings.push(Arc::downgrade(&batch));
                    tokio::select! {
                        () = beside(&mut under_way, batch.all_begun()) => {}
                        _ = stop.changed() => {}
                    }
                    continue;
                }
                Ok(Begun::Idle(next_due)) => {
                    let due = next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                    due.map_or(POLL, |due| due.min(POLL))
                }
                Err(error) => {
                    tracing::warn!(%error, "the courier cannot reach the outbox");
                    PAUSE
                }
            };
            let wait = async {
                tokio::select! {
                    () = outbox_wakeup => {}
                    () = sleep(pause) => {}
                    _ = stop.changed() => {}
                }
            };
            beside(&mut under_way, wait).await;
        }
        for batch in sittings.iter().filter_map(Weak::upgrade) {
            batch.pause();
        }
        if timeout(GRACE, under_way.collect::<()>()).await.is_err() {
            tracing::warn!("letters in hand were not finished in time, and may be sent once more");
        }
    }

    async fn sit(&self, batch: Arc<ClaimedBatch>) {
        if let Err(error) = self.finish(&batch).await {
            tracing::warn!(%error, "the courier cannot reach the outbox");
        }
    }
}

/// Waits for `what`, while that which is under way goes on.
async fn beside<T, F: Future<Output = ()>>(
    under_way: &mut FuturesUnordered<F>,
    what: impl Future<Output = T>,
) -> T {
    tokio::pin!(what);
    loop {
        tokio::select! {
            done = &mut what => return done,
            Some(()) = under_way.next() => {}
        }
    }
}
