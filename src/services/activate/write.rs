//! Writing activations down: those that arrive together in one transaction, each decided on its own.

use std::io;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Activated, Answer};
use crate::{
    clock::Clock,
    db::{
        Db, Tx,
        accounts::{self, ActivatedAccountData},
        invitations::{self, timeline},
        letters::outbox,
        pool::group_commit::GroupCommit,
        users::{
            self,
            credentials::{self, Credentials},
            memberships,
        },
    },
    domain::{
        account::{Account, AccountName},
        activation::{ActivationPath, Person, Requires},
        actor::{ActorKind, ActorRef},
        event::EventType,
        ids::UserId,
        invitation::{DeadLink, Invitation},
        person::PersonName,
        token::LinkClaim,
        user::{Membership, User, UserStatus},
        visibility::Visibility,
    },
    services::{ServiceError, preview::Preview, timeline::entry},
};

/// An answer that was found good, and what it was decided by.
#[derive(Debug)]
pub struct Attempt {
    pub(super) claim: LinkClaim,
    pub(super) seen: Preview,
    pub(super) answer: Answer,
    pub(super) secret: Secret,
}

/// What a password has come to.
#[derive(Debug)]
pub(super) enum Secret {
    /// None was asked for.
    None,
    /// One was chosen: its hash.
    Chosen(String),
    /// The person proved who they are, by the password of which this hash was stored or by a token that was
    /// got with it.
    Matched(String),
}

/// Activations that arrive together.
pub type Queue = GroupCommit<Attempt, Result<Activated, ServiceError>, ServiceError>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system gives no thread.
pub fn queue(db: &Db, clock: &Clock, most: usize) -> io::Result<Queue> {
    let clock = clock.clone();
    GroupCommit::writing(db, "activations", most, move |tx, attempts| activate_many(&clock, tx, attempts))
}

/// Activates many, each decided on its own and answered in the order given.
fn activate_many(
    clock: &Clock,
    tx: &mut Tx<'_>,
    attempts: &[Attempt],
) -> Result<Vec<Result<Activated, ServiceError>>, ServiceError> {
    let people: Vec<UserId> = attempts.iter().map(|attempt| attempt.seen.invitation.user_id).collect();
    // Until the transaction ends nobody else changes their invitations.
    users::lock_many(tx, &people)?;
    let now = clock.now();
    let activate = |attempt: &Attempt| match admit(tx, attempt, now)? {
        Ok(admitted) => Ok(Ok(perform(clock, tx, attempt, admitted, now)?)),
        Err(refusal) => Ok(Err(refusal)),
    };
    attempts.iter().map(activate).collect()
}

/// Whom and what a link brings to life.
struct Admitted {
    invitation: Invitation,
    user: User,
    account: Option<Account>,
}

/// Judges once more, by what is true while the person's row is locked. The inner error is the refusal of this
/// one; nothing has been written yet, so that its neighbours go on.
fn admit(
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    now: DateTime<Utc>,
) -> Result<Result<Admitted, ServiceError>, ServiceError> {
    let Attempt { claim, seen, secret, .. } = attempt;
    let Some(invitation) = invitations::get(tx.reading(), claim.invitation, Visibility::everything())? else {
        return Ok(Err(ServiceError::InvalidLink));
    };
    if let Err(dead) = invitation.check_link(claim.generation, now) {
        return Ok(Err(dead.into()));
    }
    let Some(user) = users::get(tx.reading(), invitation.user_id, Visibility::everything())? else {
        return Ok(Err(ServiceError::InvalidLink));
    };
    let account = account_of(tx, &invitation)?;
    let Credentials { password_hash, is_proven } = match user.status {
        UserStatus::Invited => Credentials::default(),
        UserStatus::Active | UserStatus::Blocked => credentials::of(tx.reading(), user.id)?,
    };
    let person = Person { status: user.status, is_proven };
    let requires = Requires::of(&invitation, person, account.as_ref().map(|account| account.status));
    if (person, requires) != (seen.person, seen.requires) {
        return Ok(Err(ServiceError::Changed));
    }
    let path = ActivationPath::of(&invitation, person);
    match secret {
        Secret::Matched(hash) if password_hash.as_ref() != Some(hash) => {
            return Ok(Err(ServiceError::Changed));
        }
        // What was accepted without a proof is not let through here, whatever was forgotten there.
        Secret::None | Secret::Chosen(_) if path == ActivationPath::ProofRequired => {
            return Ok(Err(ServiceError::Changed));
        }
        _ => {}
    }
    // The guarded update decides, whatever was read before.
    if !invitations::activate(tx, (invitation.id, claim.generation), now)? {
        return Ok(Err(DeadLink::Used.into()));
    }
    Ok(Ok(Admitted { invitation, user, account }))
}

