//! The pace of letters, which all couriers of a database keep together: a limit of ours, and a relay's word
//! to be left alone.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::mail_pace, sql::timestamp::At,
};
use crate::domain::rate_limit::Pace;

/// When the next letters may go to this relay; whoever asks keeps others from asking until the transaction
/// ends.
pub fn free_at(tx: &mut Tx<'_>, relay: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, DbFault> {
    let first = (mail_pace::relay.eq(relay), mail_pace::free_at.eq(At(now)));
    each!(tx.writing(), c => diesel::insert_into(mail_pace::table).values(first).on_conflict_do_nothing().execute(c))?;
    let row = mail_pace::table.find(relay).select(mail_pace::free_at);
    let free_at: At = match tx.writing() {
        AnyConnection::Postgres(c) => row.for_update().first(c)?,
        AnyConnection::Sqlite(c) => row.first(c)?,
    };
    Ok(free_at.0)
}

/// Writes down that so many go at `now`.
pub fn went(
    tx: &mut Tx<'_>,
    relay: &str,
    pace: Pace,
    letters: u32,
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    diesel::update(mail_pace::table.find(relay))
        .set(mail_pace::free_at.eq(At(pace.next(letters, now))))
        .execute(tx.writing())?;
    Ok(())
}

/// Until when the relay is to be left alone, when it ever asked for that.
pub fn held_until(tx: &mut Tx<'_>, relay: &str) -> Result<Option<DateTime<Utc>>, DbFault> {
    let held: Option<At> =
        mail_pace::table.find(relay).select(mail_pace::free_at).first(tx.reading()).optional()?;
    Ok(held.map(|at| at.0))
}

/// Leaves the relay alone until then, or until later if that was asked before.
pub fn pause(tx: &mut Tx<'_>, relay: &str, until: DateTime<Utc>) -> Result<(), DbFault> {
    let first = (mail_pace::relay.eq(relay), mail_pace::free_at.eq(At(until)));
    each!(tx.writing(), c => diesel::insert_into(mail_pace::table).values(first).on_conflict_do_nothing().execute(c))?;
    diesel::update(mail_pace::table.find(relay).filter(mail_pace::free_at.lt(At(until))))
        .set(mail_pace::free_at.eq(At(until)))
        .execute(tx.writing())?;
    Ok(())
}
