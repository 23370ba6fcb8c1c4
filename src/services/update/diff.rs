//! The result of applying a patch to an invitation, and the members that this kind of invitation does not
//! have.

use serde_json::{Map, Value, json};

use super::patch::Patch;
use crate::domain::{
    field_error::{Faults, FieldError},
    invitation::{Invitation, InvitationKind},
    locale::Locale,
};

/// The result of a patch.
pub(super) struct Plan {
    /// The invitation afterwards; still with the same user, whatever its address.
    pub(super) new: Invitation,
    /// Each changed member, as `{from, to}`, for the timeline. Empty when nothing changes.
    pub(super) changes: Map<String, Value>,
}

/// The result of a patch without [`faults`].
pub(super) fn of(old: &Invitation, patch: &Patch) -> Plan {
    let mut new = old.clone();
    new.email = patch.email.clone().unwrap_or(new.email);
    new.roles = patch.roles.clone().unwrap_or(new.roles);
    new.locale = patch.locale.of(new.locale);
    if let Some(account) = &mut new.account {
        account.name = patch.account_name.map(|name| name.as_str().to_owned()).of(account.name.take());
        account.rate = patch.rate.of(account.rate);
    }
    let (before, after) = (members(old), members(&new));
    let differing = before.into_iter().zip(after).filter(|((_, from), (_, to))| from != to);
    let changes = differing
        .map(|((name, from), (_, to))| (name.to_owned(), json!({ "from": from, "to": to })))
        .collect();
    Plan { new, changes }
}

/// All members that a patch can change, by name.
fn members(invitation: &Invitation) -> [(&'static str, Value); 5] {
    let account = invitation.account.as_ref();
    [
        ("email", json!(invitation.email.as_str())),
        ("roles", json!(invitation.roles.names())),
        ("locale", json!(invitation.locale.map(Locale::as_str))),
        ("account_name", json!(account.and_then(|account| account.name.as_deref()))),
        ("reimbursement_rate", json!(account.and_then(|account| account.rate).map(|rate| rate.to_string()))),
    ]
}

/// The errors in a patch of this invitation. For a member that it does not have, no other error is reported.
pub(super) fn faults(invitation: &Invitation, patch: &Patch) -> Faults {
    let mut faults = patch.faults.clone();
    let made = invitation.account.as_ref().filter(|account| account.is_new);
    let below = made.is_some_and(|account| account.parent_account_id.is_some());
    for (path, named, has, words) in [
        (
            "/roles",
            patch.roles.is_some(),
            invitation.kind == InvitationKind::SystemUser,
            "Only a system user has roles.",
        ),
        (
            "/account_name",
            patch.account_name.is_named(),
            made.is_some(),
            "No account was made for this invitation.",
        ),
        ("/reimbursement_rate", patch.rate.is_named(), below, "Only a sub-account has a rate."),
    ] {
        let inside = |fault: &FieldError| fault.path == path || fault.path.starts_with(&format!("{path}/"));
        if !has && (named || faults.reported().iter().any(inside)) {
            faults.forget(inside);
            faults.push(FieldError::new(path, "not_applicable", words));
        }
    }
    faults
}
