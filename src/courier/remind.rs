//! Reminding those whose link dies soon.
//!
//! A reminder is a letter of the same sending: the same link, no further time, once. Whether the link still lives is looked at
//! when its turn comes, as for every letter; so nobody is locked here.

use chrono::{DateTime, TimeDelta, Utc};

use super::Courier;
use crate::{
    db::{
        DbFault,
        outbox::{self, NewLetter},
        reminders,
    },
    domain::letter::LetterPurpose,
};

/// How often it is looked who is to be reminded: nobody minds a minute, and the look goes through all that is pending.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// The most that are written at once.
const MOST: i64 = 256;

impl Courier {
    /// Puts the reminders that are due into the outbox, if it is time to look.
    pub(super) async fn remind(&self, now: DateTime<Utc>) -> Result<(), DbFault> {
        let Some(before) = self.remind_before else { return Ok(()) };
        if self.reminded.is_fresh(now, EVERY) {
            return Ok(());
        }
        loop {
            let clock = self.clock.clone();
            let written = self
                .db
                .write::<_, DbFault>(move |tx| {
                    let due = reminders::due(tx.reading(), now, now + before, MOST)?;
                    let letter = |(invitation, generation)| NewLetter {
                        purpose: LetterPurpose::Reminder,
                        ..NewLetter::of(clock.id(), invitation, generation, now)
                    };
                    let written = due.len();
                    outbox::enter(tx, &due.into_iter().map(letter).collect::<Vec<_>>())?;
                    Ok(written)
                })
                .await?;
            if i64::try_from(written).unwrap_or(i64::MAX) < MOST {
                self.reminded.at(now);
                return Ok(());
            }
        }
    }
}
