//! Answers to requests that carried an `Idempotency-Key`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Tx, error::DbFault, schema::idempotency_keys as keys, sql::timestamp::At};

/// A request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// Who sent it.
    pub principal: String,
    /// Its key.
    pub key: String,
    /// What it asks for: two requests with the same one ask for the same.
    pub fingerprint: String,
}

/// An answer, as it was given the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `ETag` header.
    pub etag: Option<String>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is ours to answer.
    Ours,
    /// Somebody works on it.
    Held,
    /// It was used for another request.
    Reused,
    /// It was answered.
    Answered(StoredAnswer),
}

/// Somebody who wants to work on a request with a key.
#[derive(Debug, Clone)]
pub struct Taker {
    /// The request.
    pub request: KeyedRequest,
    /// Who wants to.
    pub worker: String,
    /// When.
    pub now: DateTime<Utc>,
    /// Until when the key is theirs.
    pub held_until: DateTime<Utc>,
    /// Until when the answer is kept.
    pub expires_at: DateTime<Utc>,
}

/// Lets each take their key, unless it is answered, held, or used for something else.
pub fn take_many(tx: &mut Tx<'_>, takers: &[Taker]) -> Result<Vec<KeyState>, DbFault> {
    if let Some(now) = takers.iter().map(|taker| taker.now).min() {
        // Twice as many as are begun, so that the table shrinks.
        forget(tx, 2 * takers.len(), now)?;
    }
    // In the order of the keys: two processes that are sent the same requests never wait for each other
    // crosswise.
    let mut order: Vec<usize> = (0..takers.len()).collect();
    let key = |taker: &Taker| (taker.request.principal.clone(), taker.request.key.clone());
    order.sort_by_cached_key(|place| takers.get(*place).map(key));
    let mut known = vec![KeyState::Held; takers.len()];
    for place in order {
        if let (Some(taker), Some(outcome)) = (takers.get(place), known.get_mut(place)) {
            *outcome = take(tx, taker)?;
        }
    }
    Ok(known)
}

fn take(tx: &mut Tx<'_>, taker: &Taker) -> Result<KeyState, DbFault> {
    let Taker { request, worker, now, held_until, expires_at } = taker;
    let row = (
        keys::principal.eq(&request.principal),
        keys::key.eq(&request.key),
        keys::fingerprint.eq(&request.fingerprint),
        keys::worker.eq(worker),
        keys::held_until.eq(At(*held_until)),
        keys::expires_at.eq(At(*expires_at)),
    );
    let inserted = each!(tx.writing(), c => diesel::insert_into(keys::table).values(row).on_conflict_do_nothing().execute(c))?;
    if inserted == 1 {
        return Ok(KeyState::Ours);
    }
    let (fingerprint, held, kept, answer) = keys::table
        .find((&request.principal, &request.key))
        .select((
            keys::fingerprint,
            keys::held_until,
            keys::expires_at,
            (keys::status, keys::body, keys::location, keys::etag),
        ))
        .first::<(String, At, At, (Option<i32>, Option<String>, Option<String>, Option<String>))>(
            tx.reading(),
        )
        .optional()?
        // Forgotten by somebody else between the two.
        .ok_or(DbFault::TryAgain)?;
    if kept.0 <= *now {
        // Old, and not swept up yet.
        diesel::delete(keys::table)
            .filter(
                keys::principal
                    .eq(&request.principal)
                    .and(keys::key.eq(&request.key))
                    .and(keys::expires_at.eq(kept)),
            )
            .execute(tx.writing())?;
        return take(tx, taker);
    }
    if fingerprint != request.fingerprint {
        return Ok(KeyState::Reused);
    }
    if let (Some(status), Some(body), location, etag) = answer {
        let status = u16::try_from(status).unwrap_or(500);
        return Ok(KeyState::Answered(StoredAnswer { status, body, location, etag }));
    }
    if held.0 > *now {
        return Ok(KeyState::Held);
    }
    // Whoever worked on it is gone. One of those who notice takes it over.
    let taken_over = diesel::update(keys::table)
        .filter(keys::principal.eq(&request.principal).and(keys::key.eq(&request.key)))
        .filter(keys::status.is_null().and(keys::held_until.eq(held)))
        .set((keys::worker.eq(worker), keys::held_until.eq(At(*held_until))))
        .execute(tx.writing())?;
    Ok(if taken_over == 1 { KeyState::Ours } else { KeyState::Held })
}

/// Stores the answer: in the transaction of its effect, so that neither is without the other. Somebody who
/// has lost the key to another worker does not get to do the same work twice: [`DbFault::Unavailable`] undoes
/// it.
pub fn answer(
    tx: &mut Tx<'_>,
    request: &KeyedRequest,
    worker: &str,
    answer: &StoredAnswer,
) -> Result<(), DbFault> {
    let stored = diesel::update(keys::table)
        .filter(keys::principal.eq(&request.principal).and(keys::key.eq(&request.key)))
        .filter(keys::worker.eq(worker).and(keys::status.is_null()))
        .set((
            keys::status.eq(i32::from(answer.status)),
            keys::body.eq(&answer.body),
            keys::location.eq(answer.location.as_deref()),
            keys::etag.eq(answer.etag.as_deref()),
        ))
        .execute(tx.writing())?;
    if stored == 1 { Ok(()) } else { Err(DbFault::unavailable("the idempotency key went to another worker")) }
}

/// Gives a key back unanswered: the next request with it is the first.
pub fn release(tx: &mut Tx<'_>, request: &KeyedRequest, worker: &str) -> Result<(), DbFault> {
    diesel::delete(keys::table)
        .filter(keys::principal.eq(&request.principal).and(keys::key.eq(&request.key)))
        .filter(keys::worker.eq(worker).and(keys::status.is_null()))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes answers that are no longer kept, the oldest first: at most so many. How many there were.
pub fn forget(tx: &mut Tx<'_>, most: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = keys::table
        .filter(keys::expires_at.le(At(now)))
        .select(keys::expires_at)
        .order(keys::expires_at)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load::<At>(tx.reading())?;
    let Some(youngest) = old.last() else { return Ok(0) };
    Ok(diesel::delete(keys::table).filter(keys::expires_at.le(At(youngest.0))).execute(tx.writing())?)
}
