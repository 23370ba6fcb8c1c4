//! Writes activations: concurrent ones share a transaction, and each is decided on its own.

use std::io;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::answer::{Activated, Answer};
use crate::{
    clock::Clock,
    db::{
        Db, Guarded, Tx,
        accounts::{self, ActivatedAccountData},
        former_names,
        invitations::{self, timeline},
        letters::outbox::{self, Settled},
        pool::group_commit::GroupCommit,
        users::{
            self,
            credentials::{self, Credentials},
            memberships, profile,
        },
    },
    domain::{
        account::{Account, AccountName},
        activation::{ActivationPath, Person, Requires, SignInWith},
        actor::{ActorKind, ActorRef},
        event::EventType,
        ids::{InvitationId, UserId},
        invitation::{DeadLink, Invitation},
        origin::Origin,
        person::PersonName,
        role::Roles,
        token::LinkClaim,
        user::{Membership, User, UserStatus},
        visibility::Visibility,
    },
    services::{ServiceError, preview::Preview, timeline::entry},
};

/// A validated input, and the state on which it was decided.
#[derive(Debug)]
pub struct Attempt {
    pub(super) claim: LinkClaim,
    pub(super) seen: Preview,
    pub(super) answer: Answer,
    pub(super) secret: Secret,
}

/// The result of checking the password.
#[derive(Debug)]
pub(super) enum Secret {
    /// No password was required.
    None,
    /// A new one was chosen: its hash.
    Chosen(String),
    /// The identity was proved, by the password with this stored hash or by a token that was obtained with
    /// it.
    Matched(String),
}

impl Secret {
    /// Whether it is enough for this path, with the hash that is stored now.
    fn suffices(&self, stored: Option<&String>, path: ActivationPath) -> bool {
        match self {
            Self::Matched(hash) => stored == Some(hash),
            // A second check: a proof is required here, even if an earlier check missed it.
            Self::None | Self::Chosen(_) => path != ActivationPath::ProofRequired,
        }
    }
}

/// The queue of activations.
pub type Queue = GroupCommit<Attempt, Result<Activated, ServiceError>, ServiceError>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system cannot start a thread.
pub fn queue(db: &Db, clock: &Clock, most: usize) -> io::Result<Queue> {
    let clock = clock.clone();
    GroupCommit::writing(db, "activations", most, move |tx, attempts| activate_many(&clock, tx, attempts))
}

/// Activates many, each decided on its own, with results in the order of the input.
fn activate_many(
    clock: &Clock,
    tx: &mut Tx<'_>,
    attempts: &[Attempt],
) -> Result<Vec<Result<Activated, ServiceError>>, ServiceError> {
    for (item, attempt) in attempts.iter().enumerate() {
        tx.trace(item, attempt.claim.invitation);
    }
    let people: Vec<UserId> = attempts.iter().map(|attempt| attempt.seen.invitation.user_id).collect();
    // From here until the end of the transaction no other transaction changes their invitations.
    users::lock_many(tx, &people)?;
    let now = clock.now();
    let activate = |attempt: &Attempt| match admit(tx, attempt, now)? {
        Admission::Granted(admitted) => Ok(Ok(perform(clock, tx, attempt, *admitted, now)?)),
        Admission::Refused(refusal) => Ok(Err(refusal)),
    };
    attempts.iter().map(activate).collect()
}

/// The user and the account to activate.
struct Admitted {
    invitation: Invitation,
    user: User,
    account: Option<Account>,
}

/// Whether an attempt goes through.
enum Admission {
    Granted(Box<Admitted>),
    Refused(ServiceError),
}

/// Checks again, with the user's row locked. A refusal has written nothing, so the other attempts can
/// continue.
fn admit(tx: &mut Tx<'_>, attempt: &Attempt, now: DateTime<Utc>) -> Result<Admission, ServiceError> {
    let Attempt { claim, seen, secret, .. } = attempt;
    let Some(invitation) = invitations::get(tx.reading(), claim.invitation, Visibility::everything())? else {
        return Ok(Admission::Refused(ServiceError::InvalidLink));
    };
    if let Err(dead) = invitation.check_link(claim.generation, now) {
        return Ok(Admission::Refused(dead.into()));
    }
    let Some(user) = users::get(tx.reading(), invitation.user_id, Visibility::everything())? else {
        return Ok(Admission::Refused(ServiceError::InvalidLink));
    };
    if user.status == UserStatus::Blocked {
        return Ok(Admission::Refused(DeadLink::Revoked.into()));
    }
    let account = account_of(tx, &invitation)?;
    let Credentials { password_hash, is_proven } = credentials_of(tx, &user)?;
    let person = Person { status: user.status, is_proven };
    let status = account.as_ref().map(|account| account.status);
    let requires = Requires::of(&invitation, person, status, seen.staff_passwords);
    let path = ActivationPath::of(&invitation, person);
    if (person, requires) != (seen.person, seen.requires) || !secret.suffices(password_hash.as_ref(), path) {
        return Ok(Admission::Refused(ServiceError::Changed));
    }
    // The guarded update decides, since what was read before may be stale.
    if invitations::activate(tx, (invitation.id, claim.generation), now)? == Guarded::Stale {
        return Ok(Admission::Refused(DeadLink::Used.into()));
    }
    Ok(Admission::Granted(Box::new(Admitted { invitation, user, account })))
}

