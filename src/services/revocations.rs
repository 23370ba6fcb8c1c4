//! Access tokens that were revoked before they expire, by their ids (`jti`, RFC 7519 §4.1.7), and those of
//! revoked API clients, by the client's id.
//!
//! Each process has a copy of the list in memory. A check reads the list again when the copy is older than a
//! second, and otherwise costs no query: a revocation applies in every process within a second, and at most
//! one query a second is made. The list has the revoked tokens that have not expired, 16 bytes each, and
//! nothing of the valid ones.
//!
//! A check whose reading fails is an error, and the request is answered 503. The last copy is not used for
//! longer: a revoked token must not become valid because the database is unavailable, and nearly every
//! request needs the database itself.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    clock::Clock,
    db::{Db, DbFault, audit, users::revoked_tokens},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditEvent, AuditOutcome},
        ids::TokenId,
    },
};

/// How long a copy of the list is used.
const MAX_AGE: Duration = Duration::from_secs(1);
/// The longest lifetime of a token, whatever `JWT_MAX_TTL` was when it was issued, and the leeway of clocks.
const LONGEST_LIFETIME: TimeDelta = TimeDelta::days(366);

/// The list of revoked tokens. Cheap to clone; clones share the copy.
#[derive(Clone)]
pub struct Revocations(Arc<Shared>);

struct Shared {
    clock: Clock,
    copy: RwLock<Copy>,
    /// Held by the task that reads the list; the outcome of the last reading.
    reading: Mutex<Option<Reading>>,
}

/// The list as read at a time ([`Clock::elapsed`]).
#[derive(Default)]
struct Copy {
    tokens: HashSet<Uuid>,
    read_at: Option<Duration>,
}

/// A reading that ended at a time.
struct Reading {
    ended: Duration,
    outcome: Result<(), DbFault>,
}

impl Revocations {
    /// An empty copy, which is read at the first check.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared { clock, copy: RwLock::default(), reading: Mutex::default() }))
    }

    /// Whether the caller's token is revoked. A token without an id of ours cannot be.
    ///
    /// # Errors
    /// When the list had to be read and the database failed.
    pub async fn contains(&self, db: &Db, actor: &Actor) -> Result<bool, DbFault> {
        let Some(token) = actor.token else { return Ok(false) };
        let client = actor.api_client();
        let asked = self.0.clock.elapsed();
        if !self.is_fresh(asked) {
            self.read(db, asked).await?;
        }
        let copy = self.0.copy.read().unwrap_or_else(PoisonError::into_inner);
        Ok(copy.tokens.contains(&token.uuid())
            || client.is_some_and(|client| copy.tokens.contains(&client.uuid())))
    }

    fn is_fresh(&self, now: Duration) -> bool {
        let copy = self.0.copy.read().unwrap_or_else(PoisonError::into_inner);
        copy.read_at.is_some_and(|read_at| now.saturating_sub(read_at) < MAX_AGE)
    }

    /// Reads the list. Checks that need it at the same time share one reading, also one that fails: they
    /// would otherwise wait for an unavailable database one after the other.
    async fn read(&self, db: &Db, asked: Duration) -> Result<(), DbFault> {
        let mut reading = self.0.reading.lock().await;
        if self.is_fresh(asked) {
            return Ok(());
        }
        if let Some(Reading { ended, outcome: Err(fault) }) = &*reading
            && *ended > asked
        {
            return Err(fault.clone());
        }
        let began = self.0.clock.elapsed();
        let now = self.0.clock.now();
        let tokens = db.read::<_, DbFault>(move |connection| revoked_tokens::list(connection, now)).await;
        let outcome = tokens.map(|tokens| self.replace(tokens, began));
        *reading = Some(Reading { ended: self.0.clock.elapsed(), outcome: outcome.clone() });
        outcome
    }

    fn replace(&self, tokens: Vec<Uuid>, read_at: Duration) {
        let tokens = tokens.into_iter().collect();
        *self.0.copy.write().unwrap_or_else(PoisonError::into_inner) =
            Copy { tokens, read_at: Some(read_at) };
    }
}

/// Revokes a token. Its id is not known to this service, which stores no tokens: it is revoked for as long as
/// any token can live.
///
/// # Errors
/// When the database fails.
pub async fn revoke(db: &Db, token: TokenId, clock: &Clock) -> Result<(), DbFault> {
    let (id, now) = (clock.id(), clock.now());
    let (action, outcome) = (AuditAction::TokenRevoked, AuditOutcome::Succeeded);
    let (object, details) = (Some(token.to_string()), json!({}));
    // The actor is the person who ran the command, whom only the operating system knows.
    let event = AuditEvent { id, at: now, action, outcome, actor: None, object, origin: None, details };
    db.write(move |tx| {
        revoked_tokens::insert(tx, token, (now, now + LONGEST_LIFETIME))?;
        audit::insert(tx, std::slice::from_ref(&event))
    })
    .await
}
