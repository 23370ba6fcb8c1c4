//! Safe retries: a request with an `Idempotency-Key` has its effect once, and each retry gets the first
//! answer (draft-ietf-httpapi-idempotency-key-header).
//!
//! The key is taken in a transaction of its own; the answer is stored in the transaction of the effect. A
//! crash between the two leaves a held key without a worker; a retry takes it over after a minute.

mod principal;
mod queue;
mod release;
mod ticket;

use chrono::TimeDelta;

pub use self::{
    principal::principal,
    queue::{Queue, queue},
    ticket::{Render, Ticket},
};
use super::{ServiceError, Services};
pub use crate::db::idempotency::{KeyedRequest, StoredAnswer};
use crate::{
    db::{
        DbFault,
        idempotency::{self, KeyClaim, KeyState},
    },
    domain::{ids::EventKind, invitation::Invitation},
};

/// How long a request holds its key.
const KEY_LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long an answer is stored.
const ANSWER_TTL: TimeDelta = TimeDelta::hours(24);

/// What a request with a key is.
#[derive(Debug)]
pub enum Begin<E = Invitation> {
    /// It is the first one.
    First(Ticket<E>),
    /// It is a retry, and this is the first answer.
    Replay(StoredAnswer),
}

/// Begins a request with a key.
///
/// # Errors
/// [`ServiceError::IdempotencyKeyReused`], [`ServiceError::IdempotencyInProgress`],
/// [`ServiceError::IdempotencyAnswerErased`].
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
    let state = match services.keys.run(taker).await {
        Ok(state) => state,
        Err(fault) => {
            // Nothing is done for this request: if it has the key all the same, its retries would have to
            // wait for that.
            if matches!(fault, DbFault::InDoubt(_)) {
                let Ticket { request, worker, .. } = ticket;
                release::release_later(services.db.clone(), request, worker);
            }
            return Err(fault.into());
        }
    };
    match state {
        KeyState::Ours => Ok(Begin::First(ticket)),
        KeyState::Answered(answer) => Ok(Begin::Replay(answer)),
        KeyState::Held => Err(ServiceError::IdempotencyInProgress),
        KeyState::Erased => Err(ServiceError::IdempotencyAnswerErased),
        KeyState::Reused => Err(ServiceError::IdempotencyKeyReused),
    }
}

impl<E> Ticket<E> {
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

    /// Ends a request that had no effect, and gives the key back: a retry is a first request. While the
    /// database is away, that is tried again in the background.
    pub async fn release(self, services: &Services) {
        let Self { request, worker, .. } = self;
        if release::release(&services.db, &request, &worker).await.is_err() {
            release::release_later(services.db.clone(), request, worker);
        }
    }
}

fn log(ended: Result<(), DbFault>) {
    if let Err(error) = ended {
        // A retry takes the key over once it is no longer held.
        tracing::warn!(error = ?error.to_string(), "the answer of an idempotency key could not be stored");
    }
}
