//! Counts of wrong guesses at passwords, shared by all processes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::guess_counts::{self, dsl},
    sql::timestamp::At,
};
use crate::domain::guess_count::{GuessCount, KEPT};

rows! {
    struct NewRow<'a> of guess_counts {
        id: &'a str,
        failures: i32,
        open_at: At,
        last_at: At,
    }
    insert_missing
}

/// Locks the counts with these ids until the transaction ends, in the order of `ids`. Missing ones are
/// inserted. Inserts come before locks, and both are in the order of the ids, so that two transactions with
/// the same counts cannot deadlock.
pub fn lock(tx: &mut Tx<'_>, ids: &[String]) -> Result<Vec<GuessCount>, DbFault> {
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let none = At(DateTime::UNIX_EPOCH);
    let new: Vec<NewRow<'_>> =
        sorted.iter().map(|id| NewRow { id, failures: 0, open_at: none, last_at: none }).collect();
    NewRow::insert_missing(tx.writing(), &new)?;
    let rows = guess_counts::table.filter(dsl::id.eq_any(&sorted)).order(dsl::id).select((
        dsl::id,
        dsl::failures,
        dsl::open_at,
        dsl::last_at,
    ));
    let rows: Vec<(String, i32, At, At)> = match tx.writing() {
        AnyConnection::Postgres(c) => rows.for_no_key_update().load(c)?,
        AnyConnection::Sqlite(c) => rows.load(c)?,
    };
    let count = |id: &String| {
        let row = rows.iter().find(|(known, ..)| known == id);
        // A row was swept in between.
        let (_, failures, open_at, last_at) = row.ok_or(DbFault::TryAgain)?;
        let failures = u32::try_from(*failures).unwrap_or_default();
        Ok(GuessCount { failures, open_at: open_at.0, last_at: last_at.0 })
    };
    ids.iter().map(count).collect()
}

/// Writes the counts that have changed; those without a failure are deleted.
pub fn write(
    tx: &mut Tx<'_>,
    ids: &[String],
    (before, after): (&[GuessCount], &[GuessCount]),
) -> Result<(), DbFault> {
    for (id, (before, after)) in ids.iter().zip(before.iter().zip(after)) {
        let row = guess_counts::table.find(id);
        if after.failures == 0 {
            diesel::delete(row).execute(tx.writing())?;
        } else if before != after {
            let failures = i32::try_from(after.failures).unwrap_or(i32::MAX);
            let columns = (
                dsl::failures.eq(failures),
                dsl::open_at.eq(At(after.open_at)),
                dsl::last_at.eq(At(after.last_at)),
            );
            diesel::update(row).set(columns).execute(tx.writing())?;
        }
    }
    Ok(())
}

/// Deletes counts whose last wrong guess is a day ago, at most `most`. Returns their number.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = guess_counts::table
        .filter(dsl::last_at.le(At(now - KEPT)))
        .select(dsl::id)
        .limit(i64::try_from(most).unwrap_or(i64::MAX));
    let ids: Vec<String> = match tx.writing() {
        // A row that is locked is being counted at this moment.
        AnyConnection::Postgres(c) => old.for_update().skip_locked().load(c)?,
        AnyConnection::Sqlite(c) => old.load(c)?,
    };
    Ok(diesel::delete(guess_counts::table.filter(dsl::id.eq_any(ids))).execute(tx.writing())?)
}
