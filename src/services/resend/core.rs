//! The resend itself, for any number of invitations: locked together, decided one by one, written together.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    db::{
        AnyConnection, DbFault, Tx, accounts,
        invitations::{self, Place, resend, timeline},
        letters::outbox::{self, NewLetter},
        users,
    },
    domain::{
        account::AccountType,
        actor::{Actor, ActorRef},
        event::EventType,
        ids::{AccountId, InvitationId, UserId},
        invitation::{Delivery, Invitation, InvitationKind, InvitationState},
        letter_quota::Standing,
        permission::Permission,
        visibility::Visibility,
    },
    services::{
        ServiceError, Services,
        invite::Sent,
        letter_quota::{Charge, Counts, Payer},
    },
};

/// While we waited for the person, the invitation was moved to somebody else, whom it would be out of order
/// to lock now: the transaction is begun anew.
pub(in crate::services) const MOVED: DbFault = DbFault::TryAgain;

/// The invitation, with the person's row locked: until the transaction ends nobody else changes it.
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

/// The same for several: those that `visibility` shows, the people's rows locked in the one order in which
/// all who lock several do it.
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

/// Whether the caller may send, resend and revoke invitations like these, which they see: by permission, or
/// as the owner of the account that each leads into.
pub(in crate::services) fn authorise(
    connection: &mut AnyConnection,
    actor: &Actor,
    invitations: &[&Invitation],
) -> Result<Vec<Result<(), ServiceError>>, DbFault> {
    let permission = |one: &Invitation| match one.kind {
        InvitationKind::SystemUser => Permission::SystemUsersInvite,
        InvitationKind::AccountOwner | InvitationKind::SubAccount => Permission::CustomersInvite,
    };
    let managed: Vec<AccountId> = if actor.accounts.is_empty() {
        Vec::new()
    } else {
        invitations.iter().filter(|one| !actor.may(permission(one))).filter_map(|one| manager(one)).collect()
    };
    let owned = if managed.is_empty() {
        HashSet::new()
    } else {
        accounts::under(connection, &managed, &actor.accounts)?
    };
    let judge = |one: &&Invitation| match permission(one) {
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
    Ok(invitations.iter().map(judge).collect())
}

/// The account whose owners handle an invitation: the one that it leads into, or the one above a new one.
fn manager(invitation: &Invitation) -> Option<AccountId> {
    let target = invitation.account.as_ref()?;
    let into = if target.is_new { target.parent_account_id } else { Some(target.id) };
    // The owner of a consumer's account invites nobody, and so resends and revokes nothing.
    let manages = target.is_new || target.account_type == Some(AccountType::Business);
    into.filter(|_| manages)
}

/// What became of each.
pub(in crate::services) type Outcomes = HashMap<InvitationId, Result<Sent, ServiceError>>;

/// Invitations that are locked, each with whether it may be resent now.
pub(in crate::services) type Judged = Vec<(Invitation, Result<(), ServiceError>)>;

/// Locks and decides those of these invitations that the caller sees, each alone.
pub(super) fn judged_for(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    ids: &[InvitationId],
) -> Result<Judged, DbFault> {
    let found = locked_many(tx, ids, Visibility::acting(actor))?;
    let allowed = authorise(tx.reading(), actor, &found.iter().collect::<Vec<_>>())?;
    let judged = judged(services, tx, found)?.into_iter().zip(allowed);
    Ok(judged.map(|((one, due), allowed)| (one, allowed.and(due))).collect())
}

/// Judges locked invitations by what has become of them, and by when they were last sent.
pub(in crate::services) fn judged(
    services: &Services,
    tx: &mut Tx<'_>,
    locked: Vec<Invitation>,
) -> Result<Judged, DbFault> {
    let (now, newer) = (services.clock.now(), successors(tx, &locked)?);
    let due = |one: &Invitation| {
        wait(services, one.last_sent_at, now).map_or(Ok(()), |left| Err(ServiceError::TooSoon(left)))
    };
    let judge = |one: &Invitation| unanswered(one, &newer).and_then(|()| due(one));
    Ok(locked.into_iter().map(|one| (judge(&one), one)).map(|(due, one)| (one, due)).collect())
}

/// Whether a locked invitation awaits an answer; when another one took its place, that one's id is told.
pub(in crate::services) fn awaits_answer(tx: &mut Tx<'_>, one: &Invitation) -> Result<(), ServiceError> {
    let newer = successors(tx, std::slice::from_ref(one))?;
    unanswered(one, &newer)
}

fn unanswered(one: &Invitation, newer: &HashMap<Place, InvitationId>) -> Result<(), ServiceError> {
    match one.state {
        InvitationState::Pending => Ok(()),
        InvitationState::Replaced => match newer.get(&Place::of(one)) {
            Some(newer) => Err(ServiceError::InvitationPending(*newer)),
            None => Err(ServiceError::NotPending),
        },
        InvitationState::Activated | InvitationState::Revoked => Err(ServiceError::NotPending),
    }
}

/// Gives those that may be resent new links, and puts their letters into the outbox. `payer` says on whose
/// account each goes.
pub(in crate::services) fn send(
    services: &Services,
    tx: &mut Tx<'_>,
    (who, payer): (&ActorRef, impl Fn(&Invitation) -> Payer),
    mut judged: Judged,
) -> Result<Outcomes, DbFault> {
    let now = services.clock.now();
    let charges = charges(&judged, payer);
    let mut counts =
        Counts::lock(tx, &services.rules.letters, &charges.values().cloned().collect::<Vec<_>>(), now)?;
    let mut standings = count(&mut judged, &charges, &mut counts);
    counts.write(tx)?;
    let due: Vec<&Invitation> = judged.iter().filter(|(_, due)| due.is_ok()).map(|(one, _)| one).collect();
    let renewed = renew(services, tx, &due, now)?;
    let sent: Vec<Invitation> =
        due.iter().filter(|old| renewed.contains(&old.id)).map(|old| fresh(services, old, now)).collect();
    write(services, tx, who, &sent)?;
    // What passed and was not renewed after all has been changed behind a lock that somebody forgot.
    let mut outcomes: HashMap<_, _> =
        judged.into_iter().map(|(one, due)| (one.id, due.and(Err(ServiceError::NotPending)))).collect();
    outcomes.extend(sent.into_iter().map(|fresh| {
        let standings = standings.remove(&fresh.id).unwrap_or_default();
        (fresh.id, Ok(Sent { invitation: fresh, standings }))
    }));
    Ok(outcomes)
}

/// What would become of them, if nothing were done but judging.
pub(super) fn would_send(
    services: &Services,
    tx: &mut Tx<'_>,
    payer: impl Fn(&Invitation) -> Payer,
    mut judged: Judged,
) -> Result<Outcomes, DbFault> {
    let charges = charges(&judged, payer);
    let all: Vec<Charge> = charges.values().cloned().collect();
    let mut counts = Counts::look(tx, &services.rules.letters, &all, services.clock.now())?;
    let mut standings = count(&mut judged, &charges, &mut counts);
    let mut sent = |one: Invitation| {
        let standings = standings.remove(&one.id).unwrap_or_default();
        Sent { invitation: one, standings }
    };
    Ok(judged.into_iter().map(|(one, due)| (one.id, due.map(|()| sent(one)))).collect())
}

/// The letters of those that may be resent.
fn charges(judged: &Judged, payer: impl Fn(&Invitation) -> Payer) -> HashMap<InvitationId, Charge> {
    let due = judged.iter().filter(|(_, due)| due.is_ok());
    due.map(|(one, _)| (one.id, Charge::new(&one.email, payer(one)))).collect()
}

/// Counts them, in the order given: those for which no letter is left are refused.
fn count(
    judged: &mut Judged,
    charges: &HashMap<InvitationId, Charge>,
    counts: &mut Counts,
) -> HashMap<InvitationId, Vec<Standing>> {
    let mut standings = HashMap::new();
    for (one, due) in judged {
        let Some(charge) = charges.get(&one.id) else { continue };
        match counts.take(charge) {
            Ok(left) => drop(standings.insert(one.id, left)),
            Err(spent) => *due = Err(ServiceError::LettersSpent(spent)),
        }
    }
    standings
}

/// How many seconds remain until an invitation that was sent at `last` may be sent again; two sendings keep
/// their distance.
pub(in crate::services) fn wait(services: &Services, last: DateTime<Utc>, now: DateTime<Utc>) -> Option<u64> {
    let cooldown = TimeDelta::from_std(services.rules.resend_cooldown).unwrap_or_default();
    let left = last + cooldown - now;
    // Rounded up: a caller who waits exactly as told is not refused again.
    (left > TimeDelta::zero()).then(|| left.num_milliseconds().unsigned_abs().div_ceil(1000))
}

/// For those that were replaced, the invitations that took their places and await an answer.
fn successors(tx: &mut Tx<'_>, wanted: &[Invitation]) -> Result<HashMap<Place, InvitationId>, DbFault> {
    let replaced = wanted.iter().filter(|one| one.state == InvitationState::Replaced);
    let keys: Vec<&str> = replaced.map(|one| one.email.key()).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(invitations::pending(tx.reading(), &keys)?.into_iter().map(|one| (one.place, one.id)).collect())
}

/// The guarded change, one statement for all that are at the same generation.
fn renew(
    services: &Services,
    tx: &mut Tx<'_>,
    due: &[&Invitation],
    now: DateTime<Utc>,
) -> Result<HashSet<InvitationId>, DbFault> {
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

/// The invitation, sent anew at `now`: another link, and none of the old ones.
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

/// Takes the old letters out, puts the new ones in, and tells the timelines.
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
