//! Erases a user: their address and names are gone everywhere, and the history stays without them.

use serde_json::json;

use super::{check_optional, last_admin, visible, with_roles};
use crate::{
    db::{self, AnyConnection, Tx, erasure, invitations, letters::suppressions, users, webhooks},
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::UserId,
        permission::Permission,
        user::User,
        visibility::Visibility,
        webhooks::WebhookEventType,
    },
    services::{ServiceError, Services, audit, revoke, update::Condition},
};

/// Erases a user in whatever state, one who was removed before they activated included. `tag_of` is the
/// entity tag of a user as the caller sees them.
///
/// The last owner of an account can be erased: erasure is a person's right (Regulation (EU) 2016/679, article
/// 17), and staff can invite another owner.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::RoleExceedsYours`] for a user who
/// may do more than the caller, [`ServiceError::UserPreconditionFailed`], [`ServiceError::LastAdmin`].
pub async fn user(
    services: &Services,
    actor: &Actor,
    id: UserId,
    (condition, tag_of): (Condition, fn(&User) -> String),
) -> Result<(), ServiceError> {
    permit(actor)?;
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            let (seen, user) = match users::lock(tx, id)? {
                Some(_) => admit(tx.reading(), &actor, id)?,
                None => removed(&actor, users::lock_removed(tx, id)?)?,
            };
            check_optional(&condition, &seen, tag_of)?;
            apply(&writer, tx, &actor, &user)
        })
        .await?;
    if let Err(error) = services.db.truncate_log().await {
        // The erasure is committed. The next checkpoint overwrites the log.
        tracing::warn!(%error, user = %id, "the write-ahead log was not emptied after an erasure");
    }
    Ok(())
}

/// Whether the caller may erase and export users.
pub(super) fn permit(actor: &Actor) -> Result<(), ServiceError> {
    let permission = Permission::UsersErase;
    if actor.may(permission) { Ok(()) } else { Err(ServiceError::Forbidden(permission.as_str())) }
}

/// The user as the caller sees them, and whole.
pub(super) fn admit(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: UserId,
) -> Result<(User, User), ServiceError> {
    permit(actor)?;
    Ok((visible(connection, actor, id)?, with_roles(connection, actor, id)?))
}

/// A user who was removed before they activated, whom callers see who see everybody.
pub(super) fn removed(actor: &Actor, user: Option<User>) -> Result<(User, User), ServiceError> {
    permit(actor)?;
    let reader = Visibility::reading(actor);
    let user = user.filter(|_| reader.staff && reader.customers).ok_or(ServiceError::NotFound)?;
    Ok((user.clone(), user))
}

fn apply(services: &Services, tx: &mut Tx<'_>, actor: &Actor, user: &User) -> Result<(), ServiceError> {
    last_admin::check(tx, user)?;
    for pending in invitations::pending_of(tx.reading(), user.id)? {
        revoke::end(services, tx, &actor.who, &pending)?;
    }
    let traces = erasure::find(tx, user)?;
    // While roles and memberships show who knows this person, by whichever id.
    for id in traces.users() {
        let erased = (services.clock.id(), WebhookEventType::UserErased, services.clock.now());
        webhooks::of_user(tx, erased, *id)?;
    }
    for email in traces.addresses() {
        suppressions::hide(tx, email, &services.suppression_keys.hash(email))?;
    }
    erasure::erase(tx, &traces, services.clock.now())?;
    let done = (AuditAction::UserErased, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), user.id.to_string(), json!({}));
    Ok(db::audit::insert(tx, &[event])?)
}
