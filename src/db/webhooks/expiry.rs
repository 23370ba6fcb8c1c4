//! Links that expired, found in the order of their expiry: the index of it is read from where the last look
//! ended.
//!
//! While its letter waits in the outbox no link expires: it gets its whole time when the letter is sent. The
//! look leaves it out, and [`of_letters_given_up`] writes what is left out for good. What is renewed or ended
//! before the look gets there is written by [`settle`]. An expiry has one id ([`expiry_id`]), and these lock
//! the row of the progress, so that each is written once.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    events::{NewEvent, fact, write},
    receivers::{self, Receiver},
};
use crate::db::{
    Tx,
    error::DbFault,
    letters::outbox::LetterState,
    pool::any_connection::AnyConnection,
    schema::{invitations, letters, users, webhook_events as events, webhook_progress as progress},
    sql::{partial_index::is_queued, timestamp::At},
};
use crate::domain::{
    event::{Event, EventType},
    ids::InvitationId,
    invitation::InvitationState,
    letter::LetterPurpose,
    webhooks::{WebhookEventType, expiry_id},
};

/// The name of the one row.
const EXPIRY: &str = "invitation.expired";

/// Up to when expired links were looked for. Locked until the end of the transaction, so that of two
/// processes one looks. `None` before the first look, after which it is `now`: what expired before is no
/// news.
pub fn progress(tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbFault> {
    let row = progress::table.find(EXPIRY).select(progress::at);
    let at: Option<At> = match tx.writing() {
        AnyConnection::Postgres(c) => row.for_update().first(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(c) => row.first(c).optional()?,
    };
    if at.is_none() {
        let first = (progress::name.eq(EXPIRY), progress::at.eq(At(now)));
        each!(tx.writing(), c => {
            diesel::insert_into(progress::table).values(first).on_conflict_do_nothing().execute(c)
        })?;
    }
    Ok(at.map(|at| at.0))
}

/// Remembers up to when expired links were looked for.
pub fn set_progress(tx: &mut Tx<'_>, at: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(progress::table.find(EXPIRY)).set(progress::at.eq(At(at))).execute(tx.writing())?;
    Ok(())
}

/// Up to when expired links were looked for; `None` before the first look. Until the transaction ends no
/// other one looks further.
fn looked_until(tx: &mut Tx<'_>) -> Result<Option<DateTime<Utc>>, DbFault> {
    let row = progress::table.find(EXPIRY).select(progress::at);
    let at: Option<At> = match tx.writing() {
        AnyConnection::Postgres(c) => row.for_share().first(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(c) => row.first(c).optional()?,
    };
    Ok(at.map(|at| at.0))
}

/// What is read of an invitation, and when its link expires.
type Row = ((String, String, String, Option<String>), At);

/// Invitations but those of erased persons, of whom nothing more is said.
macro_rules! links {
    () => {
        invitations::table
            .filter(not(exists(
                users::table
                    .filter(users::id.eq(invitations::user_id))
                    .filter(users::erased_at.is_not_null()),
            )))
            .order((invitations::expires_at, invitations::id))
            .select((
                (invitations::id, invitations::kind, invitations::user_id, invitations::account_id),
                invitations::expires_at,
            ))
    };
}

/// That the letter with the present link of an invitation is in this state.
macro_rules! letter {
    ($is_in_state:expr) => {
        exists(
            letters::table
                .filter(letters::invitation_id.eq(invitations::id.nullable()).assume_not_null())
                .filter(letters::generation.eq(invitations::generation))
                .filter(letters::kind.eq(LetterPurpose::Invitation.as_str()).and($is_in_state)),
        )
    };
}

/// Writes the events of the links that expired later than `after` and not later than `until`, of at most
/// `limit` invitations and those that expired together with the last of these. Returns up to when all were
/// written.
pub fn record_expired(
    tx: &mut Tx<'_>,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<DateTime<Utc>, DbFault> {
    let receivers = receivers::find(tx.reading(), until)?;
    if receivers.is_empty() {
        return Ok(until);
    }
    // A replaced one had expired before another took its place.
    let states = [InvitationState::Pending, InvitationState::Replaced].map(InvitationState::as_str);
    let ends: Vec<At> = invitations::table
        .filter(invitations::expires_at.gt(At(after)).and(invitations::expires_at.le(At(until))))
        .order(invitations::expires_at)
        .limit(limit)
        .select(invitations::expires_at)
        .load(tx.reading())?;
    let is_all = i64::try_from(ends.len()).is_ok_and(|found| found < limit);
    let end = ends.last().map_or(until, |last| if is_all { until } else { last.0 });
    let rows = links!()
        .filter(invitations::expires_at.gt(At(after)).and(invitations::expires_at.le(At(end))))
        .filter(invitations::state.eq_any(states))
        .filter(not(letter!(is_queued())))
        .load::<Row>(tx.reading())?;
    write_new(tx, &receivers, rows)?;
    Ok(end)
}

/// Writes the events of those of these pending invitations whose links have expired at `now`, and which the
/// look for expired links has not reached, or has left out. To be called before a change by which it does not
/// find them: before a new link, a revocation, or another invitation in their place.
pub fn settle(tx: &mut Tx<'_>, ids: &[InvitationId], now: DateTime<Utc>) -> Result<(), DbFault> {
    if ids.is_empty() {
        return Ok(());
    }
    let receivers = receivers::find(tx.reading(), now)?;
    if receivers.is_empty() {
        return Ok(());
    }
    let Some(after) = looked_until(tx)? else { return Ok(()) };
    let ids: Vec<&str> = ids.iter().map(InvitationId::as_str).collect();
    let rows = links!()
        .filter(invitations::id.eq_any(ids))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::expires_at.le(At(now)))
        .filter(invitations::expires_at.gt(At(after)).or(letter!(is_queued())))
        .load::<Row>(tx.reading())?;
    write_new(tx, &receivers, rows)
}

/// Writes the events of invitations whose letters these entries of their timelines give up, and whose links
/// expired while these waited.
pub(in crate::db) fn of_letters_given_up(tx: &mut Tx<'_>, new: &[Event]) -> Result<(), DbFault> {
    let given_up: Vec<&Event> = new.iter().filter(|entry| is_given_up(entry)).collect();
    let Some(now) = given_up.iter().map(|entry| entry.at).max() else { return Ok(()) };
    let receivers = receivers::find(tx.reading(), now)?;
    if receivers.is_empty() || looked_until(tx)?.is_none() {
        return Ok(());
    }
    let ids: Vec<&str> = given_up.iter().map(|entry| entry.invitation_id.as_str()).collect();
    let rows = links!()
        .filter(invitations::id.eq_any(ids))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::expires_at.le(At(now)))
        .filter(letter!(letters::state.eq(LetterState::Failed.as_str())))
        .load::<Row>(tx.reading())?;
    write_new(tx, &receivers, rows)
}

fn is_given_up(entry: &Event) -> bool {
    entry.event_type == EventType::EmailFailed
        && WebhookEventType::of(entry) == Some(WebhookEventType::InvitationBounced)
}

/// Writes the events of these expiries, but of those that have one.
fn write_new(tx: &mut Tx<'_>, receivers: &[Receiver], rows: Vec<Row>) -> Result<(), DbFault> {
    let new = rows.into_iter().map(|(row, expired_at)| {
        let (facts, at) = (fact(row)?, expired_at.0);
        let named = (expiry_id(facts.id, at), WebhookEventType::InvitationExpired, at);
        Ok(NewEvent::of_invitation(named, &facts, None))
    });
    let mut new = new.collect::<Result<Vec<_>, DbFault>>()?;
    let ids: Vec<&str> = new.iter().map(|event| event.id.as_str()).collect();
    let known = events::table.filter(events::id.eq_any(ids)).select(events::id);
    let known: HashSet<String> = known.load::<String>(tx.reading())?.into_iter().collect();
    new.retain(|event| !known.contains(event.id.as_str()));
    write(tx, receivers, &new)
}
