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
        users::{
            self, InsertedOrLocked, LockedUser, NewUser,
            memberships::{self, MembershipKey},
        },
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
    let people: Vec<NewUser> = drafts.iter().map(|draft| new_user(&draft.invitation)).collect();
    let InsertedOrLocked { people: users, known } = users::insert_or_lock(tx, &people)?;
    let mut decisions = Decisions::read(tx, &users, &known)?;
    let charges: Vec<Charge> = drafts.iter().filter_map(|draft| draft.charge()).collect();
    let mut counts = Counts::lock(tx, limits, &charges, clock.now())?;
    let mut outcomes = Vec::with_capacity(drafts.len());
    for draft in drafts {
        outcomes.push(decisions.decide(draft, &mut counts)?);
    }
    let Decisions { made, replaced, .. } = decisions;
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

fn new_user(invitation: &Invitation) -> NewUser {
    NewUser {
        id: invitation.user_id,
        email: invitation.email.clone(),
        invited_to: invitation.kind,
        at: invitation.created_at,
    }
}

/// The state on which drafts are decided, and what is to be written for them.
struct Decisions<'a> {
    users: &'a HashMap<String, LockedUser>,
    members: HashMap<UserId, Vec<MembershipKey>>,
    /// Pending invitations: stored ones, and those of earlier drafts.
    live: HashMap<PendingKey, Pending>,
    made: Vec<(Invitation, Option<NewAccount>)>,
    replaced: Vec<Pending>,
}

impl<'a> Decisions<'a> {
    fn read(
        tx: &mut Tx<'_>,
        users: &'a HashMap<String, LockedUser>,
        known: &[String],
    ) -> Result<Self, DbFault> {
        let (mut members, mut live) = (HashMap::new(), HashMap::new());
        // New users have no memberships and no invitations.
        if !known.is_empty() {
            let ids: Vec<UserId> =
                known.iter().filter_map(|key| users.get(key)).map(|user| user.id).collect();
            members = memberships::places(tx.reading(), &ids)?;
            let keys: Vec<&str> = known.iter().map(String::as_str).collect();
            let pending = invitations::pending(tx.reading(), &keys)?;
            live = pending.into_iter().map(|one| (one.key.clone(), one)).collect();
        }
        Ok(Self { users, members, live, made: Vec::new(), replaced: Vec::new() })
    }

    fn decide(&mut self, draft: &Draft, counts: &mut Counts) -> Result<Outcome, DbFault> {
        let invitation = &draft.invitation;
        let user = self
            .users
            .get(invitation.email.key())
            .ok_or_else(|| DbFault::Other("an entered user was not found".to_owned()))?;
        let member = self.members.get(&user.id).map_or(&[][..], Vec::as_slice);
        let key = PendingKey::of(invitation);
        let user = (user, draft.sees_blocked);
        let outcome = find_conflict(user, member, self.live.get(&key), invitation, invitation.created_at);
        let outcome = charge_quota(outcome, draft, counts);
        if let Outcome::Invited(invitation, _) = &outcome {
            self.replaced.extend(self.live.insert(key.clone(), pending_of(key, invitation)));
            self.made.push((invitation.as_ref().clone(), draft.account.clone()));
        }
        Ok(outcome)
    }
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
