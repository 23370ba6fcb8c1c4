//! Invites: writes users, accounts, invitations, timeline and letters in one transaction.

pub mod batch;
mod conflicts;
mod named_accounts;
mod owner;
mod sub_account;
mod system_user;

use std::{
    collections::{HashMap, HashSet},
    io,
};

use serde_json::json;

pub(super) use self::conflicts::{find_conflict, replace};
use self::named_accounts::Named;
pub use self::{
    named_accounts::Target, owner::OwnerInvite, sub_account::SubAccountInvite, system_user::SystemUserInvite,
};
use super::{
    ServiceError, Services,
    idempotency::Ticket,
    letter_quota::{Charge, Counts, Payer},
    timeline::entry,
};
use crate::{
    clock::Clock,
    db::{
        Db, DbFault, Tx,
        accounts::{self, NewAccount},
        invitations::{self, Pending, PendingKey},
        letters::outbox::{LetterState, NewLetter},
        pool::group_commit::GroupCommit,
        users::{self, InsertedOrLocked, NewUser, memberships},
    },
    domain::{
        actor::Actor,
        email::Email,
        event::EventType,
        ids::{InvitationId, UserId},
        invitation::{
            Delivery, DeliveryMethod, DeliveryState, Invitation, InvitationKind, InvitationState, InvitedTo,
        },
        letter_quota::{LetterLimits, LettersSpent, QuotaStatus},
        locale::Locale,
        role::Roles,
        visibility::Visibility,
    },
};

/// An invitation to be created if there is no conflict, with its new account if any.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The invitation. The user's id is that of a new user until the user is looked up.
    pub invitation: Invitation,
    /// The new account, unless the invitation is to an existing one.
    pub account: Option<NewAccount>,
    /// Who is charged for its letter.
    pub payer: Payer,
}

impl Draft {
    fn new(actor: &Actor, invitation: Invitation, account: Option<NewAccount>) -> Self {
        let payer = Payer::of(actor, &invitation);
        Self { invitation, account, payer }
    }

    /// The charge for its letter; `None` where the link is handed over to the inviter.
    fn charge(&self) -> Option<Charge> {
        let is_mailed = self.invitation.delivery.state != DeliveryState::HandedOver;
        is_mailed.then(|| Charge::new(&self.invitation.email, self.payer.clone()))
    }
}

/// The invitation, and the remaining quotas to which its letter counts.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The invitation.
    pub invitation: Invitation,
    /// The remaining quotas; empty where no letter was sent, or letters are not counted.
    pub quota_statuses: Vec<QuotaStatus>,
}

/// The outcome of one invite among many.
#[derive(Debug)]
pub enum Outcome {
    /// Created, with its letter in the outbox. The quotas to which it counts.
    Invited(Box<Invitation>, Vec<QuotaStatus>),
    /// The quota of the mailbox, the account or the caller is exhausted.
    LettersSpent(LettersSpent),
    /// Refused: this pending invitation exists.
    Pending(InvitationId),
    /// Refused: the person is a system user already.
    AlreadySystemUser,
    /// Refused: the person owns a top-level account already.
    AlreadyAccountOwner,
    /// Refused: the person is a member of the account, or of one below the parent, already.
    AlreadyMember,
}

/// An invite of one person.
#[derive(Debug, Clone)]
pub enum Invite {
    /// To become a system user.
    SystemUser(SystemUserInvite),
    /// To become the owner of an account.
    AccountOwner(OwnerInvite),
    /// To a sub-account of a business customer.
    SubAccount(SubAccountInvite),
}

impl Invite {
    /// The account that it names.
    fn target(&self) -> Option<Target> {
        match self {
            Self::SystemUser(_) => None,
            Self::AccountOwner(invite) => invite.account_id.map(Target::Id),
            Self::SubAccount(invite) => Some(invite.parent.clone()),
        }
    }
}

/// Whether the caller may invite at all.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub fn may_invite(actor: &Actor) -> Result<(), ServiceError> {
    if Visibility::inviting(actor).is_empty() {
        Err(ServiceError::Forbidden("system_users:invite or customers:invite"))
    } else {
        Ok(())
    }
}

/// Checks each invite against the caller's permissions and the accounts that it names, and drafts those that
/// pass.
///
/// Refusals are [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`],
/// [`ServiceError::AccountNotFound`], [`ServiceError::AmbiguousAccount`], [`ServiceError::ParentNotBusiness`]
/// and [`ServiceError::ParentNotActive`].
///
/// # Errors
/// Only when the database fails.
pub async fn drafts(
    services: &Services,
    actor: &Actor,
    invites: Vec<Invite>,
) -> Result<Vec<Result<Draft, ServiceError>>, DbFault> {
    let named = Named::look_up(services, actor, invites.iter().filter_map(Invite::target)).await?;
    let draft = |invite| match invite {
        Invite::SystemUser(invite) => system_user::draft(services, actor, invite),
        Invite::AccountOwner(invite) => owner::draft(services, actor, invite, &named),
        Invite::SubAccount(invite) => sub_account::draft(services, actor, invite, &named),
    };
    Ok(invites.into_iter().map(draft).collect())
}

