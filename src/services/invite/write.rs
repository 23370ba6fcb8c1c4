//! Writes invites: looks for conflicts, counts the letters, and stores what is new.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::{
    conflicts::{find_conflict, replace},
    draft::Draft,
    outcome::Outcome,
};
use crate::{
    clock::Clock,
    db::{
        DbFault, Tx,
        accounts::{self, NewAccount},
        invitations::{self, Pending, PendingKey},
        letters::{
            outbox::{LetterState, NewLetter},
            suppressions::{self, Entered},
        },
        users::{self, InsertedOrLocked, NewUser, memberships},
    },
    domain::{
        email::Email,
        event::EventType,
        ids::UserId,
        invitation::{DeliveryState, Invitation},
        letter_quota::LetterLimits,
        suppression_keys::SuppressionKeys,
    },
    services::{
        letter_quota::{Charge, Counts},
        timeline::entry,
    },
};

/// Invites many people, each decided on its own, with results in the order of the input.
///
/// The users' rows are locked first, so that concurrent transactions which invite, activate or revoke the
/// same users wait.
///
/// # Errors
/// Only when the database fails; then the transaction is rolled back.
pub fn invite_many(
    clock: &Clock,
    (limits, keys): (&LetterLimits, &SuppressionKeys),
    tx: &mut Tx<'_>,
    drafts: &[&Draft],
) -> Result<Vec<Outcome>, DbFault> {
    let people: Vec<NewUser> = drafts
        .iter()
        .map(|Draft { invitation, .. }| NewUser {
            id: invitation.user_id,
            email: invitation.email.clone(),
            invited_to: invitation.kind,
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
        let user = (user, draft.sees_blocked);
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
    let new = made.iter().map(|(invitation, _)| &invitation.email).filter(|email| !is_known(&known, email));
    suppressions::restore(tx, &entered(clock, keys, new))?;
    Ok(outcomes)
}

fn is_known(known: &[String], email: &Email) -> bool {
    known.iter().any(|key| key == email.key())
}

/// New addresses, with the hashes by which they are found if they were suppressed before an erasure.
pub(in crate::services) fn entered<'a>(
    clock: &Clock,
    keys: &SuppressionKeys,
    new: impl Iterator<Item = &'a Email>,
) -> Vec<Entered> {
    new.map(|email| Entered { email: email.clone(), hashes: keys.hashes(email), id: clock.id() }).collect()
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
