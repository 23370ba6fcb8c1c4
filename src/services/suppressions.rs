//! The suppression list, of addresses to which no letter is sent: staff read it and remove entries;
//! providers' reports and recipients add them.
//!
//! The courier enforces the list before each letter: an invitation to such an address is created as any
//! other, its letter fails, and the link can be handed over to the inviter instead.

use serde_json::json;

use super::{
    ServiceError, Services, audit, cursor,
    queries::{self, PageRequest},
};
use crate::{
    db::{
        self, DbFault,
        letters::suppressions::{self, SuppressionFilter},
    },
    domain::{
        actor::{Actor, ActorRef},
        audit::{AuditAction, AuditOutcome},
        email::Email,
        ids::SuppressionId,
        origin::Origin,
        permission::Permission,
        suppression::{Suppression, SuppressionReason},
        token::LinkToken,
    },
};

/// The filters of the list.
#[derive(Debug, Clone, Default)]
pub struct SuppressionQuery {
    /// Exactly this address.
    pub email: Option<Email>,
    /// For this reason.
    pub reason: Option<SuppressionReason>,
    /// With this text in the address.
    pub search: Option<String>,
}

fn admit(actor: &Actor) -> Result<(), ServiceError> {
    let permission = Permission::CustomersInvite;
    if actor.may(permission) { Ok(()) } else { Err(ServiceError::Forbidden(permission.as_str())) }
}

/// Whether the caller may also see the addresses of system users who are no customers.
fn sees_staff(actor: &Actor) -> bool {
    actor.may(Permission::SystemUsersRead)
}

/// Lists the addresses, newest first; those of system users only for callers who may see these.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::DamagedCursor`], [`ServiceError::CursorMismatch`].
pub async fn list(
    services: &Services,
    actor: &Actor,
    query: SuppressionQuery,
    page: PageRequest,
) -> Result<queries::Page<Suppression>, ServiceError> {
    admit(actor)?;
    let staff = sees_staff(actor);
    let bound = format!("{query:?}/{}", query.email.as_ref().map_or("", Email::key));
    let before = page.cursor.as_deref().map(|cursor| cursor::decode(cursor, &bound)).transpose()?;
    let SuppressionQuery { email, reason, search } = query;
    let filter = SuppressionFilter { email, reason, search, staff, before, limit: page.limit + 1 };
    let rows =
        services.db.read::<_, DbFault>(move |connection| suppressions::list(connection, &filter)).await?;
    Ok(queries::cut(rows, page.limit, &bound, |row| row.id))
}

/// Removes an entry, so that letters are sent to the address again.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`], also for one that the caller may not see.
pub async fn lift(services: &Services, actor: &Actor, id: SuppressionId) -> Result<(), ServiceError> {
    admit(actor)?;
    let staff = sees_staff(actor);
    let (clock, who) = (services.clock.clone(), actor.who.clone());
    services
        .db
        .write(move |tx| {
            let lifted = suppressions::remove(tx, id, staff)?.ok_or(ServiceError::NotFound)?;
            let done = (AuditAction::SuppressionLifted, AuditOutcome::Succeeded);
            let details = json!({ "reason": lifted.reason.as_str() });
            let event = audit::event(&clock, done, who.clone(), id.to_string(), details);
            Ok(db::audit::insert(tx, &[event])?)
        })
        .await
}

/// The address to which a link was mailed, valid or not; `None` when it was handed over to the inviter: its
/// holder does not represent any mailbox.
///
/// # Errors
/// [`ServiceError::InvalidLink`].
pub async fn mailed_to(services: &Services, token: &LinkToken) -> Result<Option<Email>, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    Ok(services
        .db
        .look_up::<_, DbFault>(move |connection| suppressions::mailed_to(connection, claim))
        .await?)
}

/// Adds the address to which a link was mailed to the list, at the request of its reader, and returns it.
///
/// # Errors
/// [`ServiceError::InvalidLink`], also for a link that was returned to its inviter.
pub async fn unsubscribe(
    services: &Services,
    token: &LinkToken,
    origin: Origin,
) -> Result<Email, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    let (writer, who) = (services.clone(), ActorRef::link(Some(origin)));
    services
        .db
        .write(move |tx| {
            let email = suppressions::mailed_to(tx.reading(), claim)?.ok_or(ServiceError::InvalidLink)?;
            let (id, created_at, reason) =
                (writer.clock.id(), writer.clock.now(), SuppressionReason::Unsubscribed);
            suppressions::add(
                tx,
                &Suppression { id, email: email.clone(), reason, detail: None, created_at },
            )?;
            let done = (AuditAction::AddressSuppressed, AuditOutcome::Succeeded);
            let details = json!({ "reason": reason.as_str() });
            let event = audit::event(&writer.clock, done, who.clone(), claim.invitation.to_string(), details);
            db::audit::insert(tx, &[event])?;
            Ok(email)
        })
        .await
}
