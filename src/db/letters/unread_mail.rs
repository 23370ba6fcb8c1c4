//! Returned mail that could not be read, kept for staff to look at.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{Bool, Text},
};

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::unread_mail,
    sql::{like, timestamp::At},
};
use crate::domain::{
    ids::{LetterId, ReturnedMailId},
    returned_mail::UnreadReason,
};

/// How long a message is kept.
pub const TTL: TimeDelta = TimeDelta::days(14);
/// No more messages are kept: anyone can write to the return address.
pub const MAX_KEPT: i64 = 1000;

/// A message to be kept.
#[derive(Debug, Clone)]
pub struct NewUnreadMail {
    /// The id.
    pub id: ReturnedMailId,
    /// The digest of the message as it came.
    pub digest: String,
    /// The address that it came to, where that is known.
    pub recipient: Option<String>,
    /// Why it could not be read.
    pub reason: UnreadReason,
    /// The letter that it names, where it names one.
    pub letter: Option<LetterId>,
    /// Its beginning, without live links.
    pub message: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// A message that was kept.
#[derive(Debug, Clone)]
pub struct UnreadMail {
    /// The id, `ret_…`.
    pub id: String,
    /// The address that it came to, where that is known.
    pub recipient: Option<String>,
    /// Why it could not be read.
    pub reason: UnreadReason,
    /// The letter that it names, where it names one.
    pub letter: Option<String>,
    /// Its beginning, without live links.
    pub message: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// Keeps a message, once, and deletes the oldest ones beyond [`MAX_KEPT`].
pub fn keep(tx: &mut Tx<'_>, new: &NewUnreadMail) -> Result<(), DbFault> {
    let row = (
        unread_mail::id.eq(new.id.as_str()),
        unread_mail::digest.eq(&new.digest),
        unread_mail::recipient.eq(new.recipient.as_deref()),
        unread_mail::reason.eq(new.reason.as_str()),
        unread_mail::letter_id.eq(new.letter.as_ref().map(LetterId::as_str)),
        unread_mail::message.eq(&new.message),
        unread_mail::received_at.eq(At(new.received_at)),
    );
    each!(tx.writing(), c => {
        diesel::insert_into(unread_mail::table).values(row).on_conflict_do_nothing().execute(c)
    })?;
    let beyond: Vec<String> = unread_mail::table
        .select(unread_mail::id)
        .order((unread_mail::received_at.desc(), unread_mail::id.desc()))
        .offset(MAX_KEPT)
        .limit(100)
        .load(tx.reading())?;
    diesel::delete(unread_mail::table.filter(unread_mail::id.eq_any(beyond))).execute(tx.writing())?;
    Ok(())
}

type Row = (String, Option<String>, String, Option<String>, String, At);

/// The messages that came since `since`, newest first.
pub fn list(connection: &mut AnyConnection, since: DateTime<Utc>) -> Result<Vec<UnreadMail>, DbFault> {
    let rows: Vec<Row> = unread_mail::table
        .filter(unread_mail::received_at.ge(At(since)))
        .select((
            unread_mail::id,
            unread_mail::recipient,
            unread_mail::reason,
            unread_mail::letter_id,
            unread_mail::message,
            unread_mail::received_at,
        ))
        .order((unread_mail::received_at.desc(), unread_mail::id.desc()))
        .load(connection)?;
    let read = |(id, recipient, reason, letter, message, received_at): Row| {
        let corrupt = || DbFault::Corrupt { table: "unread_mail", column: "reason", row: id.clone() };
        let reason = reason.parse().map_err(|_| corrupt())?;
        Ok(UnreadMail { id, recipient, reason, letter, message, received_at: received_at.0 })
    };
    rows.into_iter().map(read).collect()
}

/// Deletes messages that came before `before`, at most `most`. Returns how many were deleted.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, before: DateTime<Utc>) -> Result<usize, DbFault> {
    let old: Vec<String> = unread_mail::table
        .filter(unread_mail::received_at.lt(At(before)))
        .select(unread_mail::id)
        .order((unread_mail::received_at, unread_mail::id))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load(tx.reading())?;
    Ok(diesel::delete(unread_mail::table.filter(unread_mail::id.eq_any(old))).execute(tx.writing())?)
}

/// Deletes the messages that name one of these letters.
pub(in crate::db) fn erase_about(tx: &mut Tx<'_>, letters: &[String]) -> Result<(), DbFault> {
    let named = unread_mail::letter_id.eq_any(letters).assume_not_null();
    diesel::delete(unread_mail::table.filter(named)).execute(tx.writing())?;
    Ok(())
}

/// Deletes the messages that hold one of these texts, which are in lower case: addresses of a person.
pub(in crate::db) fn erase<'a>(
    tx: &mut Tx<'_>,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(), DbFault> {
    for text in texts {
        // At most a thousand messages are there.
        let pattern = like::containing(text);
        let holds = diesel::dsl::sql::<Bool>("lower(message || ' ' || COALESCE(recipient, '')) LIKE ")
            .bind::<Text, _>(pattern)
            .sql(" ESCAPE '\\'");
        diesel::delete(unread_mail::table.filter(holds)).execute(tx.writing())?;
    }
    Ok(())
}
