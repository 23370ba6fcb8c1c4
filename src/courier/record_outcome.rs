//! Records what became of one letter: through the queue, again and again until the database has it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Courier, timing::RECORD_RETRY};
use crate::db::{
    DbFault,
    letters::outbox::{Claimed, Outcome},
};

/// How often a record is tried at least.
const TRIES: u32 = 4;
/// How long a record waits for a database that is away.
const RECORD_TIMEOUT: Duration = Duration::from_mins(15);

impl Courier {
    /// Records an outcome, unless the letter is in other hands by now. A database that is away is waited for:
    /// an outcome that is lost means a second letter.
    pub(super) async fn record(&self, letter: Claimed, outcome: Outcome) -> Result<(), DbFault> {
        let began = Instant::now();
        let mut tries = 1;
        loop {
            match self.watch_outage(self.records.run((letter.clone(), outcome.clone()))).await {
                Ok(()) => return Ok(()),
                Err(fault)
                    if tries >= TRIES && (!fault.is_temporary() || began.elapsed() > RECORD_TIMEOUT) =>
                {
                    return Err(fault);
                }
                Err(_) => sleep(RECORD_RETRY.min(Duration::from_secs(1) * tries)).await,
            }
            tries += 1;
        }
    }
}
