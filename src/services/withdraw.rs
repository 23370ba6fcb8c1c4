//! Withdraws queued letters, after a start from a backup: letters that were queued in the backup may have
//! been sent since.

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

/// The number of letters in one transaction.
const MAX_BATCH: i64 = 500;
/// The reason, on the invitation and in its timeline.
const REASON: &str = "It was withdrawn by the operator before it was sent.";

/// The result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Queued letters. Their invitations are found by `delivery=failed`.
    pub letters: usize,
    /// Due reminders that were not written yet.
    pub reminders: usize,
    /// Letters with a courier's lease, now or when the backup was made: they can be withdrawn a minute later.
    pub in_hand: i64,
}

/// Withdraws the letters that were queued at or before `before`, and the reminders that are due now by
/// `remind_before`.
///
/// # Errors
/// [`DbFault`]; earlier transactions stay committed.
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
        db.look_up::<_, DbFault>(move |connection| outbox::in_hand(connection, (before, now))).await?;
    Ok(done)
}

async fn letters(db: &Db, clock: &Clock, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let clock = clock.clone();
    db.write(move |tx| {
        let now = clock.now();
        let waiting = outbox::queued_until(tx.reading(), (before, now), MAX_BATCH)?;
        // The lock order of all transactions that change invitations of several users: users first, by
        // address.
        let invited: Vec<_> = waiting.iter().filter_map(|letter| letter.subject.invitation()).collect();
        users::lock_invited(tx, &invited)?;
        let ids: Vec<_> = waiting.iter().map(|letter| letter.id).collect();
        let withdrawn = outbox::give_up(tx, &ids, REASON, now)?;
        let entry = |letter: &outbox::Waiting| {
            let invitation_id = letter.subject.invitation()?;
            let mut details = json!({ "attempt": letter.attempts, "error": REASON, "will_retry": false });
            if letter.purpose == LetterPurpose::Reminder {
                details["letter"] = LetterPurpose::Reminder.as_str().into();
            }
            let (id, event_type) = (clock.id(), EventType::EmailFailed);
            Some(Event { id, invitation_id, event_type, at: now, actor: ActorRef::system(), details })
        };
        let entries: Vec<Event> =
            waiting.iter().filter(|letter| withdrawn.contains(&letter.id)).filter_map(entry).collect();
        timeline::insert(tx, &entries)?;
        Ok(withdrawn.len())
    })
    .await
}

/// People whose reminder became due after the backup was made may have been reminded since, and are not
/// reminded again.
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
