//! Updates a pending invitation: its address, and what it grants.
//!
//! A new address is another person: the old link becomes invalid and a letter with a new one is sent there. A
//! new link is also sent when a link that was handed over to its inviter would grant further roles. Any other
//! change appears on the page and in letters that are still to be written; sent letters are not sent again.

mod cooldown;
mod diff;
mod patch;
mod reassign;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use self::diff::Plan;
pub use self::patch::Patch;
use super::{
    CurrentState, ServiceError, Services,
    invite::Sent,
    letter_quota::{Charge, Counts, Payer},
    resend::{MOVED, authorise, awaits_answer, fresh},
    timeline::USER_REMOVED,
};
use crate::{
    db::{
        Guarded, Tx,
        invitations::{
            self, timeline,
            update::{self, NewRecipient},
        },
        letters::outbox::{self, NewLetter},
        users, webhooks,
    },
    domain::{
        actor::Actor,
        event::EventType,
        ids::InvitationId,
        invitation::{DeliveryState, Invitation},
        letter_quota::QuotaStatus,
        revision::Revision,
        role::Role,
        visibility::Visibility,
    },
};

/// The version of the invitation to which a change applies.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The caller did not say, and might undo changes that they have not seen.
    Absent,
    /// Any version.
    Any,
    /// One of these revisions.
    OneOf(Vec<String>),
    /// The caller named no version that could match.
    Never(NoMatch),
}

/// Why a condition can match no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoMatch {
    /// It has weak tags and no strong one.
    Weak,
    /// It has no entity tag.
    Malformed,
}

impl Condition {
    fn check(&self, invitation: &Invitation, at: DateTime<Utc>) -> Result<(), ServiceError> {
        let revision = Revision::of(invitation);
        let current = || Box::new(CurrentState { invitation: invitation.clone(), at });
        match self {
            Self::Absent => Err(ServiceError::PreconditionRequired),
            Self::Any => Ok(()),
            Self::OneOf(seen) if seen.iter().any(|one| one == revision.as_str()) => Ok(()),
            Self::Never(NoMatch::Malformed) => Err(ServiceError::PreconditionMalformed(current())),
            Self::Never(NoMatch::Weak) => Err(ServiceError::PreconditionWeak(current())),
            Self::OneOf(_) => Err(ServiceError::PreconditionFailed(current())),
        }
    }
}

/// Updates a pending invitation, expired or not. Values that do not change are ignored.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] for its
/// present or new roles, [`ServiceError::NotPending`], [`ServiceError::PreconditionRequired`],
/// [`ServiceError::PreconditionFailed`], [`ServiceError::PreconditionMalformed`], [`ServiceError::Invalid`];
/// [`ServiceError::InvitationPending`] when a newer invitation replaced it; [`ServiceError::MovedTooSoon`]
/// for another address within the cooldown after the last one. For a new address, the conflicts of an invite:
/// [`ServiceError::InvitationPending`], [`ServiceError::AlreadySystemUser`],
/// [`ServiceError::AlreadyAccountOwner`], [`ServiceError::AlreadyMember`]. Where a letter is sent,
/// [`ServiceError::LettersSpent`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    condition: Condition,
    patch: Patch,
) -> Result<Sent, ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    let (updated, letter) =
        services.db.write(move |tx| apply(&writer, tx, &actor, id, (&condition, &patch))).await?;
    if letter == NewLink::Mailed {
        services.outbox_wakeup.notify_one();
    }
    Ok(updated)
}

/// Whether a change invalidates the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NewLink {
    /// A letter with a new link is queued.
    Mailed,
    /// The link stays as it is.
    Unneeded,
}

/// The invitation afterwards, and whether a letter is sent.
fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: InvitationId,
    asked: (&Condition, &Patch),
) -> Result<(Sent, NewLink), ServiceError> {
    let (_, patch) = asked;
    let (old, recipient) = lock(services, tx, actor, id, asked)?;
    let Plan { mut new, changes } = diff::of(&old, patch);
    if changes.is_empty() {
        return Ok((Sent { invitation: old, quota_statuses: Vec::new() }, NewLink::Unneeded));
    }
    let link = if recipient.is_some() || exceeds_link_roles(&old, &new) {
        NewLink::Mailed
    } else {
        NewLink::Unneeded
    };
    if let Some(recipient) = &recipient {
        new = reassign::take_over(services, tx, (recipient, actor), &new)?;
    } else if link == NewLink::Mailed {
        new = fresh(services, &new, services.clock.now());
    }
    let quota_statuses = match link {
        NewLink::Mailed => count(services, tx, actor, &new)?,
        NewLink::Unneeded => Vec::new(),
    };
    write(services, tx, actor, (&old, &new, patch), &changes)?;
    let invitation =
        invitations::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    Ok((Sent { invitation, quota_statuses }, link))
}

