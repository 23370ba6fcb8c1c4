//! Retries that are safe: a request with an `Idempotency-Key` has its effect once, and its first answer every
//! time (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is taken in a transaction of its own; the answer is stored in the transaction of the effect. A
//! crash between the two leaves a key that nobody works on, which the next retry takes over after a minute.

use std::{collections::BTreeSet, fmt, io, sync::Arc};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::{ServiceError, Services};
pub use crate::db::idempotency::{KeyedRequest, StoredAnswer};
use crate::{
    db::{
        Db, DbFault, Tx,
        idempotency::{self, KeyState, Taker},
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

/// How long a key is left to whoever took it.
const HELD: TimeDelta = TimeDelta::seconds(60);
/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// Writes the answer that an effect leads to.
pub type Render<E = Invitation> = Arc<dyn Fn(&E) -> StoredAnswer + Send + Sync>;

/// A key that is ours to answer.
pub struct Ticket<E = Invitation> {
    request: KeyedRequest,
    worker: String,
    render: Render<E>,
}

// Derived, it would ask that effects can be cloned.
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

/// What to do with a request that carried a key.
#[derive(Debug)]
pub enum Begin<E = Invitation> {
    /// It is the first: do it.
    First(Ticket<E>),
    /// It was done: answer as then.
    Replay(StoredAnswer),
}

/// Whose keys these are: a grant, which is the issuer, the subject, and all that the token allows. Tokens of
/// one subject that allow different things are different principals, whose keys never meet; a fresh token of
/// the same grant is the same one. What its holder has lost since changes nothing in it: a retry with the
/// same token would have its effect once more.
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
    // Sets: the order in which a token names them says nothing.
    let accounts: BTreeSet<&str> = accounts.iter().map(AccountId::as_str).collect();
    part(&permissions.len().to_string());
    for permission in permissions {
        part(permission.as_str());
    }
    accounts.into_iter().for_each(part);
    format!("grant:{}", hex(&hash.finalize()))
}

/// Requests with keys that arrive together.
pub type Queue = GroupCommit<Taker, KeyState, DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system gives no thread.
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
    let taker = Taker { request, worker, now, held_until: now + HELD, expires_at: now + KEPT };
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

    /// Ends a request that had no effect and has an answer of its own all the same.
    pub(super) async fn keep(self, services: &Services, effect: &E) {
        let answer = (self.render)(effect);
        self.close(services, Some(answer)).await;
    }

    /// Ends a request that had no effect: its refusal is kept, or, without one, the key is free again.
    pub async fn close(self, services: &Services, refusal: Option<StoredAnswer>) {
        let Self { request, worker, .. } = self;
        let ended = services
            .db
            .write::<_, DbFault>(move |tx| match &refusal {
                Some(refusal) => idempotency::answer(tx, &request, &worker, refusal),
                None => idempotency::release(tx, &request, &worker),
            })
            .await;
        if let Err(error) = ended {
            // The key comes free by itself in a minute.
            tracing::warn!(error = ?error.to_string(), "an idempotency key was not closed");
        }
    }
}
