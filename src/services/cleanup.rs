//! Deletes expired data, and marks invitations that have lapsed. Requests with idempotency keys and delivery
//! reports also delete some data; this is for times without such requests.

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::{Services, delivery_reports};
use crate::db::{
    DbFault, Tx, audit, erasure, guess_counts, idempotency,
    invitations::lapse,
    letters::{quota, unread_mail, webhook_events},
    retention,
    users::{email_changes, password_resets, revoked_tokens, sessions},
    webhooks,
};
use crate::domain::webhooks::KEPT_FOR;

/// How many rows of each table one transaction deletes: the answer to a batch may have a megabyte.
const MAX_BATCH: usize = 100;

/// How many invitations of each kind one transaction marks as lapsed.
const MAX_MARKED: i64 = 1000;

/// How long ago the link of an invitation that is marked as lapsed has expired, at least: longer than any
/// difference between the clocks of two processes.
pub const LAPSED_AFTER: TimeDelta = TimeDelta::hours(1);

/// How long audit events are kept: two years. The database refuses to delete those of the last year.
fn audit_ttl() -> TimeDelta {
    TimeDelta::days(731)
}

/// How long after an erasure names are looked for that a request wrote which began before it.
const RESIDUE_TTL: TimeDelta = TimeDelta::days(2);

/// Deletes expired answers of idempotency keys, events and tokens of mail providers, webhooks of partners
/// that are older than they are kept, counts of letters, sessions, counts of wrong guesses, revocations of
/// access tokens, audit events, returned mail that was not read, and requests to reset a password or to
/// change an address; and, after `RETENTION`, invitations that ended without an activation. It also marks
/// invitations that expired long ago, and deletes attempts to deliver webhooks of which an endpoint has too
/// many. After `stop` was cancelled it finishes only the current transaction.
///
/// # Errors
/// [`DbFault`]; earlier transactions stay committed.
pub async fn sweep(services: &Services, stop: &CancellationToken) -> Result<(), DbFault> {
    loop {
        let now = services.clock.now();
        let swept = services.db.write::<_, DbFault>(move |tx| {
            let letters = quota::delete_old(tx, MAX_BATCH, now)?;
            Ok(letters
                + lapse::mark_lapsed(tx, MAX_MARKED, now - LAPSED_AFTER)?
                + idempotency::delete_old(tx, MAX_BATCH, now)?
                + sessions::delete_old(tx, MAX_BATCH, now)?
                + revoked_tokens::delete_old(tx, now)?
                + password_resets::delete_old(tx, MAX_BATCH, now)?
                + guess_counts::delete_old(tx, MAX_BATCH, now)?
                + email_changes::delete_old(tx, MAX_BATCH, now)?
                + unread_mail::delete_old(tx, MAX_BATCH, now - unread_mail::TTL)?
                + audit::delete_old(tx, MAX_BATCH, now - audit_ttl())?
                + erasure::erase_residue(tx, now - RESIDUE_TTL)?
                + webhook_events::delete_old(tx, MAX_BATCH, now - delivery_reports::EVENT_TTL)?
                + webhooks::delete_old(tx, MAX_BATCH, now - KEPT_FOR)?)
        });
        let swept = swept.await? + ended(services).await?;
        if stop.is_cancelled() {
            return Ok(());
        }
        if swept == 0 {
            return shorten_logs(services, stop).await;
        }
    }
}

/// Deletes the oldest attempts to deliver webhooks to endpoints that have more of them than are kept.
async fn shorten_logs(services: &Services, stop: &CancellationToken) -> Result<(), DbFault> {
    let mut after = String::new();
    loop {
        let from = after.clone();
        // Found outside a transaction, which locks SQLite's file.
        let look = move |connection: &mut _| webhooks::logged_endpoints(connection, &from);
        let endpoints = services.db.read::<_, DbFault>(look).await?;
        let Some(last) = endpoints.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for endpoint in endpoints.into_iter().filter(|one| one.surplus.is_some()) {
            shorten_log(services, endpoint, stop).await?;
        }
        if stop.is_cancelled() {
            return Ok(());
        }
    }
}

async fn shorten_log(
    services: &Services,
    endpoint: webhooks::LoggedEndpoint,
    stop: &CancellationToken,
) -> Result<(), DbFault> {
    while !stop.is_cancelled() {
        let endpoint = endpoint.clone();
        let delete = move |tx: &mut Tx<'_>| webhooks::delete_surplus_attempts(tx, &endpoint);
        if services.db.write::<_, DbFault>(delete).await? == 0 {
            break;
        }
    }
    Ok(())
}

/// Deletes a batch of what ended longer ago than `RETENTION`. Returns the number of rows that it found.
async fn ended(services: &Services) -> Result<usize, DbFault> {
    let Some(retention) = services.rules.retention else { return Ok(0) };
    let before = services.clock.now() - retention;
    let most = i64::try_from(MAX_BATCH).unwrap_or(i64::MAX);
    // Found outside the transaction, which locks SQLite's file.
    let ids = services.db.read::<_, DbFault>(move |connection| retention::find(connection, before, most));
    let ids = ids.await?;
    let deleted = services.db.write::<_, DbFault>(move |tx| {
        let notices = retention::delete_notices(tx, MAX_BATCH, before)?;
        Ok(retention::delete(tx, &ids, before)? + notices)
    });
    deleted.await
}
