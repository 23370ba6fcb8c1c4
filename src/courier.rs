//! The courier: takes letters out of the outbox and hands them to the relay, until each is sent or given up.

mod backoff;
mod claimed_batch;
mod deliver;
mod deliver_notice;
mod outage;
mod process;
mod record_outcome;
mod record_queue;
mod remind;
mod run;
mod send_slots;
mod sender_fault_warning;
mod timing;
mod watch_outage;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

pub use self::{
    outage::Outage,
    record_queue::{RecordQueue, record_queue},
    send_slots::SendSlots,
    sender_fault_warning::SenderFaultWarning,
    timing::RENEW_EVERY,
};
use crate::{
    clock::Clock,
    db::{Db, invitations::lookup::Lookups},
    domain::{
        email_change::EmailChangeKeys, link_lifetime::LinkLifetime, link_template::LinkTemplate,
        locale::Locale, password_reset::ResetKeys, rate_limit::Pace, token::LinkKeys,
    },
    mail::Mailer,
    metrics::Metrics,
    otel::Tracer,
};

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
    pub records: RecordQueue,
    /// Time and random numbers.
    pub clock: Clock,
    /// Makes the links.
    pub links: LinkKeys,
    /// Hands letters over.
    pub mailer: Arc<Mailer>,
    /// The page that a link opens.
    pub activation_url: LinkTemplate,
    /// Makes the links of requests to reset a password.
    pub resets: ResetKeys,
    /// The page that these links open.
    pub password_reset_url: LinkTemplate,
    /// Makes the links of requests to change an address.
    pub email_changes: EmailChangeKeys,
    /// The page that these links open.
    pub email_change_url: LinkTemplate,
    /// The API's URL with its base path, without a slash at its end, for letters about webhook endpoints.
    pub api_url: String,
    /// Whether staff may sign in by password, and so reset one.
    pub staff_passwords: bool,
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
    /// Makes the spans of letters.
    pub tracer: Tracer,
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
