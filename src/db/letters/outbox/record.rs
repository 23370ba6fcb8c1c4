//! Records the outcome of an attempt.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::Bool};

use super::{claim::Claimed, outcome::Outcome, state::LetterState};
use crate::db::{Tx, error::DbFault, guarded::Guarded, schema::letters, sql::timestamp::At};
use crate::domain::{letter::Receipt, mail_fault::MailFault, refusal_cause::RefusalCause};

#[derive(Default, AsChangeset)]
#[diesel(table_name = letters)]
#[expect(
    clippy::option_option,
    reason = "the outer one says whether the column is set, the inner one to what"
)]
struct Change<'a> {
    state: Option<&'a str>,
    next_attempt_at: Option<At>,
    last_error: Option<Option<&'a str>>,
    sent_at: Option<At>,
    failed_at: Option<At>,
    leased_until: Option<Option<At>>,
    cause: Option<Option<&'a str>>,
    status_code: Option<Option<String>>,
    provider: Option<&'a str>,
    provider_message_id: Option<&'a str>,
    relay: Option<&'a str>,
}

impl<'a> Change<'a> {
    fn sent(at: DateTime<Utc>, receipt: &'a Receipt) -> Self {
        Self {
            state: Some(LetterState::Sent.as_str()),
            // The earlier error no longer matters.
            last_error: Some(None),
            cause: Some(None),
            status_code: Some(None),
            sent_at: Some(At(at)),
            provider: receipt.provider,
            provider_message_id: receipt.name(),
            ..Self::default()
        }
    }

    fn not_sent(error: &'a str, cause: &RefusalCause) -> Self {
        Self {
            last_error: Some(Some(error)),
            cause: Some(cause.fault.map(MailFault::as_str)),
            status_code: Some(cause.status.map(|code| code.to_string())),
            ..Self::default()
        }
    }
}

/// Records the outcome of an attempt. Stale when the letter is no longer at that attempt.
///
/// A letter that was withdrawn while it was being sent is recorded as sent.
pub fn record(tx: &mut Tx<'_>, letter: &Claimed, outcome: &Outcome) -> Result<Guarded, DbFault> {
    let mut change = match outcome {
        Outcome::Sent { at, receipt } => Change::sent(*at, receipt),
        Outcome::Retry { at, error, cause, .. } => {
            Change { next_attempt_at: Some(At(*at)), ..Change::not_sent(error, cause) }
        }
        Outcome::Failed { at, error, cause, .. } => {
            let (state, failed_at) = (Some(LetterState::Failed.as_str()), Some(At(*at)));
            Change { state, failed_at, ..Change::not_sent(error, cause) }
        }
        Outcome::Withdrawn => Change { state: Some(LetterState::Withdrawn.as_str()), ..Change::default() },
        Outcome::Untried { at } => return give_back(tx, letter, *at),
    };
    change.leased_until = Some(None);
    change.relay = letter.relay.as_deref().filter(|_| !matches!(outcome, Outcome::Withdrawn));
    let open: &[&str] = match outcome {
        Outcome::Sent { .. } => &[LetterState::Queued.as_str(), LetterState::Withdrawn.as_str()],
        _ => &[LetterState::Queued.as_str()],
    };
    // A retry is recorded only while there is a lease, so that a duplicate record has no effect.
    let other = !matches!(outcome, Outcome::Retry { .. });
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()))
        .filter(letters::state.eq_any(open))
        .filter(letters::attempts.eq(letter.attempt))
        .filter(letters::leased_until.is_not_null().or(other.into_sql::<Bool>()))
        .set(&change)
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Undoes the claim of a letter that was not tried.
fn give_back(tx: &mut Tx<'_>, letter: &Claimed, now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let changed = diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()).and(letters::attempts.eq(letter.attempt)))
        // A duplicate record must not end the next claim's lease, which has the same number of attempts.
        .filter(letters::leased_until.eq(At(letter.lease_ends)).assume_not_null())
        .filter(letters::state.eq(LetterState::Queued.as_str()))
        .set((
            letters::attempts.eq(letter.attempt - 1),
            letters::next_attempt_at.eq(At(now)),
            letters::leased_until.eq(None::<At>),
            letters::first_tried_at.eq((letter.attempt > 1).then_some(At(letter.first_tried_at))),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}
