//! The size of the outbox, and when the next letter is due.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count_star, min},
    prelude::*,
    sql_types::Bool,
};

use super::claim::ClaimScope;
use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::letters,
    sql::{partial_index::is_queued, timestamp::At},
};

/// When the next of these letters is due.
pub fn next_due(connection: &mut AnyConnection, which: ClaimScope) -> Result<Option<DateTime<Utc>>, DbFault> {
    let queued = letters::table
        .filter(is_queued())
        .filter(letters::leased_until.is_null().or((which == ClaimScope::Due).into_sql::<Bool>()));
    let due: Option<At> = queued.select(min(letters::next_attempt_at)).first(connection)?;
    Ok(due.map(|at| at.0))
}

/// The size of the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// The number of letters to be sent.
    pub queued: i64,
    /// When the oldest of them was put in.
    pub oldest: Option<DateTime<Utc>>,
}

/// Reads the size of the outbox.
pub fn backlog(connection: &mut AnyConnection) -> Result<Backlog, DbFault> {
    let queued = letters::table.filter(is_queued());
    let (queued, oldest): (i64, Option<At>) =
        queued.select((count_star(), min(letters::created_at))).first(connection)?;
    Ok(Backlog { queued, oldest: oldest.map(|at| at.0) })
}
