//! Changes the names and the system roles of a user.

use serde_json::{Value, json};

use super::{check_optional, is_self, last_admin, visible, with_roles};
use crate::{
    db::{
        self, AnyConnection, Tx, former_names,
        users::{self, email_changes, profile},
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        email::Email,
        field_error::{Faults, FieldError},
        ids::UserId,
        letter_quota::QuotaStatus,
        permission::Permission,
        person::PersonName,
        role::{Role, Roles},
        user::{User, UserStatus},
        visibility::Visibility,
    },
    services::{ServiceError, Services, audit, change_email, update::Condition},
};

/// The change: a merge patch (RFC 7396); members that are absent stay.
#[derive(Debug, Clone, Default)]
pub struct UserPatch {
    /// The first name.
    pub first_name: Option<PersonName>,
    /// The last name.
    pub last_name: Option<PersonName>,
    /// All system roles; an empty list ends the user's being staff.
    pub system_roles: Option<Roles>,
    /// A new address, which counts once it is confirmed.
    pub email: Option<Email>,
    /// Errors so far; they are reported together with members that do not apply.
    pub faults: Faults,
}

/// Changes a user. `tag_of` is the entity tag of a user as the caller sees them.
///
/// Staff with `system_users:invite` change system users, those with `customers:invite` customers, and a
/// person their own names. Returns the user, and the states of the quotas of letters where one was sent.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] for present or
/// new roles, [`ServiceError::PreconditionRequired`], [`ServiceError::UserPreconditionFailed`],
/// [`ServiceError::Invalid`], [`ServiceError::UserNotActivated`], [`ServiceError::LastAdmin`],
/// [`ServiceError::EmailTaken`], [`ServiceError::LettersSpent`].
pub async fn user(
    services: &Services,
    actor: &Actor,
    id: UserId,
    (condition, tag_of): (Condition, fn(&User) -> String),
    patch: UserPatch,
) -> Result<(User, Vec<QuotaStatus>), ServiceError> {
    let (writer, actor, may_send) = (services.clone(), actor.clone(), patch.email.is_some());
    let updated = services
        .db
        .write(move |tx| {
            users::lock(tx, id)?.ok_or(ServiceError::NotFound)?;
            let seen = visible(tx.reading(), &actor, id)?;
            let user = admit(tx.reading(), &actor, id, &patch)?;
            check_condition(&condition, &seen, tag_of)?;
            check_members(&user, &patch)?;
            let quota_statuses = apply(&writer, tx, &actor, (&user, &patch))?;
            Ok((visible(tx.reading(), &actor, id)?, quota_statuses))
        })
        .await;
    if may_send {
        services.outbox_wakeup.notify_one();
    }
    updated
}

fn admit(
    connection: &mut AnyConnection,
    actor: &Actor,
    id: UserId,
    patch: &UserPatch,
) -> Result<User, ServiceError> {
    if is_self(actor, id) && patch.system_roles.is_none() && patch.email.is_none() {
        return users::get(connection, id, Visibility::everything())?.ok_or(ServiceError::NotFound);
    }
    let user = users::get(connection, id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    let is_staff = !user.system_roles.is_empty();
    let permission = if is_staff || patch.system_roles.is_some() {
        Permission::SystemUsersInvite
    } else {
        Permission::CustomersInvite
    };
    if !actor.may(permission) {
        return Err(ServiceError::Forbidden(permission.as_str()));
    }
    let user = with_roles(connection, actor, id)?;
    match &patch.system_roles {
        Some(roles) if !actor.may_grant(roles) => Err(ServiceError::RoleExceedsYours),
        _ => Ok(user),
    }
}

fn check_condition(
    condition: &Condition,
    seen: &User,
    tag_of: fn(&User) -> String,
) -> Result<(), ServiceError> {
    match condition {
        Condition::Absent => Err(ServiceError::UserPreconditionRequired),
        given => check_optional(given, seen, tag_of),
    }
}

fn check_members(user: &User, patch: &UserPatch) -> Result<(), ServiceError> {
    let mut faults = patch.faults.clone();
    let is_staff = !user.system_roles.is_empty();
    if patch.system_roles.is_some() && !is_staff && user.status != UserStatus::Invited {
        let words = "Roles of a user who is no system user are given by an invitation.";
        faults.push(FieldError::new("/system_roles", "not_applicable", words));
    }
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    if user.status == UserStatus::Invited { Err(ServiceError::UserNotActivated) } else { Ok(()) }
}

fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (user, patch): (&User, &UserPatch),
) -> Result<Vec<QuotaStatus>, ServiceError> {
    let (mut changed, mut details) = change_names_and_roles(tx, user, patch)?;
    let mut quota_statuses = Vec::new();
    match &patch.email {
        Some(new) if new.key() != user.email.key() => {
            quota_statuses = change_email::request(services, tx, actor, (user, new))?;
        }
        // The present address: an open request for another one is withdrawn.
        Some(new) => {
            change_email::withdraw(services, tx, actor, user.id)?;
            if *new != user.email {
                email_changes::set_spelling(tx, user, new)?;
                changed.push("email");
            }
        }
        None => {}
    }
    if !changed.is_empty() {
        details["changed"] = json!(changed);
        let done = (AuditAction::UserUpdated, AuditOutcome::Succeeded);
        let event = audit::event(&services.clock, done, actor.who.clone(), user.id.to_string(), details);
        db::audit::insert(tx, &[event])?;
    }
    Ok(quota_statuses)
}

/// Returns the members that change, and what the audit trail says of them.
fn change_names_and_roles(
    tx: &mut Tx<'_>,
    user: &User,
    patch: &UserPatch,
) -> Result<(Vec<&'static str>, Value), ServiceError> {
    let mut changed = change_names(tx, user, patch)?;
    let mut details = json!({});
    if let Some(roles) = patch.system_roles.as_ref().filter(|roles| **roles != user.system_roles) {
        if !roles.iter().any(|role| role == Role::Admin) {
            last_admin::check(tx, user)?;
        }
        profile::set_roles(tx, user.id, roles)?;
        changed.push("system_roles");
        details["roles"] = json!({ "from": user.system_roles.names(), "to": roles.names() });
    }
    Ok((changed, details))
}

/// Returns the members that change.
fn change_names(tx: &mut Tx<'_>, user: &User, patch: &UserPatch) -> Result<Vec<&'static str>, ServiceError> {
    let mut changed = Vec::new();
    let name = |new: &Option<PersonName>, old: &Option<String>| {
        new.as_ref().map(|name| name.as_str().to_owned()).or_else(|| old.clone()).unwrap_or_default()
    };
    let (first, last) = (name(&patch.first_name, &user.first_name), name(&patch.last_name, &user.last_name));
    if user.first_name.as_ref() != Some(&first) {
        changed.push("first_name");
    }
    if user.last_name.as_ref() != Some(&last) {
        changed.push("last_name");
    }
    if !changed.is_empty() {
        former_names::mark(tx, user)?;
        profile::set_names(tx, user, (&first, &last))?;
    }
    Ok(changed)
}