fn credentials_of(tx: &mut Tx<'_>, user: &User) -> Result<Credentials, ServiceError> {
    Ok(match user.status {
        UserStatus::Invited => Credentials::default(),
        UserStatus::Active | UserStatus::Blocked => credentials::of(tx.reading(), user.id)?,
    })
}

fn perform(
    clock: &Clock,
    tx: &mut Tx<'_>,
    attempt: &Attempt,
    Admitted { invitation, user, account }: Admitted,
    now: DateTime<Utc>,
) -> Result<Activated, ServiceError> {
    let answer = &attempt.answer;
    let chosen = if let Secret::Chosen(hash) = &attempt.secret { Some(hash) } else { None };
    if let Some(hash) = chosen {
        choose_credentials(tx, &invitation, &user, answer, (hash, now))?;
    }
    users::grant(tx, user.id, &invitation.roles)?;
    if let Some(account) = &account {
        join_account(tx, &invitation, account, answer, now)?;
    }
    settle_letter(clock, tx, (invitation.id, attempt.claim.generation), now)?;
    let has_taken_over = chosen.is_some() && user.status != UserStatus::Invited;
    let user = invited_user(tx, &invitation)?;
    let is_proven = invitation.is_mailed() || matches!(attempt.secret, Secret::Matched(_));
    let origin = answer.origin.clone();
    let who = if is_proven { person(&user, origin) } else { ActorRef::link(origin) };
    timeline::insert(tx, &[entry(clock, invitation.id, (EventType::Activated, now), who, json!({}))])?;
    let sign_in_with = match chosen {
        _ if !attempt.seen.staff_passwords && !user.system_roles.is_empty() => SignInWith::IdentityProvider,
        Some(_) => SignInWith::NewPassword,
        None => SignInWith::PresentPassword,
    };
    let (user, elsewhere) = as_given(user, &invitation, is_proven);
    let inherited = if has_taken_over { elsewhere } else { Vec::new() };
    let waited = now - invitation.created_at;
    Ok(Activated { account: account_of(tx, &invitation)?, user, sign_in_with, inherited, waited })
}

fn invited_user(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<User, ServiceError> {
    let user = users::get(tx.reading(), invitation.user_id, Visibility::everything())?;
    user.ok_or(ServiceError::InvalidLink)
}

/// Activates the account to which the invitation leads, and makes the user a member.
fn join_account(
    tx: &mut Tx<'_>,
    invitation: &Invitation,
    account: &Account,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    let Some(target) = &invitation.account else { return Ok(()) };
    let user = invited_user(tx, invitation)?;
    // A further owner joins an account that is active already.
    let (Guarded::Applied | Guarded::Stale) =
        accounts::activate(tx, account.id, &life(account, &user, answer)?)?;
    Ok(memberships::add(tx, user.id, account.id, target.role, now)?)
}

/// The use of the link proves that its letter arrived, also where its courier has not recorded it.
fn settle_letter(
    clock: &Clock,
    tx: &mut Tx<'_>,
    (invitation, generation): (InvitationId, i32),
    now: DateTime<Utc>,
) -> Result<(), ServiceError> {
    if outbox::settle_activated(tx, (invitation, generation), now)? == Settled::Sent {
        let details = json!({ "inferred": "the link was used" });
        let sent = entry(clock, invitation, (EventType::EmailSent, now), ActorRef::system(), details);
        timeline::insert(tx, &[sent])?;
    }
    Ok(())
}

/// Stores a chosen password and the names.
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
    let set = match user.status {
        UserStatus::Invited => {
            users::activate(tx, (user.id, invitation.is_mailed()), (&first, &last), hash, now)?
        }
        // Another person may have chosen the present password, so it is replaced.
        UserStatus::Active | UserStatus::Blocked => {
            former_names::mark(tx, user)?;
            let replaced = credentials::replace(tx, user.id, (&first, &last), hash, now)?;
            // System roles that were granted before may have been granted to another person.
            profile::set_roles(tx, user.id, &Roles::default())?;
            replaced
        }
    };
    match set {
        Guarded::Applied => Ok(()),
        Guarded::Stale => {
            Err(ServiceError::Defect("a password was set for a user who may not choose one".to_owned()))
        }
    }
}

/// The user as this invitation made them, and their other memberships. Without a proof of identity the result
/// has the typed address and the time of this invitation, since its reader may be the inviter.
fn as_given(user: User, invitation: &Invitation, is_proven: bool) -> (User, Vec<Membership>) {
    let account = invitation.account.as_ref().map(|account| account.id);
    let (memberships, elsewhere) =
        user.memberships.into_iter().partition(|one| Some(one.account_id) == account);
    let created_at = if is_proven { user.created_at } else { Some(invitation.created_at) };
    let email = if is_proven { user.email } else { invitation.email.clone() };
    let system_roles = invitation.roles.clone();
    (User { email, system_roles, memberships, created_at, pending_invitation_id: None, ..user }, elsewhere)
}

fn person(user: &User, origin: Option<Origin>) -> ActorRef {
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: full_name(user), origin }
}

fn account_of(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<Option<Account>, ServiceError> {
    match &invitation.account {
        Some(target) => Ok(accounts::get(tx.reading(), target.id, &Visibility::everything())?),
        None => Ok(None),
    }
}

/// The account's data: the inviter's, else the person's, else the person's own name.
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
