//! Counts the letters requested in the last day. A row stays locked until the letters that it counts are
//! committed, so that concurrent requests cannot exceed the limit.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, Text},
};

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::letter_counts,
    sql::timestamp::{At, UtcTimestamp},
};
use crate::domain::letter_quota::{LetterLog, WINDOW};

rows! {
    struct NewRow<'a> of letter_counts {
        subject: &'a str,
        sent: String,
        last_sent_at: At,
    }
    insert_missing_subjects
}

/// Inserts the missing rows of these subjects with the log `expected`, and locks the others and returns their
/// logs. A subject that is not in the result was inserted.
///
/// Inserts come before locks, and both are in the order of the subjects, as with people
/// (`users::insert_missing`), so that two transactions with the same subjects cannot deadlock. People are
/// locked before subjects.
pub fn insert_missing(
    tx: &mut Tx<'_>,
    expected: &BTreeMap<String, LetterLog>,
    now: DateTime<Utc>,
) -> Result<HashMap<String, LetterLog>, DbFault> {
    let rows: Vec<NewRow<'_>> = expected
        .iter()
        .map(|(subject, log)| NewRow { subject, sent: log.to_string(), last_sent_at: At(now) })
        .collect();
    let entered: Vec<String> = NewRow::insert_missing_subjects(tx.writing(), &rows)?;
    let known: Vec<&str> =
        expected.keys().filter(|subject| !entered.contains(subject)).map(String::as_str).collect();
    if known.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = letter_counts::table
        .filter(letter_counts::subject.eq_any(&known))
        .order(letter_counts::subject)
        .select((letter_counts::subject, letter_counts::sent));
    let rows: Vec<(String, String)> = match tx.writing() {
        AnyConnection::Postgres(c) => rows.for_no_key_update().load(c)?,
        AnyConnection::Sqlite(c) => rows.load(c)?,
    };
    if rows.len() < known.len() {
        // A row was swept in between.
        return Err(DbFault::TryAgain);
    }
    logs(rows, now)
}

/// Reads the logs of these subjects without a lock.
pub fn read(
    connection: &mut AnyConnection,
    subjects: &[&str],
    now: DateTime<Utc>,
) -> Result<HashMap<String, LetterLog>, DbFault> {
    let rows = letter_counts::table
        .filter(letter_counts::subject.eq_any(subjects))
        .select((letter_counts::subject, letter_counts::sent));
    logs(rows.load(connection)?, now)
}

fn logs(rows: Vec<(String, String)>, now: DateTime<Utc>) -> Result<HashMap<String, LetterLog>, DbFault> {
    rows.into_iter()
        .map(|(subject, sent)| match sent.parse::<LetterLog>() {
            Ok(mut log) => {
                log.forget(now);
                Ok((subject, log))
            }
            Err(_) => Err(DbFault::Corrupt { table: "letter_counts", column: "sent", row: subject }),
        })
        .collect()
}

/// Writes the logs of subjects that [`insert_missing`] inserted or locked; rows with an empty log are
/// deleted.
pub fn write(tx: &mut Tx<'_>, logs: &[(&str, &LetterLog)], now: DateTime<Utc>) -> Result<(), DbFault> {
    let (empty, logs): (Vec<_>, Vec<_>) = logs.iter().partition(|(_, log)| log.is_empty());
    if !empty.is_empty() {
        let subjects: Vec<&str> = empty.iter().map(|(subject, _)| *subject).collect();
        let gone = letter_counts::table.filter(letter_counts::subject.eq_any(subjects));
        diesel::delete(gone).execute(tx.writing())?;
    }
    match tx.writing() {
        _ if logs.is_empty() => {}
        AnyConnection::Postgres(c) => {
            let (subjects, sent): (Vec<&str>, Vec<String>) =
                logs.iter().map(|(subject, log)| (*subject, log.to_string())).unzip();
            sql_query(
                "UPDATE letter_counts SET sent = one.sent, last_sent_at = $3 \
                 FROM unnest($1, $2) AS one (subject, sent) WHERE letter_counts.subject = one.subject \
                 AND letter_counts.subject = ANY($1)",
            )
            .bind::<Array<Text>, _>(subjects)
            .bind::<Array<Text>, _>(sent)
            .bind::<UtcTimestamp, _>(At(now))
            .execute(c)?;
        }
        AnyConnection::Sqlite(c) => {
            for (subject, log) in logs {
                diesel::update(letter_counts::table.find(subject))
                    .set((letter_counts::sent.eq(log.to_string()), letter_counts::last_sent_at.eq(At(now))))
                    .execute(c)?;
            }
        }
    }
    Ok(())
}

/// Deletes rows that no longer count at `now`, the oldest first, at most `most`. Returns their number.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, now: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = letter_counts::table
        .filter(letter_counts::last_sent_at.le(At(now - WINDOW)))
        .select(letter_counts::subject)
        .order((letter_counts::last_sent_at, letter_counts::subject))
        .limit(i64::try_from(most).unwrap_or(i64::MAX));
    let subjects: Vec<String> = match tx.writing() {
        // A row that is locked is being counted at this moment, and will not be old afterwards.
        AnyConnection::Postgres(c) => old.for_update().skip_locked().load(c)?,
        AnyConnection::Sqlite(c) => old.load(c)?,
    };
    Ok(diesel::delete(letter_counts::table.filter(letter_counts::subject.eq_any(subjects)))
        .execute(tx.writing())?)
}
