//! The audit log: written in the transaction of each change, and here for what changes nothing else.

mod queue;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use self::queue::{Queue, queue};
use super::{
    ServiceError, Services, cursor,
    queries::{self, Page, PageRequest},
};
pub use crate::db::audit::StoredEvent;
use crate::{
    clock::Clock,
    db::{
        DbFault,
        audit::{self, AuditFilter},
    },
    domain::{
        actor::{Actor, ActorRef},
        audit::{AuditAction, AuditEvent, AuditOutcome},
        ids::UserId,
        origin::Origin,
        permission::Permission,
    },
};

/// An event that happens now.
#[must_use]
pub fn event(
    clock: &Clock,
    (action, outcome): (AuditAction, AuditOutcome),
    actor: ActorRef,
    object: impl Into<Option<String>>,
    details: Value,
) -> AuditEvent {
    let origin = actor.origin.clone();
    let (id, at, object) = (clock.id(), clock.now(), object.into());
    AuditEvent { id, at, action, outcome, actor: Some(actor), object, origin, details }
}

/// An event about a user whose holder proved no identity.
#[must_use]
pub fn anonymous(
    clock: &Clock,
    (action, outcome): (AuditAction, AuditOutcome),
    user: Option<UserId>,
    source: &Origin,
    details: Value,
) -> AuditEvent {
    let (id, at, object) = (clock.id(), clock.now(), user.map(|user| user.to_string()));
    AuditEvent { id, at, action, outcome, actor: None, object, origin: Some(source.clone()), details }
}

/// Records an event that belongs to no other transaction. A failure is only logged, since the request is
/// answered all the same.
pub async fn record(services: &Services, event: AuditEvent) {
    let action = event.action.as_str();
    if let Err(error) = services.audit.run(event).await {
        tracing::error!(%error, action, "an event was not recorded in the audit log");
    }
}

/// Records that a caller was refused.
pub async fn denied(services: &Services, caller: ActorRef, object: Option<String>, details: Value) {
    let outcome = (AuditAction::Access, AuditOutcome::Denied);
    record(services, event(&services.clock, outcome, caller, object, details)).await;
}

/// The filters of the list.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// By the caller with this id.
    pub actor: Option<String>,
    /// With this action.
    pub action: Option<AuditAction>,
    /// About the object with this id.
    pub object: Option<String>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

/// Lists events, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: AuditQuery,
    page: PageRequest,
) -> Result<Page<StoredEvent>, ServiceError> {
    let permission = Permission::AuditRead;
    if !actor.may(permission) {
        return Err(ServiceError::Forbidden(permission.as_str()));
    }
    let bound = format!("{query:?}");
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let AuditQuery { actor, action, object, from, to } = query;
    let filter = AuditFilter { actor, action, object, from, to, before, limit: page.limit + 1 };
    let rows = services.db.read::<_, DbFault>(move |connection| audit::list(connection, &filter)).await?;
    Ok(queries::cut(rows, page.limit, &bound, |row| row.event.id))
}
