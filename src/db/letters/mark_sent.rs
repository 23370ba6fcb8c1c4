//! Records that letters were sent: many in one statement on PostgreSQL, to save round trips.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    IntoSql,
    pg::Pg,
    prelude::*,
    query_builder::QueryFragment,
    sql_types::{Array, Integer, Nullable, Text},
};

use super::outbox::{self, Claimed, Outcome};
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    invitations,
    pool::any_connection::AnyConnection,
    schema,
    sql::{
        timestamp::{At, UtcTimestamp},
        unnest::Arrays,
    },
};
use crate::domain::ids::InvitationId;

/// Records the outcome of each attempt, as [`outbox::record`] does.
pub fn record(tx: &mut Tx<'_>, outcomes: &[(Claimed, Outcome)]) -> Result<Vec<Guarded>, DbFault> {
    let mut at_once: HashSet<String> = match tx.writing() {
        AnyConnection::Postgres(c) if outcomes.iter().any(|(_, outcome)| outcome.sent().is_some()) => {
            letters(outcomes).get_results::<String>(c)?.into_iter().collect()
        }
        AnyConnection::Postgres(_) | AnyConnection::Sqlite(_) => HashSet::new(),
    };
    let postgres = matches!(tx.writing(), AnyConnection::Postgres(_));
    let recorded = |(letter, outcome): &(Claimed, Outcome)| match outcome {
        // `remove`, so that a duplicate outcome counts once.
        Outcome::Sent { .. } if postgres => Ok(Guarded::of(usize::from(at_once.remove(letter.id.as_str())))),
        _ => outbox::record(tx, letter, outcome),
    };
    outcomes.iter().map(recorded).collect()
}

/// The ids are also a condition on the letters alone: where the server expects few letters in these states, a
/// join may begin with them, and would read the whole index.
fn letters(outcomes: &[(Claimed, Outcome)]) -> Arrays<impl QueryFragment<Pg>> {
    let sent = || outcomes.iter().filter_map(|(letter, outcome)| Some((letter, outcome.sent()?)));
    let list = (
        sent().map(|(letter, _)| letter.id.to_string()).collect::<Vec<_>>().into_sql::<Array<Text>>(),
        sent().map(|(letter, _)| letter.attempt).collect::<Vec<_>>().into_sql::<Array<Integer>>(),
        sent().map(|(_, (at, _))| At(at)).collect::<Vec<_>>().into_sql::<Array<UtcTimestamp>>(),
        sent()
            .map(|(_, (_, receipt))| receipt.provider)
            .collect::<Vec<_>>()
            .into_sql::<Array<Nullable<Text>>>(),
        sent()
            .map(|(_, (_, receipt))| receipt.name().map(str::to_owned))
            .collect::<Vec<_>>()
            .into_sql::<Array<Nullable<Text>>>(),
        sent()
            .map(|(letter, _)| letter.relay.as_deref().map(str::to_owned))
            .collect::<Vec<_>>()
            .into_sql::<Array<Nullable<Text>>>(),
    );
    let before = "UPDATE letters SET state = 'sent', last_error = NULL, cause = NULL, status_code = NULL, \
        leased_until = NULL, sent_at = taken.at, provider = taken.provider, \
        provider_message_id = taken.name, \
        relay = coalesce(taken.relay, letters.relay) FROM unnest(";
    let after = ") AS taken (id, attempt, at, provider, name, relay) WHERE letters.id = taken.id \
                 AND letters.id = ANY($1) AND letters.attempts = taken.attempt \
                 AND letters.state IN ('queued', 'withdrawn') RETURNING letters.id";
    Arrays { before: before.into(), list, after }
}

/// A sending that the relay accepted.
#[derive(Debug, Clone, Copy)]
pub struct Accepted {
    /// The invitation.
    pub invitation: InvitationId,
    /// The generation of the link.
    pub generation: i32,
    /// When the relay accepted it.
    pub at: DateTime<Utc>,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
}

/// Moves the time of sending to when the relay accepted the letter, and the expiry with it, for invitations
/// that are still pending at this generation. Returns these invitations.
pub fn accepted_by_relay(tx: &mut Tx<'_>, sendings: &[Accepted]) -> Result<HashSet<InvitationId>, DbFault> {
    let mut moved = HashSet::new();
    if sendings.is_empty() {
        return Ok(moved);
    }
    match tx.writing() {
        AnyConnection::Postgres(c) => {
            for id in invitations_of(sendings).get_results::<String>(c)? {
                let unreadable = |_| DbFault::Corrupt { table: "invitations", column: "id", row: id.clone() };
                moved.insert(id.parse().map_err(unreadable)?);
            }
        }
        AnyConnection::Sqlite(_) => {
            for one in sendings {
                if invitations::accepted_by_relay(
                    tx,
                    (one.invitation, one.generation),
                    one.at,
                    one.expires_at,
                )? == Guarded::Applied
                {
                    moved.insert(one.invitation);
                }
            }
        }
    }
    Ok(moved)
}

/// The current generation of each of these invitations.
pub fn generations(tx: &mut Tx<'_>, ids: &[InvitationId]) -> Result<HashMap<InvitationId, i32>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(InvitationId::as_str).collect();
    let known = schema::invitations::table
        .filter(schema::invitations::id.eq_any(ids))
        .select((schema::invitations::id, schema::invitations::generation))
        .load::<(String, i32)>(tx.reading())?;
    let unreadable = |id: &str| DbFault::Corrupt { table: "invitations", column: "id", row: id.to_owned() };
    known
        .into_iter()
        .map(|(id, generation)| Ok((id.parse().map_err(|_| unreadable(&id))?, generation)))
        .collect()
}

/// The condition on `state` is written so that no partial index of pending invitations matches: a server
/// without statistics for the table would scan that whole index instead of looking up the few ids.
fn invitations_of(sendings: &[Accepted]) -> Arrays<impl QueryFragment<Pg>> {
    let list = (
        sendings.iter().map(|one| one.invitation.as_str()).collect::<Vec<_>>().into_sql::<Array<Text>>(),
        sendings.iter().map(|one| one.generation).collect::<Vec<_>>().into_sql::<Array<Integer>>(),
        sendings.iter().map(|one| At(one.at)).collect::<Vec<_>>().into_sql::<Array<UtcTimestamp>>(),
        sendings.iter().map(|one| At(one.expires_at)).collect::<Vec<_>>().into_sql::<Array<UtcTimestamp>>(),
    );
    let before = "UPDATE invitations SET last_sent_at = taken.at, expires_at = taken.expires_at FROM unnest(";
    let after = ") AS taken (id, generation, at, expires_at) WHERE invitations.id = taken.id \
                 AND invitations.id = ANY($1) \
                 AND invitations.generation = taken.generation AND invitations.state || '' = 'pending' \
                 RETURNING invitations.id";
    Arrays { before: before.into(), list, after }
}
