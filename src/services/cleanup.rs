//! Deletes expired data. Requests with idempotency keys and delivery reports also delete some; this is for
//! times without such requests.

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::{Services, delivery_reports};
use crate::db::{
    DbFault, audit, guess_counts, idempotency,
    letters::{quota, webhook_events},
    users::{email_changes, password_resets, revoked_tokens, sessions},
};

/// How many rows of each table one transaction deletes: the answer to a batch may have a megabyte.
const MAX_BATCH: usize = 100;

/// How long audit events are kept: two years. The database refuses to delete those of the last year.
fn audit_ttl() -> TimeDelta {
    TimeDelta::days(731)
}

/// Deletes expired answers of idempotency keys, events and tokens of mail providers, counts of letters,
/// sessions, counts of wrong guesses, revocations of access tokens, audit events, and requests to reset a
/// password or to change an address. After `stop` was cancelled it finishes only the current transaction.
///
/// # Errors
/// [`DbFault`]; earlier transactions stay committed.
pub async fn sweep(services: &Services, stop: &CancellationToken) -> Result<(), DbFault> {
    loop {
        let now = services.clock.now();
        let swept = services.db.write::<_, DbFault>(move |tx| {
            let letters = quota::forget(tx, MAX_BATCH, now)?;
            Ok(letters
                + idempotency::forget(tx, MAX_BATCH, now)?
                + sessions::forget(tx, MAX_BATCH, now)?
                + revoked_tokens::forget(tx, now)?
                + password_resets::forget(tx, MAX_BATCH, now)?
                + guess_counts::forget(tx, MAX_BATCH, now)?
                + email_changes::forget(tx, MAX_BATCH, now)?
                + audit::forget(tx, MAX_BATCH, now - audit_ttl())?
                + webhook_events::forget(tx, MAX_BATCH, now - delivery_reports::EVENT_TTL)?)
        });
        if swept.await? == 0 || stop.is_cancelled() {
            return Ok(());
        }
    }
}