/// Locks the invitation and its person; the new recipient, where the address is another's. Returns the
/// invitation as it is behind the locks, to which the change may be made.
fn lock(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: InvitationId,
    asked: (&Condition, &Patch),
) -> Result<(Invitation, Option<NewRecipient>), ServiceError> {
    let (_, patch) = asked;
    update::lock_invitation(tx, id)?;
    let seen =
        invitations::get(tx.reading(), id, Visibility::acting(actor))?.ok_or(ServiceError::NotFound)?;
    // Checked before any user is locked or inserted for it, and again after the lock.
    admit(services, tx, actor, &seen, asked)?;
    let elsewhere = patch.elsewhere(&seen);
    let recipient = elsewhere.map(|email| reassign::lock(services, tx, &seen, email)).transpose()?;
    if recipient.is_none() {
        users::lock(tx, seen.user_id)?;
    }
    let old = invitations::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    if old.user_id != seen.user_id {
        return Err(MOVED.into());
    }
    admit(services, tx, actor, &old, asked)?;
    Ok((old, recipient))
}

/// Counts the letter.
fn count(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    new: &Invitation,
) -> Result<Vec<QuotaStatus>, ServiceError> {
    let charge = Charge::new(&new.email, Payer::of(actor, new));
    let mut counts =
        Counts::lock(tx, &services.rules.letters, std::slice::from_ref(&charge), services.clock.now())?;
    let quota_statuses = counts.take(&charge).map_err(ServiceError::LettersSpent)?;
    counts.write(tx)?;
    Ok(quota_statuses)
}

/// Whether the invitation would grant more than when its link was returned: the inviter may have kept the
/// link, and may lack the permission to grant as much.
fn exceeds_link_roles(old: &Invitation, new: &Invitation) -> bool {
    let given: Vec<Role> = old.roles.iter().collect();
    old.delivery.state == DeliveryState::HandedOver && new.roles.iter().any(|role| !given.contains(&role))
}

/// Whether this caller may make this change, regardless of conflicts.
fn admit(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    one: &Invitation,
    (condition, patch): (&Condition, &Patch),
) -> Result<(), ServiceError> {
    authorise(tx.reading(), actor, &[one])?.into_iter().collect::<Result<(), _>>()?;
    awaits_answer(tx, one)?;
    condition.check(one, services.clock.now())?;
    let faults = diff::faults(one, patch);
    if !faults.is_empty() {
        return Err(ServiceError::Invalid(faults));
    }
    if patch.roles.as_ref().is_some_and(|roles| !actor.may_grant(roles)) {
        return Err(ServiceError::RoleExceedsYours);
    }
    if patch.elsewhere(one).is_some() { cooldown::check_cooldown(services, tx, one.id) } else { Ok(()) }
}

fn write(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (old, new, patch): (&Invitation, &Invitation, &Patch),
    changes: &Map<String, Value>,
) -> Result<(), ServiceError> {
    let now = services.clock.now();
    if new.generation != old.generation && old.expires_at <= now {
        webhooks::settle_expired(tx, &[old.id], now)?;
    }
    update_rows(tx, (old, new, patch))?;
    let mut details = json!({ "changes": changes });
    let entry = |event, details| services.event(old.id, event, now, actor.who.clone(), details);
    if new.generation == old.generation {
        timeline::insert(tx, &[entry(EventType::Updated, details)])?;
        return Ok(());
    }
    outbox::withdraw(tx, old.id)?;
    outbox::insert(tx, &[NewLetter::of(services.clock.id(), new, now)])?;
    if new.user_id != old.user_id {
        details[USER_REMOVED] = users::remove_if_orphaned(tx, old.user_id, now)?.is_removed().into();
    }
    let queued = json!({ "send_count": new.send_count });
    timeline::insert(tx, &[entry(EventType::Updated, details), entry(EventType::EmailQueued, queued)])?;
    Ok(())
}

/// Updates the invitation, its account, and the spelling of the person's address.
fn update_rows(
    tx: &mut Tx<'_>,
    (old, new, patch): (&Invitation, &Invitation, &Patch),
) -> Result<(), ServiceError> {
    // The guarded update decides, since what was read before may be stale.
    if update::invitation(tx, (old.id, old.generation), new)? == Guarded::Stale {
        return Err(ServiceError::NotPending);
    }
    if let Some(account) = new.account.as_ref().filter(|_| new.account != old.account)
        && update::account(tx, account.id, &patch.account_name, &patch.rate)? == Guarded::Stale
    {
        return Err(ServiceError::NotPending);
    }
    if new.user_id == old.user_id && new.email != old.email {
        update::update_email_spelling(tx, new.user_id, &new.email)?;
    }
    Ok(())
}
