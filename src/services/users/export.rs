//! Exports what is held about a user, for their right of access.

use serde_json::{Value, json};

use super::erase::{admit, removed};
use crate::{
    db::{
        AnyConnection, DbFault,
        audit::{self, AuditFilter},
        erasure, export,
        invitations::{self, InvitationFilter, timeline},
        letters::suppressions,
        users,
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        email::Email,
        email_change::EmailChange,
        event::Event,
        ids::UserId,
        invitation::Invitation,
        session::Session,
        suppression::Suppression,
        user::User,
        visibility::Visibility,
    },
    services::{ServiceError, Services, audit as log},
};

pub use crate::db::{audit::StoredEvent, export::ExportedLetter};

/// How many of each kind are exported; of more, the newest.
const MAX_ITEMS: i64 = 1000;

/// What is held about a user. Secrets are not in it: password hashes, tokens, marks of passwords.
#[derive(Debug, Clone)]
pub struct Export {
    /// The user, with all memberships and roles.
    pub user: User,
    /// The invitations, newest first.
    pub invitations: Vec<ExportedInvitation>,
    /// Requests to change the address, oldest first.
    pub email_changes: Vec<EmailChange>,
    /// Letters about the password and the address.
    pub letters: Vec<ExportedLetter>,
    /// The sessions, newest first.
    pub sessions: Vec<Session>,
    /// The entry of the address in the suppression list.
    pub suppression: Option<Suppression>,
    /// Audit events by the user and about them, newest first.
    pub audit_events: Vec<StoredEvent>,
    /// Whether older items were left out.
    pub is_truncated: bool,
}

/// An invitation of the user.
#[derive(Debug, Clone)]
pub struct ExportedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Its timeline, oldest first.
    pub events: Vec<Event>,
    /// Its letters, oldest first.
    pub letters: Vec<ExportedLetter>,
}

/// Exports a user, and records that in the audit log.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::RoleExceedsYours`] for a user who
/// may do more than the caller.
pub async fn user(services: &Services, actor: &Actor, id: UserId) -> Result<Export, ServiceError> {
    super::erase::permit(actor)?;
    let caller = actor.clone();
    let exported = services.db.read::<_, ServiceError>(move |connection| {
        let found = match admit(connection, &caller, id) {
            Err(ServiceError::NotFound) => removed(&caller, users::removed(connection, id)?),
            found => found,
        };
        Ok(collect(connection, found?.1)?)
    });
    let exported = exported.await?;
    let done = (AuditAction::UserExported, AuditOutcome::Succeeded);
    let event = log::event(&services.clock, done, actor.who.clone(), id.to_string(), json!({}));
    log::record(services, event).await;
    Ok(exported)
}

fn collect(connection: &mut AnyConnection, user: User) -> Result<Export, DbFault> {
    let mut is_truncated = false;
    let mut cut = |length: usize| is_truncated |= i64::try_from(length).unwrap_or(i64::MAX) >= MAX_ITEMS;
    let all = InvitationFilter::all(Visibility::everything(), MAX_ITEMS);
    let mut found = Vec::new();
    // Those of the same address before, too: they are erased with the user.
    for id in erasure::users_of(connection, &user)? {
        found.extend(invitations::list(connection, &InvitationFilter { user: Some(id), ..all.clone() })?);
    }
    found.sort_unstable_by_key(|invitation| std::cmp::Reverse(invitation.id));
    cut(found.len());
    let mut invited = Vec::with_capacity(found.len());
    for invitation in found {
        invited.push(with_history(connection, invitation, &user, &mut cut)?);
    }
    let sessions = export::sessions(connection, user.id, MAX_ITEMS)?;
    let email_changes = export::email_changes(connection, user.id)?;
    let letters = export::notices(connection, (&user, &email_changes), MAX_ITEMS)?;
    let audit_events = audit_events(connection, user.id)?;
    cut(sessions.len().max(letters.len()).max(audit_events.len()));
    let suppression = suppressions::of_address(connection, &user.email)?;
    Ok(Export {
        suppression,
        invitations: invited,
        email_changes,
        letters,
        sessions,
        audit_events,
        is_truncated,
        user,
    })
}

/// An invitation with its events and letters. `cut` gets the length of the longer list as it was read.
fn with_history(
    connection: &mut AnyConnection,
    invitation: Invitation,
    user: &User,
    cut: &mut impl FnMut(usize),
) -> Result<ExportedInvitation, DbFault> {
    let mut events = timeline::list(connection, invitation.id, None, MAX_ITEMS)?;
    let mut letters = export::letters_of_invitation(connection, invitation.id, MAX_ITEMS)?;
    cut(events.len().max(letters.len()));
    for event in &mut events {
        hide_others(event, &user.email);
    }
    letters.retain(|letter| letter.recipient.as_ref().is_none_or(|to| to.key() == user.email.key()));
    Ok(ExportedInvitation { invitation, events, letters })
}

/// An invitation that was reassigned to this user has the address of another person in its timeline.
fn hide_others(event: &mut Event, own: &Email) {
    let change = event.details.pointer_mut("/changes/email").and_then(Value::as_object_mut);
    for address in change.into_iter().flat_map(|change| change.values_mut()) {
        let email = address.as_str().and_then(|text| Email::parse(text).ok());
        if email.is_none_or(|email| email.key() != own.key()) {
            *address = Value::Null;
        }
    }
}

/// Events by the user, and events about them by others.
fn audit_events(connection: &mut AnyConnection, id: UserId) -> Result<Vec<StoredEvent>, DbFault> {
    let all = AuditFilter { limit: MAX_ITEMS, ..AuditFilter::default() };
    let by = AuditFilter { actor: Some(id.to_string()), ..all.clone() };
    let about = AuditFilter { object: Some(id.to_string()), ..all };
    let mut events = audit::list(connection, &by)?;
    events.extend(audit::list(connection, &about)?);
    events.sort_by(|one, other| other.event.id.as_str().cmp(one.event.id.as_str()));
    events.dedup_by(|one, other| one.event.id == other.event.id);
    events.truncate(usize::try_from(MAX_ITEMS).unwrap_or(usize::MAX));
    Ok(events)
}
