//! Blocks and unblocks users. A blocked user cannot sign in, their tokens end at once, and their links are
//! dead.

use serde_json::json;

use super::{last_admin, visible, with_roles};
use crate::{
    db::{
        self, Guarded, Tx, invitations, users,
        users::{email_changes, password_resets, profile, sessions},
        webhooks,
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        ids::UserId,
        permission::Permission,
        user::{User, UserStatus},
        webhooks::WebhookEventType,
    },
    services::{ServiceError, Services, audit, idempotency::Ticket, revoke},
};

/// A change of the access of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Ends their access.
    Block,
    /// Gives it back.
    Unblock,
}

impl Change {
    fn statuses(self) -> (UserStatus, UserStatus) {
        match self {
            Self::Block => (UserStatus::Active, UserStatus::Blocked),
            Self::Unblock => (UserStatus::Blocked, UserStatus::Active),
        }
    }

    fn action(self) -> AuditAction {
        match self {
            Self::Block => AuditAction::UserBlocked,
            Self::Unblock => AuditAction::UserUnblocked,
        }
    }
}

/// Blocks or unblocks a user. A user who is in that state already is left as they are. Blocking revokes the
/// user's pending invitations; unblocking does not bring them back.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::RoleExceedsYours`] for a user who
/// may do more than the caller, [`ServiceError::UserNotActivated`], [`ServiceError::LastAdmin`].
pub async fn user(
    services: &Services,
    actor: &Actor,
    (id, change): (UserId, Change),
    ticket: Option<Ticket<User>>,
) -> Result<User, ServiceError> {
    permit(actor)?;
    let (writer, actor) = (services.clone(), actor.clone());
    services
        .db
        .write(move |tx| {
            apply(&writer, tx, &actor, (id, change))?;
            let user = visible(tx.reading(), &actor, id)?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &user)?;
            }
            Ok(user)
        })
        .await
}

/// Whether the caller may block this user, whatever their state.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::RoleExceedsYours`].
pub async fn authorise(services: &Services, actor: &Actor, id: UserId) -> Result<(), ServiceError> {
    let actor = actor.clone();
    services.db.read(move |connection| admit(connection, &actor, id).map(drop)).await
}

fn permit(actor: &Actor) -> Result<(), ServiceError> {
    let permission = Permission::UsersBlock;
    if actor.may(permission) { Ok(()) } else { Err(ServiceError::Forbidden(permission.as_str())) }
}

fn admit(connection: &mut db::AnyConnection, actor: &Actor, id: UserId) -> Result<User, ServiceError> {
    permit(actor)?;
    visible(connection, actor, id)?;
    with_roles(connection, actor, id)
}

fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (id, change): (UserId, Change),
) -> Result<(), ServiceError> {
    users::lock(tx, id)?.ok_or(ServiceError::NotFound)?;
    let user = admit(tx.reading(), actor, id)?;
    let (from, to) = change.statuses();
    if user.status == UserStatus::Invited {
        return Err(ServiceError::UserNotActivated);
    }
    if change == Change::Block {
        last_admin::check(tx, &user)?;
    }
    if profile::set_status(tx, id, (from, to))? == Guarded::Stale {
        return Ok(());
    }
    if change == Change::Block {
        end_access(services, tx, actor, &user)?;
        let blocked = (services.clock.id(), WebhookEventType::UserBlocked, services.clock.now());
        webhooks::of_user(tx, blocked, id)?;
    }
    let done = (change.action(), AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), id.to_string(), json!({}));
    Ok(db::audit::insert(tx, &[event])?)
}

/// Ends sessions, tokens, open requests and pending invitations.
fn end_access(services: &Services, tx: &mut Tx<'_>, actor: &Actor, user: &User) -> Result<(), ServiceError> {
    let (id, now) = (user.id, services.clock.now());
    // For good: a session that was stolen must not come back when its user is unblocked.
    sessions::end_all(tx, id, None, now)?;
    sessions::end_tokens(tx, id, now)?;
    let (Guarded::Applied | Guarded::Stale) = email_changes::supersede(tx, id, now)?;
    password_resets::use_up_all(tx, &user.email, now)?;
    for pending in invitations::pending_of(tx.reading(), id)? {
        revoke::end(services, tx, &actor.who, &pending)?;
    }
    Ok(())
}
