//! The courier: takes letters out of the outbox and hands them to the relay, until each is sent or given up.

mod backoff;
mod claimed_batch;
mod deliver;
mod outage;
mod process;
mod record;
mod remind;
mod send_slots;
mod sender_fault_warning;
mod timing;

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::{claimed_batch::Due, process::Processing, timing::GRACE};
pub use self::{
    outage::Outage,
    record::{Records, records},
    send_slots::SendSlots,
    sender_fault_warning::SenderFaultWarning,
    timing::RENEW_EVERY,
};
use crate::{
    clock::Clock,
    db::{Db, DbFault, invitations::lookup::Lookups},
    domain::{link_lifetime::LinkLifetime, locale::Locale, rate_limit::Pace, token::LinkKeys},
    mail::Mailer,
    metrics::Metrics,
};

/// How often the outbox is read for letters of other processes; those of this process wake the courier.
const POLL: Duration = Duration::from_secs(2);
/// How long the courier waits before it asks a database again that did not answer.
const DATABASE_RETRY: Duration = Duration::from_secs(1);

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

/// Everything that sending takes.
#[derive(Clone)]
pub struct Courier {
    /// The database.
    pub db: Db,
    /// Looks at invitations.
    pub lookups: Lookups,
    /// The queue of outcomes to record.
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
    /// How long a link lives, from the moment its letter is handed to the relay.
    pub link_lifetime: LinkLifetime,
    /// How long before the expiry of their link people are reminded, if they are.
    pub remind_before: Option<TimeDelta>,
    /// When due reminders were last looked for.
    pub last_reminder_scan: LastReminderScan,
    /// How many letters go to one mailbox in a day, reminders included, where that is limited.
    pub mailbox_limit: Option<u32>,
    /// How fast letters go, where that is limited.
    pub pace: Option<Pace>,
    /// How many letters go together.
    pub slots: SendSlots,
    /// When the database was last away.
    pub outage: Outage,
    /// Throttles the warnings of faults on the sender's side.
    pub sender_faults: SenderFaultWarning,
    /// How often the lease of a letter under way is renewed; several times while it lasts.
    pub renew_every: Duration,
    /// Notified when a letter was put into the outbox.
    pub outbox_wakeup: Arc<Notify>,
    /// Counts attempts.
    pub metrics: Metrics,
}

/// When the due reminders were last looked for. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastReminderScan(Arc<Mutex<Option<DateTime<Utc>>>>);

impl LastReminderScan {
    fn is_fresh(&self, now: DateTime<Utc>, for_: TimeDelta) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|last| now < last + for_)
    }

    fn at(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

impl Courier {
    /// Sends the letters that are due and records the outcomes. A future that is dropped behaves as a process
    /// that crashes: what it had claimed is free again when the lease ends.
    ///
    /// # Errors
    /// When the outbox cannot be reached.
    pub async fn step(&self) -> Result<Step, DbFault> {
        match self.claim_due(&CancellationToken::new()).await? {
            Due::NotBefore(next_due) => Ok(Step::Idle { next_due }),
            Due::Letters(batch) => {
                let mut processing = Processing::default();
                self.start(batch, &mut processing).await;
                processing.finish().await.map(Step::Worked)
            }
        }
    }

    /// Sends letters until `stop` is cancelled. Letters under way are finished first.
    ///
    /// The next letters are claimed as soon as each of the last ones has been started or given back: those
    /// that a slow relay has not answered are finished beside them.
    pub async fn run(&self, stop: CancellationToken) {
        // The database may have been away just before this process was started.
        self.outage.noticed(self.clock.now());
        let mut processing = Processing::default();
        while !stop.is_cancelled() {
            // Registered before the claim: a letter that is put in between the claim and the wait still wakes
            // this courier.
            let mut wakeup = pin!(self.outbox_wakeup.notified());
            wakeup.as_mut().enable();
            if processing.alongside(stop.run_until_cancelled(self.slots.available())).await.is_none() {
                break;
            }
            // Not cancelled by `stop`: a claim that is dropped halfway may have leased its letters already.
            let pause = match processing.alongside(self.claim_due(&stop)).await {
                Ok(Due::Letters(batch)) => {
                    self.start(batch, &mut processing).await;
                    continue;
                }
                Ok(Due::NotBefore(next_due)) => {
                    let due = next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                    due.map_or(POLL, |due| due.min(POLL))
                }
                Err(error) => {
                    tracing::warn!(%error, "the courier cannot reach the outbox");
                    DATABASE_RETRY
                }
            };
            let wait = async {
                tokio::select! {
                    () = wakeup => {}
                    () = sleep(pause) => {}
                    () = stop.cancelled() => {}
                }
            };
            processing.alongside(wait).await;
        }
        if timeout(GRACE, processing.finish()).await.is_err() {
            tracing::warn!("letters under way were not finished in time, and may be sent once more");
        }
    }
}
