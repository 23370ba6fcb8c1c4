//! The courier's loop: claim what is due, send it, wait for more.

use std::{pin::pin, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Courier, Step, claimed_batch::Due, process::Processing, timing::GRACE};
use crate::db::DbFault;

/// How often the outbox is read for letters of other processes; those of this process wake the courier.
const POLL: Duration = Duration::from_secs(2);
/// How long the courier waits before it asks a database again that did not answer.
const DATABASE_RETRY: Duration = Duration::from_secs(1);

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
                Ok(Due::NotBefore(next_due)) => self.pause(next_due),
                Err(error) => {
                    tracing::warn!(%error, "the courier cannot reach the outbox");
                    DATABASE_RETRY
                }
            };
            processing.alongside(wait(wakeup, pause, &stop)).await;
        }
        if timeout(GRACE, processing.finish()).await.is_err() {
            tracing::warn!("letters under way were not finished in time, and may be sent once more");
        }
    }

    /// How long to wait for a letter that is due then.
    fn pause(&self, next_due: Option<DateTime<Utc>>) -> Duration {
        let due = next_due.and_then(|due| (due - self.clock.now()).to_std().ok());
        due.map_or(POLL, |due| due.min(POLL))
    }
}

/// Waits for new letters, for the end of `pause`, or for `stop`.
async fn wait(wakeup: impl Future<Output = ()>, pause: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = wakeup => {}
        () = sleep(pause) => {}
        () = stop.cancelled() => {}
    }
}
