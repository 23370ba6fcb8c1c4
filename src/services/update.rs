//! Changing an invitation that awaits an answer: where it goes, and what it leads to.
//!
//! A new address is another person: the old link dies and a letter with a new one goes there. So does one
//! when a link that was handed over would lead to further roles. Whatever else changes is shown by the page
//! and by letters that are still to be written; those that were sent are not sent again.

mod cooldown;
mod diff;
mod reassign;

use serde_json::{Map, Value, json};

use self::diff::Plan;
use super::{
    ServiceError, Services,
    invite::Sent,
    letter_quota::{Charge, Counts, Payer},
    resend::{MOVED, authorise, awaits_answer, fresh},
    timeline::USER_REMOVED,
};
use crate::{
    db::{
        Tx,
        invitations::{self, timeline, update},
        letters::outbox::{self, NewLetter},
        users,
    },
    domain::{
        account::AccountName,
        actor::Actor,
        email::Email,
        event::EventType,
        field_error::Faults,
        ids::InvitationId,
        invitation::{DeliveryState, Invitation},
        letter_quota::Standing,
        locale::Locale,
        patch::Change,
        reimbursement::Rate,
        revision::Revision,
        role::{Role, Roles},
        visibility::Visibility,
    },
};

/// What is to change: a merge patch (RFC 7396) of the members that an invite has.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    /// Where the letters go.
    pub email: Option<Email>,
    /// The roles of a system user, all of them.
    pub roles: Option<Roles>,
    /// The language of letters and page.
    pub locale: Change<Locale>,
    /// The name of the account that was made for the invitation.
    pub account_name: Change<AccountName>,
    /// EUR per kWh for private charging, of a sub-account.
    pub rate: Change<Rate>,
    /// What is faulty so far: told together with what this kind of invitation has not.
    pub faults: Faults,
}

impl Patch {
    /// The address that takes the invitation to another mailbox; none for the same one in another form.
    fn elsewhere(&self, invitation: &Invitation) -> Option<&Email> {
        self.email.as_ref().filter(|email| email.key() != invitation.email.key())
    }
}

/// Which state of the invitation a change is meant for.
#[derive(Debug, Clone)]
pub enum Condition {
    /// The caller did not say, and so may undo what they have not seen.
    Absent,
    /// Whichever it is in.
    Any,
    /// One of these revisions; of none, when the caller named states as none is named.
    OneOf(Vec<String>),
}

impl Condition {
    fn check_cooldown(&self, invitation: &Invitation) -> Result<(), ServiceError> {
        let current = Revision::of(invitation);
        match self {
            Self::Absent => Err(ServiceError::PreconditionRequired),
            Self::Any => Ok(()),
            Self::OneOf(seen) if seen.iter().any(|one| one == current.as_str()) => Ok(()),
            Self::OneOf(seen) if seen.is_empty() => Err(ServiceError::PreconditionMalformed(current)),
            Self::OneOf(_) => Err(ServiceError::PreconditionFailed(current)),
        }
    }
}

/// Changes an invitation that awaits an answer, expired or not. What is so already is left alone.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] for roles that
/// it has or would have, [`ServiceError::NotPending`], [`ServiceError::PreconditionRequired`],
/// [`ServiceError::PreconditionFailed`], [`ServiceError::PreconditionMalformed`], [`ServiceError::Invalid`];
/// [`ServiceError::InvitationPending`] when a newer invitation took its place; [`ServiceError::MovedTooSoon`]
/// for another address, a moment after the one before. At a new address, what an invite meets there:
/// [`ServiceError::InvitationPending`], [`ServiceError::AlreadySystemUser`],
/// [`ServiceError::AlreadyAccountOwner`], [`ServiceError::AlreadyMember`]. Where a letter goes out,
/// [`ServiceError::LettersSpent`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    condition: Condition,
    patch: Patch,
) -> Result<Sent, ServiceError> {
    let (writer, actor) = (services.clone(), actor.clone());
    let (amended, sent) =
        services.db.write(move |tx| amend(&writer, tx, &actor, id, (&condition, &patch))).await?;
    if sent {
        services.outbox_wakeup.notify_one();
    }
    Ok(amended)
}

