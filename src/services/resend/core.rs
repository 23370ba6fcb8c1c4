//! The resend of any number of invitations: locked together, decided one by one, written together.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    db::{
        AnyConnection, DbFault, Tx, accounts,
        invitations::{self, PendingKey, resend, timeline},
        letters::outbox::{self, NewLetter},
        users, webhooks,
    },
    domain::{
        account::AccountType,
        actor::{Actor, ActorRef},
        event::EventType,
        ids::{AccountId, InvitationId, UserId},
        invitation::{Delivery, Invitation, InvitationKind, InvitationState},
        letter_quota::QuotaStatus,
        permission::Permission,
        visibility::Visibility,
    },
    services::{
        ServiceError, Services,
        invite::Sent,
        letter_quota::{Charge, Counts, Payer},
    },
};

/// While this transaction waited for the user's lock, the invitation was reassigned to another user, whose
/// lock would break the lock order: the transaction is retried.
pub(in crate::services) const MOVED: DbFault = DbFault::TryAgain;

/// The invitation, with its user's row locked: until the transaction ends no other one changes it.
pub(in crate::services) fn locked(
    tx: &mut Tx<'_>,
    id: InvitationId,
    visibility: Visibility,
) -> Result<Invitation, ServiceError> {
    let found = invitations::get(tx.reading(), id, visibility)?.ok_or(ServiceError::NotFound)?;
    users::lock(tx, found.user_id)?;
    let locked =
        invitations::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::NotFound)?;
    if locked.user_id == found.user_id { Ok(locked) } else { Err(MOVED.into()) }
}

/// The same for several invitations: those visible with `visibility`, their users locked in the common order.
fn locked_many(
    tx: &mut Tx<'_>,
    ids: &[InvitationId],
    visibility: Visibility,
) -> Result<Vec<Invitation>, DbFault> {
    let seen = invitations::of_ids(tx.reading(), ids, visibility)?;
    let people: HashSet<UserId> = seen.iter().map(|one| one.user_id).collect();
    users::lock_many(tx, &people.iter().copied().collect::<Vec<_>>())?;
    let ids: Vec<InvitationId> = seen.iter().map(|one| one.id).collect();
    let locked = invitations::of_ids(tx.reading(), &ids, Visibility::everything())?;
    if locked.iter().all(|one| people.contains(&one.user_id)) { Ok(locked) } else { Err(MOVED) }
}

/// Whether the caller may send, resend and revoke these visible invitations: by permission, or as the owner
/// of each one's account.
pub(in crate::services) fn authorise(
    connection: &mut AnyConnection,
    actor: &Actor,
    invitations: &[&Invitation],
) -> Result<Vec<Result<(), ServiceError>>, DbFault> {
    let owned = owned(connection, actor, invitations)?;
    let check = |one: &&Invitation| match permission(one) {
        permission if actor.may(permission) => {
            if actor.may_grant(&one.roles) {
                Ok(())
            } else {
                Err(ServiceError::RoleExceedsYours)
            }
        }
        _ if manager(one).is_some_and(|account| owned.contains(&account)) => Ok(()),
        permission => Err(ServiceError::Forbidden(permission.as_str())),
    };
    Ok(invitations.iter().map(check).collect())
}

fn permission(invitation: &Invitation) -> Permission {
    match invitation.kind {
        InvitationKind::SystemUser => Permission::SystemUsersInvite,
        InvitationKind::AccountOwner | InvitationKind::SubAccount => Permission::CustomersInvite,
    }
}

/// The accounts that manage these invitations, as far as the caller owns them and lacks the permission.
fn owned(
    connection: &mut AnyConnection,
    actor: &Actor,
    invitations: &[&Invitation],
) -> Result<HashSet<AccountId>, DbFault> {
    let own = actor.accounts_for(Permission::CustomersInvite);
    if own.is_empty() {
        return Ok(HashSet::new());
    }
    let others = invitations.iter().filter(|one| !actor.may(permission(one)));
    let managed: Vec<AccountId> = others.filter_map(|one| manager(one)).collect();
    if managed.is_empty() { Ok(HashSet::new()) } else { accounts::under(connection, &managed, own) }
}

/// The account whose owners manage an invitation: its own one, or the parent of a new one.
fn manager(invitation: &Invitation) -> Option<AccountId> {
    let target = invitation.account.as_ref()?;
    let into = if target.is_new { target.parent_account_id } else { Some(target.id) };
    // The owner of a consumer's account may not invite, and so may not resend or revoke.
    let manages = target.is_new || target.account_type == Some(AccountType::Business);
    into.filter(|_| manages)
}

