//! The courier: takes letters out of the outbox and hands them to the relay, until each is sent or given up.

mod backoff;
mod record;
mod step;

use std::{sync::Arc, time::Duration};

use tokio::sync::{Notify, watch};
use url::Url;

pub use self::{
    record::{Records, records},
    step::Step,
};
use crate::{
    clock::Clock,
    db::{Db, lookup::Lookups},
    domain::{locale::Locale, token::LinkKeys},
    mail::Mailer,
    metrics::Metrics,
};

/// How many letters are under way at once: as many as the relay is offered connections.
pub const AT_ONCE: usize = 4;
/// Letters that another process put in are found within this time; those of this process ring the bell.
const POLL: Duration = Duration::from_secs(2);
/// How long to leave a database alone that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Everything that sending takes.
#[derive(Clone)]
pub struct Courier {
    /// The database.
    pub db: Db,
    /// Looks at invitations.
    pub lookups: Lookups,
    /// What became of letters, on its way into the outbox.
    pub records: Records,
    /// Time and dice.
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
    /// Rung when a letter was put into the outbox.
    pub bell: Arc<Notify>,
    /// Counts attempts.
    pub metrics: Metrics,
}

impl Courier {
    /// Works until `stop` turns true. A letter in hand is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            // Registered before looking: a letter that arrives between the look and the wait still wakes us.
            let bell = self.bell.notified();
            tokio::pin!(bell);
            bell.as_mut().enable();
            let pause = match self.step().await {
                Ok(Step::Worked(_)) => continue,
                Ok(Step::Idle { next_due }) => {
                    let due = next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
                    due.map_or(POLL, |due| due.min(POLL))
                }
                Err(error) => {
                    tracing::warn!(%error, "the courier cannot reach the outbox");
                    PAUSE
                }
            };
            tokio::select! {
                () = bell => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }
}