/// The invitation afterwards, and whether a letter goes out.
fn amend(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: InvitationId,
    asked: (&Condition, &Patch),
) -> Result<(Sent, bool), ServiceError> {
    let (_, patch) = asked;
    update::lock_invitation(tx, id)?;
    let seen =
        invitations::get(tx.reading(), id, Visibility::acting(actor))?.ok_or(ServiceError::NotFound)?;
    // Before anybody is locked or entered for it, and once more behind the lock.
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
    let Plan { mut new, changes } = diff::of(&old, patch);
    if changes.is_empty() {
        return Ok((Sent { invitation: old, standings: Vec::new() }, false));
    }
    let sent = recipient.is_some() || outgrows_its_link(&old, &new);
    if let Some(recipient) = &recipient {
        new = reassign::take_over(services, tx, recipient, &new)?;
    } else if sent {
        new = fresh(services, &new, services.clock.now());
    }
    let standings = if sent { count(services, tx, actor, &new)? } else { Vec::new() };
    write(services, tx, actor, (&old, &new, patch), &changes)?;
    let invitation =
        invitations::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    Ok((Sent { invitation, standings }, sent))
}

/// Counts the letter that goes out.
fn count(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    new: &Invitation,
) -> Result<Vec<Standing>, ServiceError> {
    let charge = Charge::new(&new.email, Payer::of(actor, new));
    let mut counts =
        Counts::lock(tx, &services.rules.letters, std::slice::from_ref(&charge), services.clock.now())?;
    let standings = counts.take(&charge).map_err(ServiceError::LettersSpent)?;
    counts.write(tx)?;
    Ok(standings)
}

/// Whether the invitation would lead to more than its link was handed over for: whoever was given that link
/// may have kept it, and perhaps could not have given as much themselves.
fn outgrows_its_link(old: &Invitation, new: &Invitation) -> bool {
    let given: Vec<Role> = old.roles.iter().collect();
    old.delivery.state == DeliveryState::HandedOver && new.roles.iter().any(|role| !given.contains(&role))
}

/// Whether this caller may change this invitation in this way, whatever else stands in the way.
fn admit(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    one: &Invitation,
    (condition, patch): (&Condition, &Patch),
) -> Result<(), ServiceError> {
    authorise(tx.reading(), actor, &[one])?.into_iter().collect::<Result<(), _>>()?;
    awaits_answer(tx, one)?;
    condition.check_cooldown(one)?;
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
    // The guarded update decides, whatever was read before.
    if !update::invitation(tx, (old.id, old.generation), new)? {
        return Err(ServiceError::NotPending);
    }
    if let Some(account) = new.account.as_ref().filter(|_| new.account != old.account)
        && !update::account(tx, account.id, &patch.account_name, &patch.rate)?
    {
        return Err(ServiceError::NotPending);
    }
    let mut details = json!({ "changes": changes });
    let entry = |event, details| services.event(old.id, event, now, actor.who.clone(), details);
    if new.user_id == old.user_id && new.email != old.email {
        update::update_email_spelling(tx, new.user_id, &new.email)?;
    }
    if new.generation == old.generation {
        timeline::insert(tx, &[entry(EventType::Updated, details)])?;
        return Ok(());
    }
    outbox::withdraw(tx, old.id)?;
    outbox::insert(tx, &[NewLetter::of(services.clock.id(), new, now)])?;
    if new.user_id != old.user_id {
        details[USER_REMOVED] = users::remove_if_orphaned(tx, old.user_id, now)?.into();
    }
    let queued = json!({ "send_count": new.send_count });
    timeline::insert(tx, &[entry(EventType::Updated, details), entry(EventType::EmailQueued, queued)])?;
    Ok(())
}