/// The outcome of each.
pub(in crate::services) type Outcomes = HashMap<InvitationId, Result<Sent, ServiceError>>;

/// Locked invitations, each with whether it may be resent now.
pub(in crate::services) type Checked = Vec<(Invitation, Result<(), ServiceError>)>;

/// Locks and checks those of these invitations that the caller may see, each alone.
pub(super) fn lock_and_check(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    ids: &[InvitationId],
) -> Result<Checked, DbFault> {
    let found = locked_many(tx, ids, Visibility::acting(actor))?;
    let allowed = authorise(tx.reading(), actor, &found.iter().collect::<Vec<_>>())?;
    let checked = check_locked(services, tx, found)?.into_iter().zip(allowed);
    Ok(checked.map(|((one, due), allowed)| (one, allowed.and(due))).collect())
}

/// Checks locked invitations: their state, and the time of their last sending.
pub(in crate::services) fn check_locked(
    services: &Services,
    tx: &mut Tx<'_>,
    locked: Vec<Invitation>,
) -> Result<Checked, DbFault> {
    let (now, newer) = (services.clock.now(), successors(tx, &locked)?);
    let due = |one: &Invitation| {
        wait(services, one.last_sent_at, now).map_or(Ok(()), |left| Err(ServiceError::TooSoon(left)))
    };
    let check = |one: &Invitation| unanswered(one, &newer).and_then(|()| due(one));
    Ok(locked.into_iter().map(|one| (check(&one), one)).map(|(due, one)| (one, due)).collect())
}

/// Checks that a locked invitation is pending; for a replaced one the error has the id of the newer one.
pub(in crate::services) fn awaits_answer(tx: &mut Tx<'_>, one: &Invitation) -> Result<(), ServiceError> {
    let newer = successors(tx, std::slice::from_ref(one))?;
    unanswered(one, &newer)
}

fn unanswered(one: &Invitation, newer: &HashMap<PendingKey, InvitationId>) -> Result<(), ServiceError> {
    match one.state {
        InvitationState::Pending => Ok(()),
        InvitationState::Replaced => match newer.get(&PendingKey::of(one)) {
            Some(newer) => Err(ServiceError::InvitationPending(*newer)),
            None => Err(ServiceError::NotPending),
        },
        InvitationState::Activated | InvitationState::Revoked => Err(ServiceError::NotPending),
    }
}

/// Gives those that may be resent new links, and puts their letters into the outbox. `payer` says who is
/// charged for each.
pub(in crate::services) fn send(
    services: &Services,
    tx: &mut Tx<'_>,
    (who, payer): (&ActorRef, impl Fn(&Invitation) -> Payer),
    mut checked: Checked,
) -> Result<Outcomes, DbFault> {
    let now = services.clock.now();
    let charges = charges(&checked, payer);
    let mut counts =
        Counts::lock(tx, &services.rules.letters, &charges.values().cloned().collect::<Vec<_>>(), now)?;
    let mut quota_statuses = count(&mut checked, &charges, &mut counts);
    counts.write(tx)?;
    let due: Vec<&Invitation> = checked.iter().filter(|(_, due)| due.is_ok()).map(|(one, _)| one).collect();
    let renewed = renew(services, tx, &due, now)?;
    let sent: Vec<Invitation> =
        due.iter().filter(|old| renewed.contains(&old.id)).map(|old| fresh(services, old, now)).collect();
    write(services, tx, who, &sent)?;
    // An invitation that passed the checks and was not renewed was changed without the lock.
    let mut outcomes: HashMap<_, _> =
        checked.into_iter().map(|(one, due)| (one.id, due.and(Err(ServiceError::NotPending)))).collect();
    outcomes.extend(sent.into_iter().map(|fresh| {
        let quota_statuses = quota_statuses.remove(&fresh.id).unwrap_or_default();
        (fresh.id, Ok(Sent { invitation: fresh, quota_statuses }))
    }));
    Ok(outcomes)
}

/// The outcomes that a resend would have, without writing.
pub(super) fn would_send(
    services: &Services,
    tx: &mut Tx<'_>,
    payer: impl Fn(&Invitation) -> Payer,
    mut checked: Checked,
) -> Result<Outcomes, DbFault> {
    let charges = charges(&checked, payer);
    let all: Vec<Charge> = charges.values().cloned().collect();
    let mut counts = Counts::look(tx, &services.rules.letters, &all, services.clock.now())?;
    let mut quota_statuses = count(&mut checked, &charges, &mut counts);
    let mut sent = |one: Invitation| {
        let quota_statuses = quota_statuses.remove(&one.id).unwrap_or_default();
        Sent { invitation: one, quota_statuses }
    };
    Ok(checked.into_iter().map(|(one, due)| (one.id, due.map(|()| sent(one)))).collect())
}