/// Whether the caller has the permission for each of these, regardless of other refusals: checked for a retry
/// before the answer of the first request is replayed.
///
/// Refusals are [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] and
/// [`ServiceError::AccountNotFound`].
///
/// # Errors
/// Only when the database fails.
pub async fn authorise(
    services: &Services,
    actor: &Actor,
    invites: Vec<Invite>,
) -> Result<Vec<Result<(), ServiceError>>, ServiceError> {
    Ok(drafts(services, actor, invites).await?.into_iter().map(ServiceError::authority).collect())
}

/// The fields that every draft shares.
fn invitation(
    services: &Services,
    actor: &Actor,
    (kind, email, locale): (InvitationKind, Email, Option<Locale>),
    roles: Roles,
    account: Option<InvitedTo>,
) -> Invitation {
    let now = services.clock.now();
    Invitation {
        id: services.clock.id(),
        kind,
        user_id: services.clock.id(),
        email,
        roles,
        locale,
        invited_by: actor.who.clone(),
        state: InvitationState::Pending,
        generation: 1,
        send_count: 1,
        created_at: now,
        last_sent_at: now,
        expires_at: services.rules.link_lifetime.expires_at(now),
        activated_at: None,
        revoked_at: None,
        delivery: Delivery::queued(),
        account,
    }
}

/// Invites one person.
///
/// # Errors
/// Those of [`drafts`]; [`ServiceError::InvitationPending`], [`ServiceError::AlreadySystemUser`],
/// [`ServiceError::AlreadyAccountOwner`], [`ServiceError::AlreadyMember`], [`ServiceError::LettersSpent`].
pub async fn one(
    services: &Services,
    actor: &Actor,
    (invite, way): (Invite, DeliveryMethod),
    ticket: Option<Ticket>,
) -> Result<Sent, ServiceError> {
    let none = || ServiceError::Defect("an invite had no outcome".to_owned());
    let mut draft = drafts(services, actor, vec![invite]).await?.pop().ok_or_else(none)??;
    draft.invitation.delivery = Delivery::by(way);
    let invited = services.invites.run((draft, ticket)).await?.into_result()?;
    services.outbox_wakeup.notify_one();
    Ok(invited)
}

/// The queue of single invites, each with its idempotency key if any.
pub type Queue = GroupCommit<(Draft, Option<Ticket>), Outcome, DbFault>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(db: &Db, clock: &Clock, limits: LetterLimits, most: usize) -> io::Result<Queue> {
    let clock = clock.clone();
    GroupCommit::writing(db, "invites", most, move |tx, items: &[(Draft, Option<Ticket>)]| {
        let drafts: Vec<&Draft> = items.iter().map(|(draft, _)| draft).collect();
        let outcomes = invite_many(&clock, &limits, tx, &drafts)?;
        for ((_, ticket), outcome) in items.iter().zip(&outcomes) {
            if let (Some(ticket), Outcome::Invited(invitation, _)) = (ticket, outcome) {
                ticket.store(tx, invitation)?;
            }
        }
        Ok(outcomes)
    })
}

impl Outcome {
    /// The invitation, or the refusal.
    ///
    /// # Errors
    /// As [`one`].
    pub fn into_result(self) -> Result<Sent, ServiceError> {
        match self {
            Self::Invited(invitation, quota_statuses) => Ok(Sent { invitation: *invitation, quota_statuses }),
            Self::LettersSpent(spent) => Err(ServiceError::LettersSpent(spent)),
            Self::Pending(id) => Err(ServiceError::InvitationPending(id)),
            Self::AlreadySystemUser => Err(ServiceError::AlreadySystemUser),
            Self::AlreadyAccountOwner => Err(ServiceError::AlreadyAccountOwner),
            Self::AlreadyMember => Err(ServiceError::AlreadyMember),
        }
    }
}

