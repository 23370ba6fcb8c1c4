//! The queue that records what became of letters: those that are ready at the same moment, in one
//! transaction.

use std::{collections::HashSet, io, time::Duration};

use serde_json::json;

use crate::{
    clock::Clock,
    db::{
        Db, DbFault, Guarded, Tx,
        invitations::timeline,
        letters::{
            mark_sent::{self, Accepted},
            outbox::{Claimed, Outcome},
            rate_limit,
        },
        pool::group_commit::GroupCommit,
        users,
    },
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        ids::{InvitationId, LetterId},
        letter::LetterPurpose,
        link_lifetime::LinkLifetime,
        refusal_cause::RefusalCause,
    },
};

/// The most that share a commit.
const MAX_BATCH: usize = 64;
/// How long outcomes gather: a commit for each few letters that are ready together would cost the database
/// more than the letters.
const GATHER: Duration = Duration::from_millis(5);

/// The queue: outcomes that are ready together share a transaction.
pub type RecordQueue = GroupCommit<(Claimed, Outcome), (), DbFault>;

/// Starts the queue, for letters that go to this relay.
///
/// # Errors
/// When the system gives no thread.
pub fn record_queue(
    db: &Db,
    clock: &Clock,
    relay: String,
    link_lifetime: LinkLifetime,
) -> io::Result<RecordQueue> {
    let clock = clock.clone();
    GroupCommit::gathering(db, "records", (MAX_BATCH, GATHER), move |tx, outcomes: &[(Claimed, Outcome)]| {
        record(&clock, link_lifetime, tx, outcomes)?;
        if let Some(until) = outcomes.iter().filter_map(|(_, outcome)| outcome.held_until()).max() {
            rate_limit::pause(tx, &relay, until)?;
        }
        Ok(vec![(); outcomes.len()])
    })
}

/// Nothing is written of a letter whose lease ran out and that is in other hands, or was found to have
/// arrived.
fn record(
    clock: &Clock,
    link_lifetime: LinkLifetime,
    tx: &mut Tx<'_>,
    outcomes: &[(Claimed, Outcome)],
) -> Result<(), DbFault> {
    // As everybody does who changes invitations of several people: first the people, in the order of their
    // addresses.
    let invited: Vec<InvitationId> =
        outcomes.iter().filter_map(|(letter, _)| letter.subject.invitation()).collect();
    for (item, (letter, _)) in outcomes.iter().enumerate() {
        if let Some(invitation) = letter.subject.invitation() {
            tx.trace(item, invitation);
        }
    }
    users::lock_invited(tx, &invited)?;
    let recorded = mark_sent::record(tx, outcomes)?;
    let recorded: Vec<&(Claimed, Outcome)> = outcomes
        .iter()
        .zip(recorded)
        .filter_map(|(one, done)| (done == Guarded::Applied).then_some(one))
        .collect();
    let accepted_by_relay = recorded.iter().filter_map(|(letter, outcome)| {
        // A reminder gives no further time.
        let (at, _) = outcome.sent().filter(|_| letter.purpose == LetterPurpose::Invitation)?;
        let (invitation, generation, expires_at) =
            (letter.subject.invitation()?, letter.generation, link_lifetime.expires_at(at));
        Some(Accepted { invitation, generation, at, expires_at })
    });
    let current = mark_sent::accepted_by_relay(tx, &accepted_by_relay.collect::<Vec<_>>())?;
    let old = superseded(tx, &recorded, &current)?;
    let now = clock.now();
    let entries = recorded.iter().filter_map(|(letter, outcome)| {
        // Other letters have no timeline; the log has their outcomes.
        let invitation_id = letter.subject.invitation()?;
        let (event_type, mut details) = entry(letter, outcome)?;
        if old.contains(&letter.id) {
            details["superseded"] = true.into();
        }
        Some(Event { id: clock.id(), invitation_id, event_type, at: now, actor: ActorRef::system(), details })
    });
    timeline::insert(tx, &entries.collect::<Vec<_>>())
}

/// The letters that went although a newer one had been put in while they were on their way.
fn superseded(
    tx: &mut Tx<'_>,
    recorded: &[&(Claimed, Outcome)],
    current: &HashSet<InvitationId>,
) -> Result<HashSet<LetterId>, DbFault> {
    let doubtful = |(letter, outcome): &&(Claimed, Outcome)| {
        let invitation = letter.subject.invitation().filter(|id| !current.contains(id))?;
        outcome.sent().map(|_| (letter.id, invitation, letter.generation))
    };
    let doubtful: Vec<(LetterId, InvitationId, i32)> = recorded.iter().filter_map(doubtful).collect();
    if doubtful.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<InvitationId> = doubtful.iter().map(|(_, invitation, _)| *invitation).collect();
    let newest = mark_sent::generations(tx, &ids)?;
    let is_old = |(letter, invitation, generation): &(LetterId, InvitationId, i32)| {
        newest.get(invitation).is_some_and(|newest| generation < newest).then_some(*letter)
    };
    Ok(doubtful.iter().filter_map(is_old).collect())
}

/// What the timeline tells of an outcome; of a reminder, that it was one.
fn entry(letter: &Claimed, outcome: &Outcome) -> Option<(EventType, serde_json::Value)> {
    let (event_type, mut details) = reported(letter, outcome)?;
    if letter.purpose == LetterPurpose::Reminder {
        details["letter"] = LetterPurpose::Reminder.as_str().into();
    }
    Some((event_type, details))
}

fn reported(letter: &Claimed, outcome: &Outcome) -> Option<(EventType, serde_json::Value)> {
    match outcome {
        Outcome::Sent { .. } => Some((EventType::EmailSent, json!({ "attempt": letter.attempt }))),
        // The first fault and the last one; the ninety between them are counted on the invitation.
        Outcome::Retry { error, cause, .. } if letter.attempt == 1 => Some(failed(1, error, true, cause)),
        Outcome::Failed { error, cause, .. } => Some(failed(letter.attempt, error, false, cause)),
        Outcome::Retry { .. } | Outcome::Withdrawn | Outcome::Untried { .. } => None,
    }
}

fn failed(
    attempt: i32,
    error: &str,
    will_retry: bool,
    cause: &RefusalCause,
) -> (EventType, serde_json::Value) {
    let mut details = json!({ "attempt": attempt, "error": error, "will_retry": will_retry });
    if let Some(fault) = cause.fault {
        details["fault"] = fault.as_str().into();
    }
    if let Some(code) = cause.status {
        details["status_code"] = code.to_string().into();
    }
    (EventType::EmailFailed, details)
}
