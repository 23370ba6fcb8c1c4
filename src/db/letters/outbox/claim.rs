//! Claims letters for a courier, and extends their leases.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::{
    connection::SimpleConnection,
    dsl::case_when,
    prelude::*,
    sql_types::{Bool, Nullable},
};

use super::state::LetterState;
use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::letters,
    sql::{
        partial_index::is_queued,
        planner::IN_INDEX_ORDER,
        timestamp::{At, UtcTimestamp},
    },
};
use crate::domain::{
    ids::LetterId,
    letter::{LetterPurpose, LetterSubject},
    trace_parent::TraceParent,
};

/// A letter that this courier may send until the lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The id.
    pub id: LetterId,
    /// What it is about.
    pub subject: LetterSubject,
    /// The generation of the link.
    pub generation: i32,
    /// The purpose of the letter.
    pub purpose: LetterPurpose,
    /// The number of this attempt, 1 for the first.
    pub attempt: i32,
    /// When it was first tried.
    pub first_tried_at: DateTime<Utc>,
    /// The end of the lease with which it was claimed.
    pub lease_ends: DateTime<Utc>,
    /// Where the courier takes it: a relay or a provider, as `Mailer::describe` has it.
    pub relay: Option<Arc<str>>,
    /// The span in which it was written, for tracing.
    pub trace_parent: Option<TraceParent>,
}

/// Which letters are claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimScope {
    /// All due letters, including those with an expired lease.
    Due,
    /// Only due letters without any lease since their last record.
    Unleased,
}

/// Claims up to `limit` of these letters at `now`, until `lease_ends`.
pub fn claim(
    tx: &mut Tx<'_>,
    scope: ClaimScope,
    limit: i64,
    (now, lease_ends): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Claimed>, DbFault> {
    let ids = due(tx, scope, limit, now)?;
    let rows = diesel::update(letters::table)
        .filter(letters::id.eq_any(ids))
        .set((
            letters::attempts.eq(letters::attempts + 1),
            letters::next_attempt_at.eq(At(lease_ends)),
            letters::leased_until.eq(At(lease_ends)),
            letters::first_tried_at.eq(case_when(
                letters::first_tried_at.is_null(),
                At(now).into_sql::<Nullable<UtcTimestamp>>(),
            )
            .otherwise(letters::first_tried_at)),
        ))
        .returning((
            letters::id,
            (letters::invitation_id, letters::subject),
            letters::generation,
            letters::kind,
            letters::attempts,
            letters::first_tried_at,
            letters::trace_parent,
        ))
        .get_results::<Row>(tx.writing())?;
    rows.into_iter().map(|row| claimed(row, (now, lease_ends))).collect()
}

/// The ids of these letters, the one that has waited longest first. On PostgreSQL the rows are locked.
fn due(tx: &mut Tx<'_>, scope: ClaimScope, limit: i64, now: DateTime<Utc>) -> Result<Vec<String>, DbFault> {
    let due = letters::table
        .filter(is_queued().and(letters::next_attempt_at.le(At(now))))
        .filter(letters::leased_until.is_null().or((scope == ClaimScope::Due).into_sql::<Bool>()))
        .order((letters::next_attempt_at, letters::id))
        .limit(limit)
        .select(letters::id);
    Ok(match tx.writing() {
        AnyConnection::Postgres(c) => {
            c.batch_execute(IN_INDEX_ORDER)?;
            // Rows that another courier is claiming are skipped without waiting.
            due.for_update().skip_locked().load(c)?
        }
        AnyConnection::Sqlite(c) => due.load(c)?,
    })
}

/// The id, the subject, the generation, the purpose, the attempt, when it was first tried, and its span.
type Row = (String, Ids, i32, String, i32, Option<At>, Option<String>);

fn claimed(
    (id, ids, generation, kind, attempt, first_tried_at, trace_parent): Row,
    (now, lease_ends): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Claimed, DbFault> {
    let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
    Ok(Claimed {
        id: id.parse().map_err(|_| unreadable("id"))?,
        subject: subject_of(ids).ok_or_else(|| unreadable("subject"))?,
        generation,
        purpose: kind.parse().map_err(|_| unreadable("kind"))?,
        attempt,
        first_tried_at: first_tried_at.map_or(now, |at| at.0),
        lease_ends,
        relay: None,
        // Sending does not depend on it: what cannot be read is none.
        trace_parent: trace_parent.as_deref().and_then(TraceParent::parse),
    })
}

/// The invitation, or another subject: one of the two.
pub(super) type Ids = (Option<String>, Option<String>);

pub(super) fn subject_of((invitation, other): Ids) -> Option<LetterSubject> {
    LetterSubject::parse(&invitation.or(other)?)
}

/// Extends the lease of a letter until `until`. A letter that was withdrawn meanwhile is extended too, since
/// it is still being sent.
pub fn renew(tx: &mut Tx<'_>, letter: &Claimed, until: DateTime<Utc>) -> Result<(), DbFault> {
    diesel::update(letters::table)
        .filter(letters::id.eq(letter.id.as_str()).and(letters::attempts.eq(letter.attempt)))
        .filter(letters::state.eq_any([LetterState::Queued.as_str(), LetterState::Withdrawn.as_str()]))
        .filter(letters::leased_until.is_not_null())
        .set((letters::next_attempt_at.eq(At(until)), letters::leased_until.eq(At(until))))
        .execute(tx.writing())?;
    Ok(())
}
