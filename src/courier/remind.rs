//! Reminding people whose link expires soon.
//!
//! A reminder is a letter of the same sending: the same link and expiry, once. The courier checks the link
//! again before it sends, as for every letter, so no row of a person is locked here.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::Courier;
use crate::{
    clock::Clock,
    db::{
        DbFault, Tx,
        letters::{
            outbox::{self, LetterState, NewLetter},
            quota,
            reminders::{self, Due},
        },
    },
    domain::{
        ids::LetterId,
        letter::LetterPurpose,
        letter_quota::{LetterLog, LimitScope, mailbox},
    },
};

/// How often due reminders are looked for: the scan reads all pending invitations, and a minute's delay is
/// acceptable.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// The most that are written at once.
const MAX_BATCH: i64 = 256;

impl Courier {
    /// Puts the reminders that are due into the outbox, if it is time to look.
    pub(super) async fn remind(&self, now: DateTime<Utc>) -> Result<(), DbFault> {
        let Some(before) = self.remind_before else { return Ok(()) };
        if self.last_reminder_scan.is_fresh(now, EVERY) {
            return Ok(());
        }
        loop {
            let (clock, quota) = (self.clock.clone(), self.mailbox_limit);
            let written = self
                .db
                .write::<_, DbFault>(move |tx| {
                    let due = reminders::due(tx.reading(), now, now + before, MAX_BATCH)?;
                    let found = due.len();
                    let letters: Vec<NewLetter> =
                        due.into_iter().map(|due| reminder(&clock, due, now)).collect();
                    let entered = outbox::insert_missing(tx, &letters)?;
                    let entered: Vec<&NewLetter> =
                        letters.iter().filter(|letter| entered.contains(&letter.id)).collect();
                    if let Some(quota) = quota {
                        let past = past_quota(tx, &entered, quota, now)?;
                        outbox::set_aside(tx, &past)?;
                    }
                    Ok(found)
                })
                .await?;
            if i64::try_from(written).unwrap_or(i64::MAX) < MAX_BATCH {
                self.last_reminder_scan.at(now);
                return Ok(());
            }
        }
    }
}

fn reminder(clock: &Clock, due: Due, now: DateTime<Utc>) -> NewLetter {
    let Due { invitation: invitation_id, generation, recipient } = due;
    let (purpose, state) = (LetterPurpose::Reminder, LetterState::Queued);
    NewLetter { id: clock.id(), invitation_id, generation, recipient, purpose, state, at: now }
}

/// Counts reminders as the letters that they are, and names those whose mailbox has had its letters of the
/// day: they are not sent, since nobody asked for them.
fn past_quota(
    tx: &mut Tx<'_>,
    letters: &[&NewLetter],
    quota: u32,
    now: DateTime<Utc>,
) -> Result<Vec<LetterId>, DbFault> {
    let subject =
        |letter: &NewLetter| format!("{}:{}", LimitScope::Mailbox.as_str(), mailbox(&letter.recipient));
    let subjects: BTreeMap<String, LetterLog> =
        letters.iter().map(|letter| (subject(letter), LetterLog::default())).collect();
    let mut logs = quota::insert_missing(tx, &subjects, now)?;
    let mut past = Vec::new();
    for letter in letters {
        let log = logs.entry(subject(letter)).or_default();
        if log.wait(now, quota).is_some() {
            past.push(letter.id);
        } else {
            log.add(now, quota);
        }
    }
    let logs: Vec<(&str, &LetterLog)> = logs.iter().map(|(subject, log)| (subject.as_str(), log)).collect();
    quota::write(tx, &logs, now)?;
    Ok(past)
}
