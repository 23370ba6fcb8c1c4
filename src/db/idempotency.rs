//! The answers to requests with an `Idempotency-Key`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{Tx, error::DbFault, schema::idempotency_keys as keys, sql::timestamp::At};

/// A request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The sender.
    pub principal: String,
    /// The key.
    pub key: String,
    /// A digest of the request: equal digests mean the same request.
    pub fingerprint: String,
}

/// The answer to the first request.
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

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// The caller now holds it and must answer.
    Ours,
    /// Another worker holds it.
    Held,
    /// It was used for another request.
    Reused,
    /// It has an answer.
    Answered(StoredAnswer),
    /// Its answer was about a person who was erased since.
    Erased,
}

/// What stands in place of an answer that was about an erased person. No answer is like it: a problem has a
/// body.
pub(in crate::db) struct ErasedAnswer {
    pub(in crate::db) status: u16,
    pub(in crate::db) body: &'static str,
}

pub(in crate::db) const ERASED: ErasedAnswer = ErasedAnswer { status: 410, body: "" };

/// A worker that wants to handle a request with a key.
#[derive(Debug, Clone)]
pub struct KeyClaim {
    /// The request.
    pub request: KeyedRequest,
    /// The id of the worker.
    pub worker: String,
    /// The current time.
    pub now: DateTime<Utc>,
    /// The end of the worker's lease on the key.
    pub held_until: DateTime<Utc>,
    /// When the stored answer expires.
    pub expires_at: DateTime<Utc>,
}

/// Takes each worker's key, unless it is answered, held, or used for another request.
pub fn take_many(tx: &mut Tx<'_>, takers: &[KeyClaim]) -> Result<Vec<KeyState>, DbFault> {
    if let Some(now) = takers.iter().map(|taker| taker.now).min() {
        // Twice as many as are added, so that the table shrinks.
        delete_old(tx, 2 * takers.len(), now)?;
    }
    // In the order of the keys, so that two processes with the same requests cannot deadlock.
    let mut order: Vec<usize> = (0..takers.len()).collect();
    let key = |taker: &KeyClaim| (taker.request.principal.clone(), taker.request.key.clone());
    order.sort_by_cached_key(|place| takers.get(*place).map(key));
    let mut known = vec![KeyState::Held; takers.len()];
    for place in order {
        if let (Some(taker), Some(outcome)) = (takers.get(place), known.get_mut(place)) {
            *outcome = take(tx, taker)?;
        }
    }
    Ok(known)
}

fn take(tx: &mut Tx<'_>, taker: &KeyClaim) -> Result<KeyState, DbFault> {
    let KeyClaim { request, now, .. } = taker;
    if insert(tx, taker)? == 1 {
        return Ok(KeyState::Ours);
    }
    // Without a row, another transaction deleted it in between.
    let (fingerprint, held, kept, answer) = find(tx, request)?.ok_or(DbFault::TryAgain)?;
    if kept.0 <= *now {
        // Expired, and not swept yet.
        delete_expired(tx, request, kept)?;
        return take(tx, taker);
    }
    if fingerprint != request.fingerprint {
        return Ok(KeyState::Reused);
    }
    if let (Some(status), Some(body), location, etag) = answer {
        let status = u16::try_from(status).unwrap_or(500);
        if status == ERASED.status && body == ERASED.body {
            return Ok(KeyState::Erased);
        }
        return Ok(KeyState::Answered(StoredAnswer { status, body, location, etag }));
    }
    if held.0 > *now {
        return Ok(KeyState::Held);
    }
    // The worker's lease has expired. One of those that notice takes the key over.
    Ok(if take_over(tx, taker, held)? == 1 { KeyState::Ours } else { KeyState::Held })
}

/// Stores a key, unless it is stored. Returns the number of rows.
fn insert(tx: &mut Tx<'_>, taker: &KeyClaim) -> Result<usize, DbFault> {
    let KeyClaim { request, worker, held_until, expires_at, .. } = taker;
    let row = (
        keys::principal.eq(&request.principal),
        keys::key.eq(&request.key),
        keys::fingerprint.eq(&request.fingerprint),
        keys::worker.eq(worker),
        keys::held_until.eq(At(*held_until)),
        keys::expires_at.eq(At(*expires_at)),
    );
    let inserted = each!(tx.writing(), c => {
        diesel::insert_into(keys::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    Ok(inserted)
}

/// The fingerprint, the end of the lease, the expiry, and the answer: status, body, location and entity tag.
type Row = (String, At, At, (Option<i32>, Option<String>, Option<String>, Option<String>));

fn find(tx: &mut Tx<'_>, request: &KeyedRequest) -> Result<Option<Row>, DbFault> {
    let row = keys::table
        .find((&request.principal, &request.key))
        .select((
            keys::fingerprint,
            keys::held_until,
            keys::expires_at,
            (keys::status, keys::body, keys::location, keys::etag),
        ))
        .first::<Row>(tx.reading())
        .optional()?;
    Ok(row)
}

fn delete_expired(tx: &mut Tx<'_>, request: &KeyedRequest, expires_at: At) -> Result<(), DbFault> {
    let key = keys::principal.eq(&request.principal).and(keys::key.eq(&request.key));
    diesel::delete(keys::table).filter(key.and(keys::expires_at.eq(expires_at))).execute(tx.writing())?;
    Ok(())
}

/// Takes the key of a worker whose lease ended at `held`. Returns the number of rows.
fn take_over(tx: &mut Tx<'_>, taker: &KeyClaim, held: At) -> Result<usize, DbFault> {
    let KeyClaim { request, worker, held_until, .. } = taker;
    let taken_over = diesel::update(keys::table)
        .filter(keys::principal.eq(&request.principal).and(keys::key.eq(&request.key)))
        .filter(keys::status.is_null().and(keys::held_until.eq(held)))
        .set((keys::worker.eq(worker), keys::held_until.eq(At(*held_until))))
        .execute(tx.writing())?;
    Ok(taken_over)
}

/// Stores the answer, in the transaction of the request's effect, so that both commit together. A worker that
/// has lost the key to another one gets [`DbFault::Unavailable`], which rolls its work back: the work must
/// not be done twice.
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
    if stored == 1 {
        Ok(())
    } else {
        Err(DbFault::unavailable("another worker took over the idempotency key"))
    }
}

/// Deletes a key without an answer: the next request with it counts as the first.
pub fn release(tx: &mut Tx<'_>, request: &KeyedRequest, worker: &str) -> Result<(), DbFault> {
    diesel::delete(keys::table)
        .filter(keys::principal.eq(&request.principal).and(keys::key.eq(&request.key)))
        .filter(keys::worker.eq(worker).and(keys::status.is_null()))
        .execute(tx.writing())?;
    Ok(())
}

/// Deletes expired answers, the oldest first, at most `most`. Returns their number.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = keys::table
        .filter(keys::expires_at.le(At(now)))
        .select(keys::expires_at)
        .order(keys::expires_at)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load::<At>(tx.reading())?;
    let Some(youngest) = old.last() else { return Ok(0) };
    Ok(diesel::delete(keys::table).filter(keys::expires_at.le(At(youngest.0))).execute(tx.writing())?)
}
