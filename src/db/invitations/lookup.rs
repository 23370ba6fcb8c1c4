//! Lookups of invitations by id: concurrent lookups share a query.

use std::{collections::HashMap, io};

use chrono::{DateTime, Utc};

use super::details;
use crate::db::{
    AnyConnection, Db, DbFault,
    pool::{group_commit::GroupCommit, session::check_writable},
};
use crate::domain::ids::InvitationId;

pub use super::details::InvitationDetails;

/// The most lookups in one query.
const MAX_BATCH: usize = 256;

/// One lookup.
#[derive(Debug, Clone, Copy)]
pub struct LookupKey {
    /// The id of the invitation.
    pub id: InvitationId,
    /// If set, the `opened` events since this time are returned, too.
    pub looks_since: Option<DateTime<Utc>>,
}

/// The result of one lookup.
#[derive(Debug, Clone, Default)]
pub struct LookupResult {
    /// The invitation, if it exists.
    pub known: Option<InvitationDetails>,
    /// The details of its `opened` events.
    pub recent_opens: Vec<String>,
}

/// The queue of lookups.
pub type Lookups = GroupCommit<LookupKey, LookupResult, DbFault>;

/// Starts the queue.
///
/// # Errors
/// When the system cannot start a thread.
pub fn lookups(db: &Db) -> io::Result<Lookups> {
    GroupCommit::reading(db, "looks", MAX_BATCH, look_up)
}

fn look_up(connection: &mut AnyConnection, keys: &[LookupKey]) -> Result<Vec<LookupResult>, DbFault> {
    let ids: Vec<InvitationId> = keys.iter().map(|one| one.id).collect();
    let known = details::by_ids(connection, &ids)?;
    if ids.iter().any(|id| !known.contains_key(id)) {
        // A row that is missing on a standby may exist on the primary.
        check_writable(connection)?;
    }
    let looked_at: Vec<InvitationId> =
        keys.iter().filter(|one| one.looks_since.is_some()).map(|one| one.id).collect();
    let recent_opens = match keys.iter().filter_map(|one| one.looks_since).min() {
        Some(since) => details::recent_opens(connection, &looked_at, since)?,
        None => HashMap::new(),
    };
    let found = |one: &LookupKey| LookupResult {
        known: known.get(&one.id).cloned(),
        recent_opens: one.looks_since.and_then(|_| recent_opens.get(&one.id)).cloned().unwrap_or_default(),
    };
    Ok(keys.iter().map(found).collect())
}