/// The charges for the letters of those that may be resent.
fn charges(checked: &Checked, payer: impl Fn(&Invitation) -> Payer) -> HashMap<InvitationId, Charge> {
    let due = checked.iter().filter(|(_, due)| due.is_ok());
    due.map(|(one, _)| (one.id, Charge::new(&one.email, payer(one)))).collect()
}

/// Counts them, in the order given: those above a quota are refused.
fn count(
    checked: &mut Checked,
    charges: &HashMap<InvitationId, Charge>,
    counts: &mut Counts,
) -> HashMap<InvitationId, Vec<QuotaStatus>> {
    let mut quota_statuses = HashMap::new();
    for (one, due) in checked {
        let Some(charge) = charges.get(&one.id) else { continue };
        match counts.take(charge) {
            Ok(left) => drop(quota_statuses.insert(one.id, left)),
            Err(spent) => *due = Err(ServiceError::LettersSpent(spent)),
        }
    }
    quota_statuses
}

/// The seconds until an invitation that was sent at `last` may be sent again; the cooldown must pass between
/// two sendings.
pub(in crate::services) fn wait(services: &Services, last: DateTime<Utc>, now: DateTime<Utc>) -> Option<u64> {
    let cooldown = TimeDelta::from_std(services.rules.resend_cooldown).unwrap_or_default();
    let left = last + cooldown - now;
    // Rounded up, so that a caller who waits exactly this time is not refused again.
    (left > TimeDelta::zero()).then(|| left.num_milliseconds().unsigned_abs().div_ceil(1000))
}

/// The pending invitations that replaced those of `wanted` that were replaced.
fn successors(tx: &mut Tx<'_>, wanted: &[Invitation]) -> Result<HashMap<PendingKey, InvitationId>, DbFault> {
    let replaced = wanted.iter().filter(|one| one.state == InvitationState::Replaced);
    let keys: Vec<&str> = replaced.map(|one| one.email.key()).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(invitations::pending(tx.reading(), &keys)?.into_iter().map(|one| (one.key, one.id)).collect())
}

/// The guarded change, one statement for all with the same generation.
fn renew(
    services: &Services,
    tx: &mut Tx<'_>,
    due: &[&Invitation],
    now: DateTime<Utc>,
) -> Result<HashSet<InvitationId>, DbFault> {
    let expired = due.iter().filter(|old| old.expires_at <= now);
    webhooks::settle_expired(tx, &expired.map(|old| old.id).collect::<Vec<_>>(), now)?;
    let mut by_generation: HashMap<i32, Vec<InvitationId>> = HashMap::new();
    for old in due {
        by_generation.entry(old.generation).or_default().push(old.id);
    }
    let mut renewed = HashSet::new();
    for (generation, ids) in by_generation {
        renewed.extend(resend::renew(
            tx,
            &ids,
            generation,
            now,
            services.rules.link_lifetime.expires_at(now),
        )?);
    }
    Ok(renewed)
}

/// The invitation, sent again at `now`: a new link, and the old ones invalid.
pub(in crate::services) fn fresh(services: &Services, old: &Invitation, now: DateTime<Utc>) -> Invitation {
    Invitation {
        generation: old.generation + 1,
        send_count: old.send_count + 1,
        last_sent_at: now,
        expires_at: services.rules.link_lifetime.expires_at(now),
        delivery: Delivery::queued(),
        ..old.clone()
    }
}

/// Withdraws the old letters, puts the new ones in, and writes the timelines.
fn write(services: &Services, tx: &mut Tx<'_>, who: &ActorRef, sent: &[Invitation]) -> Result<(), DbFault> {
    if sent.is_empty() {
        return Ok(());
    }
    outbox::withdraw_all(tx, &sent.iter().map(|one| one.id).collect::<Vec<_>>())?;
    let letters: Vec<NewLetter> =
        sent.iter().map(|one| NewLetter::of(services.clock.id(), one, one.last_sent_at)).collect();
    outbox::insert(tx, &letters)?;
    let timeline = sent.iter().flat_map(|one| {
        let details = json!({ "send_count": one.send_count });
        let entry = |event| services.event(one.id, event, one.last_sent_at, who.clone(), details.clone());
        [entry(EventType::Resent), entry(EventType::EmailQueued)]
    });
    timeline::insert(tx, &timeline.collect::<Vec<_>>())
}
