//! Safe retries: a request with an `Idempotency-Key` has its effect once, and each retry gets the first
//! answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is taken in a transaction of its own; the answer is stored in the transaction of the effect. A
//! crash between the two leaves a held key without a worker; a retry takes it over after a minute.

use std::{collections::BTreeSet, fmt, io, sync::Arc};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::{ServiceError, Services};
pub use crate::db::idempotency::{KeyedRequest, StoredAnswer};
use crate::{
    db::{
        Db, DbFault, Tx,
        idempotency::{self, KeyClaim, KeyState},
        pool::group_commit::GroupCommit,
    },
    domain::{
        actor::ActorRef,
        ids::{AccountId, EventKind},
        invitation::Invitation,
        permission::Permission,
        token::hex,
    },
};

/// How long a request holds its key.
const KEY_LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long an answer is stored.
const ANSWER_TTL: TimeDelta = TimeDelta::hours(24);

/// Writes the answer for an effect.
pub type Render<E = Invitation> = Arc<dyn Fn(&E) -> StoredAnswer + Send + Sync>;

/// The right to answer a request with a key.
pub struct Ticket<E = Invitation> {
    request: KeyedRequest,
    worker: String,
    render: Render<E>,
}

// Derived, it would require `E: Clone`.
impl<E> Clone for Ticket<E> {
    fn clone(&self) -> Self {
        Self { request: self.request.clone(), worker: self.worker.clone(), render: self.render.clone() }
    }
}

impl<E> fmt::Debug for Ticket<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

/// What a request with a key is.
#[derive(Debug)]
pub enum Begin<E = Invitation> {
    /// It is the first one.
    First(Ticket<E>),
    /// It is a retry, and this is the first answer.
    Replay(StoredAnswer),
}

/// The owner of keys: a grant, which is the issuer, the subject, and all that the token allows. Tokens of one
/// subject that allow different things are different principals with separate keys; a fresh token of the same
/// grant is the same principal. Rights that its holder has lost since still count: without them, a retry with
/// the same token would be another principal's and have its effect once more.
#[must_use]
pub fn principal(
    issuer: &str,
    who: &ActorRef,
    permissions: &BTreeSet<Permission>,
    accounts: &[AccountId],
) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text);
    };
    part(issuer);
    part(who.kind.as_str());
    part(&who.id);
    // Sets: their order in the token has no meaning.
    let accounts: BTreeSet<&str> = accounts.iter().map(AccountId::as_str).collect();
    part(&permissions.len().to_string());
    for permission in permissions {
        part(permission.as_str());
    }
    accounts.into_iter().for_each(part);
    format!("grant:{}", hex(&hash.finalize()))
}

/// Takes the keys of requests that arrive together in one transaction.
pub type Queue = GroupCommit<KeyClaim, KeyState, DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When no thread can be started.
pub fn queue(db: &Db, most: usize) -> io::Result<Queue> {
    GroupCommit::writing(db, "keys", most, idempotency::take_many)
}

/// Begins a request with a key.
///
/// # Errors
/// [`ServiceError::IdempotencyKeyReused`], [`ServiceError::IdempotencyInProgress`].
pub async fn begin<E>(
    services: &Services,
    request: KeyedRequest,
    render: Render<E>,
) -> Result<Begin<E>, ServiceError> {
    let now = services.clock.now();
    let worker = services.clock.id::<EventKind>().to_string();
    let ticket = Ticket { request, worker, render };
    let (request, worker) = (ticket.request.clone(), ticket.worker.clone());
    let taker = KeyClaim { request, worker, now, held_until: now + KEY_LEASE, expires_at: now + ANSWER_TTL };
    match services.keys.run(taker).await? {
        KeyState::Ours => Ok(Begin::First(ticket)),
        KeyState::Answered(answer) => Ok(Begin::Replay(answer)),
        KeyState::Held => Err(ServiceError::IdempotencyInProgress),
        KeyState::Reused => Err(ServiceError::IdempotencyKeyReused),
    }
}

impl<E> Ticket<E> {
    /// Stores the answer to an effect, in its transaction.
    pub(super) fn store(&self, tx: &mut Tx<'_>, effect: &E) -> Result<(), DbFault> {
        idempotency::answer(tx, &self.request, &self.worker, &(self.render)(effect))
    }

    /// Ends a request that had no effect and has an answer all the same.
    pub(super) async fn keep(self, services: &Services, effect: &E) {
        let answer = (self.render)(effect);
        self.keep_refusal(services, answer).await;
    }

    /// Ends a request that had no effect, and stores this answer for its retries.
    pub async fn keep_refusal(self, services: &Services, answer: StoredAnswer) {
        let Self { request, worker, .. } = self;
        log(services.db.write(move |tx| idempotency::answer(tx, &request, &worker, &answer)).await);
    }

    /// Ends a request that had no effect, and gives the key back: a retry is a first request.
    pub async fn release(self, services: &Services) {
        let Self { request, worker, .. } = self;
        log(services.db.write(move |tx| idempotency::release(tx, &request, &worker)).await);
    }
}

fn log(ended: Result<(), DbFault>) {
    if let Err(error) = ended {
        // A retry takes the key over once it is no longer held.
        tracing::warn!(error = ?error.to_string(), "an idempotency key could not be stored or released");
    }
}
