//! Withdrawing letters that wait, for whoever starts from a backup: what waited when it was made has been
//! sent since, perhaps.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    clock::Clock,
    db::{
        Db, DbFault,
        invitations::timeline,
        letters::{
            outbox::{self, LetterState, NewLetter},
            reminders::{self, Due},
        },
        users,
    },
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        letter::LetterPurpose,
    },
};

/// So many go in one transaction.
const MAX_BATCH: i64 = 500;
/// What the invitation and its timeline say.
const REASON: &str = "It was withdrawn by the operator before it was sent.";

/// What was withdrawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Letters that waited. Their invitations are found by `delivery=failed`.
    pub letters: usize,
    /// Reminders that were due and not yet written.
    pub reminders: usize,
    /// Letters that a courier has in hand, or had when a copy was made: they can be withdrawn a minute later.
    pub in_hand: i64,
}

/// Withdraws the letters that have waited since `before`, and the reminders that `remind_before` makes due
/// now.
///
/// # Errors
/// [`DbFault`]; what was withdrawn by then stays so.
pub async fn older_than(
    db: &Db,
    clock: &Clock,
    before: DateTime<Utc>,
    remind_before: Option<TimeDelta>,
) -> Result<Withdrawn, DbFault> {
    let mut done = Withdrawn::default();
    loop {
        let letters = letters(db, clock, before).await?;
        done.letters += letters;
        if letters == 0 {
            break;
        }
    }
    while let Some(remind_before) = remind_before {
        let reminders = due_reminders(db, clock, remind_before).await?;
        done.reminders += reminders;
        if reminders == 0 {
            break;
        }
    }
    let now = clock.now();
    done.in_hand =
        db.read::<_, DbFault>(move |connection| outbox::in_hand(connection, (before, now))).await?;
    Ok(done)
}

async fn letters(db: &Db, clock: &Clock, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let clock = clock.clone();
    db.write(move |tx| {
        let now = clock.now();
        let waiting = outbox::waiting_since(tx.reading(), (before, now), MAX_BATCH)?;
        // As everybody does who changes invitations of several people: first the people, in the order of
        // their addresses.
        users::lock_invited(tx, &waiting.iter().map(|letter| letter.invitation_id).collect::<Vec<_>>())?;
        let ids: Vec<_> = waiting.iter().map(|letter| letter.id).collect();
        let withdrawn = outbox::give_up(tx, &ids, REASON, now)?;
        let entry = |letter: &outbox::Waiting| {
            let mut details = json!({ "attempt": letter.attempts, "error": REASON, "will_retry": false });
            if letter.purpose == LetterPurpose::Reminder {
                details["letter"] = LetterPurpose::Reminder.as_str().into();
            }
            let (id, invitation_id, event_type) = (clock.id(), letter.invitation_id, EventType::EmailFailed);
            Event { id, invitation_id, event_type, at: now, actor: ActorRef::system(), details }
        };
        let entries: Vec<Event> =
            waiting.iter().filter(|letter| withdrawn.contains(&letter.id)).map(entry).collect();
        timeline::insert(tx, &entries)?;
        Ok(entries.len())
    })
    .await
}

/// Those whose time came after the copy was made may have been reminded since, and are not reminded again.
async fn due_reminders(db: &Db, clock: &Clock, remind_before: TimeDelta) -> Result<usize, DbFault> {
    let clock = clock.clone();
    db.write(move |tx| {
        let now = clock.now();
        let due = reminders::due(tx.reading(), now, now + remind_before, MAX_BATCH)?;
        let note = |due: &Due| NewLetter {
            id: clock.id(),
            invitation_id: due.invitation,
            generation: due.generation,
            recipient: due.recipient.clone(),
            purpose: LetterPurpose::Reminder,
            state: LetterState::Withdrawn,
            at: now,
        };
        outbox::insert_missing(tx, &due.iter().map(note).collect::<Vec<_>>())?;
        Ok(due.len())
    })
    .await
}
