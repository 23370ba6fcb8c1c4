//! Links that expired, found in the order of their expiry: the index of it is read from where the last look
//! ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    events::{NewEvent, fact, write},
    receivers,
};
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, webhook_progress as progress},
    sql::timestamp::At,
};
use crate::domain::{ids::WebhookEventId, invitation::InvitationState, webhooks::WebhookEventType};

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

/// Writes the events of the links that expired later than `after` and not later than `until`, at most `limit`
/// and those that expired together with the last of these. `new_id` makes ids. Returns up to when all were
/// written.
pub fn record_expired(
    tx: &mut Tx<'_>,
    (after, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
    new_id: impl Fn() -> WebhookEventId,
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
    let rows = invitations::table
        .filter(invitations::expires_at.gt(At(after)).and(invitations::expires_at.le(At(end))))
        .filter(invitations::state.eq_any(states))
        .order((invitations::expires_at, invitations::id))
        .select((
            (invitations::id, invitations::kind, invitations::user_id, invitations::account_id),
            invitations::expires_at,
        ))
        .load::<((String, String, String, Option<String>), At)>(tx.reading())?;
    let events = rows.into_iter().map(|(row, expired_at)| {
        let named = (new_id(), WebhookEventType::InvitationExpired, expired_at.0);
        Ok(NewEvent::of_invitation(named, &fact(row)?, None))
    });
    write(tx, &receivers, &events.collect::<Result<Vec<_>, DbFault>>()?)?;
    Ok(end)
}