/// Invites many people, each decided on its own, with results in the order of the input.
///
/// The users' rows are locked first, so that concurrent transactions which invite, activate or revoke the
/// same users wait.
///
/// # Errors
/// Only when the database fails; then the transaction is rolled back.
pub fn invite_many(
    clock: &Clock,
    limits: &LetterLimits,
    tx: &mut Tx<'_>,
    drafts: &[&Draft],
) -> Result<Vec<Outcome>, DbFault> {
    let people: Vec<NewUser> = drafts
        .iter()
        .map(|Draft { invitation, .. }| NewUser {
            id: invitation.user_id,
            email: invitation.email.clone(),
            at: invitation.created_at,
        })
        .collect();
    let InsertedOrLocked { people: users, known } = users::insert_or_lock(tx, &people)?;
    let (mut members, mut pending) = (HashMap::new(), Vec::new());
    // New users have no memberships and no invitations.
    if !known.is_empty() {
        let ids: Vec<UserId> = known.iter().filter_map(|key| users.get(key)).map(|user| user.id).collect();
        members = memberships::places(tx.reading(), &ids)?;
        pending = invitations::pending(tx.reading(), &known.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let charges: Vec<Charge> = drafts.iter().filter_map(|draft| draft.charge()).collect();
    let mut counts = Counts::lock(tx, limits, &charges, clock.now())?;
    let mut live: HashMap<PendingKey, Pending> =
        pending.into_iter().map(|one| (one.key.clone(), one)).collect();
    let (mut outcomes, mut made, mut replaced) = (Vec::with_capacity(drafts.len()), Vec::new(), Vec::new());
    for draft in drafts {
        let key = draft.invitation.email.key();
        let user =
            users.get(key).ok_or_else(|| DbFault::Other("an entered user was not found".to_owned()))?;
        let member = members.get(&user.id).map_or(&[][..], Vec::as_slice);
        let key = PendingKey::of(&draft.invitation);
        let invitation = &draft.invitation;
        let outcome = find_conflict(user, member, live.get(&key), invitation, invitation.created_at);
        let outcome = charge_quota(outcome, draft, &mut counts);
        if let Outcome::Invited(invitation, _) = &outcome {
            replaced.extend(live.insert(key.clone(), pending_of(key, invitation)));
            made.push((invitation.as_ref().clone(), draft.account.clone()));
        }
        outcomes.push(outcome);
    }
    counts.write(tx)?;
    // A user who was inserted for a refused letter is deleted again.
    let invited: HashSet<UserId> = made.iter().map(|(invitation, _)| invitation.user_id).collect();
    let strangers = users.iter().filter(|(key, user)| !invited.contains(&user.id) && !known.contains(key));
    users::remove_entered(tx, &strangers.map(|(_, user)| user.id).collect::<Vec<_>>())?;
    replace(tx, &replaced, clock.now())?;
    write(clock, tx, &made)?;
    Ok(outcomes)
}

/// Counts the letter of an invite without conflicts.
fn charge_quota(outcome: Outcome, draft: &Draft, counts: &mut Counts) -> Outcome {
    match (outcome, draft.charge()) {
        (Outcome::Invited(invitation, _), Some(charge)) => match counts.take(&charge) {
            Ok(quota_statuses) => Outcome::Invited(invitation, quota_statuses),
            Err(spent) => Outcome::LettersSpent(spent),
        },
        (outcome, _) => outcome,
    }
}

fn pending_of(key: PendingKey, made: &Invitation) -> Pending {
    let account = made.account.as_ref().map(|account| account.id);
    Pending { key, id: made.id, generation: made.generation, expires_at: made.expires_at, account }
}

fn write(clock: &Clock, tx: &mut Tx<'_>, made: &[(Invitation, Option<NewAccount>)]) -> Result<(), DbFault> {
    if made.is_empty() {
        return Ok(());
    }
    let new: Vec<&NewAccount> = made.iter().filter_map(|(_, account)| account.as_ref()).collect();
    accounts::insert(tx, &new)?;
    let made: Vec<&Invitation> = made.iter().map(|(invitation, _)| invitation).collect();
    let handed_over = |one: &Invitation| one.delivery.state == DeliveryState::HandedOver;
    let letter = |one: &&Invitation| NewLetter {
        state: if handed_over(one) { LetterState::HandedOver } else { LetterState::Queued },
        ..NewLetter::of(clock.id(), one, one.created_at)
    };
    let letters: Vec<NewLetter> = made.iter().map(letter).collect();
    let timeline = made.iter().flat_map(|one| {
        let entry =
            |event, details| entry(clock, one.id, (event, one.created_at), one.invited_by.clone(), details);
        let details = match &one.account {
            None => json!({ "roles": one.roles.names() }),
            Some(account) => json!({ "account_id": account.id, "roles": one.role_names() }),
        };
        let way = if handed_over(one) { EventType::LinkHandedOver } else { EventType::EmailQueued };
        [entry(EventType::Created, details), entry(way, json!({ "send_count": one.send_count }))]
    });
    invitations::insert(tx, &made, &letters, &timeline.collect::<Vec<_>>())
}
