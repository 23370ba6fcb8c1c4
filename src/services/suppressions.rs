//! The list of addresses that are not written to: staff read it and lift what is on it; providers' reports
//! and the people themselves put addresses there.
//!
//! The list is kept by the courier, which looks before each letter: an invitation to such an address is made
//! like any other, its letter fails, and the link can be handed over.

use super::{
    ServiceError, Services, cursor,
    queries::{self, PageRequest},
};
use crate::{
    db::{
        DbFault,
        letters::suppressions::{self, SuppressionFilter},
    },
    domain::{
        actor::Actor,
        email::Email,
        ids::SuppressionId,
        permission::Permission,
        suppression::{Suppression, SuppressionReason},
        token::LinkToken,
    },
};

/// What the list is asked for with.
#[derive(Debug, Clone, Default)]
pub struct SuppressionQuery {
    /// This very address.
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

/// Whether the caller sees the addresses of system users, too, who are no customers.
fn sees_staff(actor: &Actor) -> bool {
    actor.may(Permission::SystemUsersRead)
}

/// Lists the addresses, newest first; those of system users for callers who may see these.
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

/// Lifts one: the address is written to again.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`], also for one that the caller does not see.
pub async fn lift(services: &Services, actor: &Actor, id: SuppressionId) -> Result<(), ServiceError> {
    admit(actor)?;
    let staff = sees_staff(actor);
    let lifted = services.db.write::<_, DbFault>(move |tx| suppressions::remove(tx, id, staff)).await?;
    let lifted = lifted.ok_or(ServiceError::NotFound)?;
    let (email, reason) = (lifted.email.masked(), lifted.reason.as_str());
    tracing::info!(suppression = %id, email, reason, caller = actor.who.id, "an address may be written to again");
    Ok(())
}

/// Where a link was mailed, dead or alive; `None` for one that was handed over: its holder speaks for
/// nobody's mailbox.
///
/// # Errors
/// [`ServiceError::InvalidLink`].
pub async fn mailed_to(services: &Services, token: &LinkToken) -> Result<Option<Email>, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    Ok(services.db.read::<_, DbFault>(move |connection| suppressions::mailed_to(connection, claim)).await?)
}

/// Puts the address that a link was mailed to on the list, as whoever reads that mail wishes, and gives it.
///
/// # Errors
/// [`ServiceError::InvalidLink`], also for a link that was handed over.
pub async fn unsubscribe(services: &Services, token: &LinkToken) -> Result<Email, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    let writer = services.clone();
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
            Ok(email)
        })
        .await
}
