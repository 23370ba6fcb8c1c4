//! Giving keys back whose requests had no effect.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::db::{
    Db, DbFault,
    idempotency::{self, KeyedRequest},
};

/// How long keys are tried to be given back: afterwards they are no longer held.
const RELEASE_TIMEOUT: Duration = Duration::from_mins(1);
/// The pause between two attempts.
const RELEASE_PAUSE: Duration = Duration::from_millis(250);

/// Gives a key back, if this worker holds it and has not answered.
pub(super) async fn release(db: &Db, request: &KeyedRequest, worker: &str) -> Result<(), DbFault> {
    let (request, worker) = (request.clone(), worker.to_owned());
    db.write(move |tx| idempotency::release(tx, &request, &worker)).await
}

/// Goes on trying to give a key back, where the database is away: retries would be answered that the first
/// request is still in progress, for as long as the key is held.
pub(super) fn release_later(db: Db, request: KeyedRequest, worker: String) {
    let attempts = async move {
        loop {
            sleep(RELEASE_PAUSE).await;
            match release(&db, &request, &worker).await {
                Err(fault) if fault.is_temporary() => {}
                ended => return ended,
            }
        }
    };
    tokio::spawn(async move {
        match timeout(RELEASE_TIMEOUT, attempts).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = ?error.to_string(), "an idempotency key could not be released");
            }
            Err(_) => tracing::warn!("an idempotency key was not released before its end"),
        }
    });
}
