//! The rate of letters, shared by all couriers of a database: our own limit, and pauses that a relay asks
//! for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx, error::DbFault, pool::any_connection::AnyConnection, schema::mail_pace, sql::timestamp::At,
};
use crate::domain::rate_limit::Pace;

/// When the next letters may be sent to this relay. The row stays locked until the transaction ends.
pub fn free_at(tx: &mut Tx<'_>, relay: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, DbFault> {
    let first = (mail_pace::relay.eq(relay), mail_pace::free_at.eq(At(now)));
    each!(tx.writing(), c => {
        diesel::insert_into(mail_pace::table).values(first).on_conflict_do_nothing().execute(c)
    })?;
    let row = mail_pace::table.find(relay).select(mail_pace::free_at);
    let free_at: At = match tx.writing() {
        AnyConnection::Postgres(c) => row.for_update().first(c)?,
        AnyConnection::Sqlite(c) => row.first(c)?,
    };
    Ok(free_at.0)
}

/// Records that `letters` letters are sent at `now`.
pub fn record_sent(
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

/// The end of the pause that the relay asked for, if it ever did.
pub fn held_until(tx: &mut Tx<'_>, relay: &str) -> Result<Option<DateTime<Utc>>, DbFault> {
    let held: Option<At> =
        mail_pace::table.find(relay).select(mail_pace::free_at).first(tx.reading()).optional()?;
    Ok(held.map(|at| at.0))
}

/// Pauses the relay until `until`; a later end that was set before stays.
pub fn pause(tx: &mut Tx<'_>, relay: &str, until: DateTime<Utc>) -> Result<(), DbFault> {
    let first = (mail_pace::relay.eq(relay), mail_pace::free_at.eq(At(until)));
    each!(tx.writing(), c => {
        diesel::insert_into(mail_pace::table).values(first).on_conflict_do_nothing().execute(c)
    })?;
    diesel::update(mail_pace::table.find(relay).filter(mail_pace::free_at.lt(At(until))))
        .set(mail_pace::free_at.eq(At(until)))
        .execute(tx.writing())?;
    Ok(())
}