fn perform(
    clock: &Clock,
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    Admitted { invitation, user, account }: Admitted,
    now: DateTime<Utc>,
) -> Result<Activated, ServiceError> {
    let answer = &attempt.answer;
    let find = |tx: &mut Tx<'_>| users::get(tx.reading(), invitation.user_id, Visibility::everything());
    let chosen = if let Secret::Chosen(hash) = &attempt.secret { Some(hash) } else { None };
    if let Some(hash) = chosen {
        choose_credentials(tx, &invitation, &user, answer, (hash, now))?;
    }
    users::grant(tx, user.id, &invitation.roles)?;
    if let (Some(target), Some(account)) = (&invitation.account, &account) {
        let user = find(tx)?.ok_or(ServiceError::InvalidLink)?;
        accounts::activate(tx, account.id, &life(account, &user, answer)?)?;
        memberships::add(tx, user.id, account.id, target.role, now)?;
    }
    if outbox::settle(tx, (invitation.id, attempt.claim.generation), now)? {
        // Whoever has the link has had the letter, though its sender has not come back yet, or never will.
        let details = json!({ "inferred": "the link was used" });
        let sent = entry(clock, invitation.id, (EventType::EmailSent, now), ActorRef::system(), details);
        timeline::insert(tx, &[sent])?;
    }
    let has_taken_over = chosen.is_some() && user.status != UserStatus::Invited;
    let user = find(tx)?.ok_or(ServiceError::InvalidLink)?;
    let is_proven = invitation.is_mailed() || matches!(attempt.secret, Secret::Matched(_));
    let who = if is_proven { person(&user) } else { ActorRef::link() };
    timeline::insert(tx, &[entry(clock, invitation.id, (EventType::Activated, now), who, json!({}))])?;
    let (user, elsewhere) = as_given(user, &invitation, is_proven);
    let inherited = if has_taken_over { elsewhere } else { Vec::new() };
    Ok(Activated { account: account_of(tx, &invitation)?, user, chose_password: chosen.is_some(), inherited })
}

/// Stores a password that was chosen, with the names beside it.
fn choose_credentials(
    tx: &mut Tx<'_>,
    invitation: &Invitation,
    user: &User,
    answer: &Answer,
    (hash, now): (&str, DateTime<Utc>),
) -> Result<(), ServiceError> {
    let name =
        |name: &Option<PersonName>| name.as_ref().map_or(String::new(), |name| name.as_str().to_owned());
    let (first, last) = (name(&answer.first_name), name(&answer.last_name));
    let is_set = match user.status {
        UserStatus::Invited => {
            users::activate(tx, (user.id, invitation.is_mailed()), (&first, &last), hash, now)?
        }
        // Somebody else may have chosen the password that they have: it works no more.
        UserStatus::Active | UserStatus::Blocked => {
            credentials::replace(tx, user.id, (&first, &last), hash, now)?
        }
    };
    let refused =
        || ServiceError::Defect("a password was chosen for somebody who may choose none".to_owned());
    if is_set { Ok(()) } else { Err(refused()) }
}

/// The person as this invitation made them, and their memberships elsewhere. Of somebody whom nobody has
/// proved to be there, the answer holds what was typed, and the time of this invitation: it may be its
/// inviter who reads it.
fn as_given(user: User, invitation: &Invitation, is_proven: bool) -> (User, Vec<Membership>) {
    let account = invitation.account.as_ref().map(|account| account.id);
    let (memberships, elsewhere) =
        user.memberships.into_iter().partition(|one| Some(one.account_id) == account);
    let created_at = if is_proven { user.created_at } else { Some(invitation.created_at) };
    let email = if is_proven { user.email } else { invitation.email.clone() };
    let system_roles = invitation.roles.clone();
    (User { email, system_roles, memberships, created_at, pending_invitation_id: None, ..user }, elsewhere)
}

fn person(user: &User) -> ActorRef {
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: full_name(user) }
}

fn account_of(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<Option<Account>, ServiceError> {
    match &invitation.account {
        Some(target) => Ok(accounts::get(tx.reading(), target.id, &Visibility::everything())?),
        None => Ok(None),
    }
}

/// What the account becomes: what the inviter said, what the person said, and where neither did, the person's
/// own name.
fn life(account: &Account, user: &User, answer: &Answer) -> Result<ActivatedAccountData, ServiceError> {
    let given = account.name.as_deref().and_then(|name| AccountName::parse(name).ok());
    let own =
        || AccountName::parse(&full_name(user)).or_else(|_| AccountName::parse(user.email.as_str())).ok();
    let name = given.or_else(|| answer.account_name.clone()).or_else(own);
    let account_type = account.account_type.or(answer.account_type);
    match (name, account_type) {
        (Some(name), Some(account_type)) => {
            Ok(ActivatedAccountData { name, account_type, company: answer.company.clone() })
        }
        _ => Err(ServiceError::Defect("an activation was let through without a name or a type".to_owned())),
    }
}

fn full_name(user: &User) -> String {
    let names = [&user.first_name, &user.last_name].into_iter().flatten();
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}
