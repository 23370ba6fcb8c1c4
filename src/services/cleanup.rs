//! Forgets what is kept for a time and no longer. Whoever uses a key or reports on a letter sweeps as they
//! go; this is for when nobody does any more.

use tokio_util::sync::CancellationToken;

use super::{Services, delivery_reports};
use crate::db::{
    DbFault, idempotency,
    letters::{quota, webhook_events},
};

/// So many of each go in one transaction: an answer to a batch may have a megabyte.
const MAX_BATCH: usize = 100;

/// Forgets answers of idempotency keys, and the events and tokens of mail providers, and the counts of
/// letters, whose time is over, or no more than the next few when `stop` is cancelled.
///
/// # Errors
/// [`DbFault`]; what was swept by then stays so.
pub async fn sweep(services: &Services, stop: &CancellationToken) -> Result<(), DbFault> {
    loop {
        let now = services.clock.now();
        let swept = services.db.write::<_, DbFault>(move |tx| {
            let letters = quota::forget(tx, MAX_BATCH, now)?;
            Ok(letters
                + idempotency::forget(tx, MAX_BATCH, now)?
                + webhook_events::forget(tx, MAX_BATCH, now - delivery_reports::KEPT)?)
        });
        if swept.await? == 0 || stop.is_cancelled() {
            return Ok(());
        }
    }
}
