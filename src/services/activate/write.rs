//! Writing activations down: those that arrive together in one transaction, each judged alone.

use std::io;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Activated, Answer};
use crate::{
    clock::Clock,
    db::{
        Db, Tx, accounts,
        accounts::Life,
        batcher::Batcher,
        credentials::{self, Credentials},
        events, invitations, memberships, outbox, users,
    },
    domain::{
        account::{Account, AccountName},
        activation::{Person, Requires},
        actor::{ActorKind, ActorRef},
        event::EventType,
        ids::UserId,
        invitation::{DeadLink, DeliveryState, Invitation},
        person::PersonName,
        sight::Sight,
        token::LinkClaim,
        user::{User, UserStatus},
    },
    services::{Refusal, preview::Preview, timeline::entry},
};

/// An answer that was found good, and what it was judged by.
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
    /// It is the one that the person has, of which this hash was stored.
    Matched(String),
}

/// Activations that arrive together.
pub type Queue = Batcher<Attempt, Result<Activated, Refusal>, Refusal>;

/// Starts the queue; up to `most` of them share a commit.
///
/// # Errors
/// When the system gives no thread.
pub fn queue(db: &Db, clock: &Clock, most: usize) -> io::Result<Queue> {
    let clock = clock.clone();
    Batcher::writing(db, "activations", most, move |tx, attempts| activate_many(&clock, tx, attempts))
}

/// Activates many, each judged alone and answered in the order given.
fn activate_many(clock: &Clock, tx: &mut Tx<'_>, attempts: &[Attempt]) -> Result<Vec<Result<Activated, Refusal>>, Refusal> {
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

/// Judges once more, by what is true while the person's row is locked. The inner error is the refusal of this one; nothing
/// has been written yet, so that its neighbours go on.
fn admit(tx: &mut Tx<'_>, attempt: &Attempt, now: DateTime<Utc>) -> Result<Result<Admitted, Refusal>, Refusal> {
    let Attempt { claim, seen, secret, .. } = attempt;
    let Some(invitation) = invitations::get(tx.reading(), claim.invitation, Sight::everything())? else {
        return Ok(Err(Refusal::InvalidLink));
    };
    if let Err(dead) = invitation.check_link(claim.generation, now) {
        return Ok(Err(dead.into()));
    }
    let Some(user) = users::get(tx.reading(), invitation.user_id, Sight::everything())? else {
        return Ok(Err(Refusal::InvalidLink));
    };
    let account = account_of(tx, &invitation)?;
    let Credentials { password_hash, is_proven } = match user.status {
        UserStatus::Invited => Credentials::default(),
        UserStatus::Active | UserStatus::Blocked => credentials::of(tx.reading(), user.id)?,
    };
    let person = Person { status: user.status, is_proven };
    if Requires::of(&invitation, person, account.as_ref().map(|account| account.status)) != seen.requires {
        return Ok(Err(Refusal::Changed));
    }
    if let Secret::Matched(hash) = secret
        && password_hash.as_ref() != Some(hash)
    {
        return Ok(Err(Refusal::Changed));
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
) -> Result<Activated, Refusal> {
    let answer = &attempt.answer;
    let find = |tx: &mut Tx<'_>| users::get(tx.reading(), invitation.user_id, Sight::everything());
    let chosen = if let Secret::Chosen(hash) = &attempt.secret { Some(hash) } else { None };
    if let Some(hash) = chosen {
        let name = |name: &Option<PersonName>| name.as_ref().map_or(String::new(), |name| name.as_str().to_owned());
        let (first, last) = (name(&answer.first_name), name(&answer.last_name));
        let is_mailed = invitation.delivery.state != DeliveryState::HandedOver;
        let is_set = match user.status {
            UserStatus::Invited => users::activate(tx, (user.id, is_mailed), (&first, &last), hash, now)?,
            // Somebody else may have chosen the password that they have: it works no more.
            UserStatus::Active | UserStatus::Blocked => credentials::replace(tx, user.id, (&first, &last), hash, now)?,
        };
        if !is_set {
            return Err(Refusal::Defect("a password was chosen for somebody who may choose none".to_owned()));
        }
    }
    users::grant(tx, user.id, &invitation.roles)?;
    if let (Some(target), Some(account)) = (&invitation.account, &account) {
        let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
        accounts::activate(tx, account.id, &life(account, &user, answer)?)?;
        memberships::add(tx, user.id, account.id, target.role, now)?;
    }
    if outbox::settle(tx, (invitation.id, attempt.claim.generation), now)? {
        // Whoever has the link has had the letter, though its sender has not come back yet, or never will.
        let details = json!({ "inferred": "the link was used" });
        let sent = entry(clock, invitation.id, (EventType::EmailSent, now), ActorRef::system(), details);
        events::insert(tx, &[sent])?;
    }
    let user = find(tx)?.ok_or(Refusal::InvalidLink)?;
    let who = ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: full_name(&user) };
    events::insert(tx, &[entry(clock, invitation.id, (EventType::Activated, now), who, json!({}))])?;
    Ok(Activated { account: account_of(tx, &invitation)?, user, chose_password: chosen.is_some() })
}

fn account_of(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<Option<Account>, Refusal> {
    match &invitation.account {
        Some(target) => Ok(accounts::get(tx.reading(), target.id, &Sight::everything())?),
        None => Ok(None),
    }
}

/// What the account becomes: what the inviter said, what the person said, and where neither did, the person's own name.
fn life(account: &Account, user: &User, answer: &Answer) -> Result<Life, Refusal> {
    let given = account.name.as_deref().and_then(|name| AccountName::parse(name).ok());
    let own = || AccountName::parse(&full_name(user)).or_else(|_| AccountName::parse(user.email.as_str())).ok();
    let name = given.or_else(|| answer.account_name.clone()).or_else(own);
    let account_type = account.account_type.or(answer.account_type);
    match (name, account_type) {
        (Some(name), Some(account_type)) => Ok(Life { name, account_type, company: answer.company.clone() }),
        _ => Err(Refusal::Defect("an activation was let through without a name or a type".to_owned())),
    }
}

fn full_name(user: &User) -> String {
    let names = [&user.first_name, &user.last_name].into_iter().flatten();
    names.map(String::as_str).collect::<Vec<_>>().join(" ")
}
