//! Looking invitations up by id: looks that arrive together share a query.

use std::{collections::HashMap, io};

use chrono::{DateTime, Utc};

use super::details;
use crate::db::{
    AnyConnection, Db, DbFault,
    pool::{group_commit::GroupCommit, session::check_writable},
};
use crate::domain::ids::InvitationId;

pub use super::details::InvitationDetails;

/// The most that share a query.
const MAX_BATCH: usize = 256;

/// What is looked up.
#[derive(Debug, Clone, Copy)]
pub struct LookupKey {
    /// Which invitation.
    pub id: InvitationId,
    /// Since when who looked at its link is wanted too.
    pub looks_since: Option<DateTime<Utc>>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct LookupResult {
    /// The invitation, if there is one.
    pub known: Option<InvitationDetails>,
    /// The details of the looks at its link.
    pub recent_opens: Vec<String>,
}

/// Looks that arrive together.
pub type Lookups = GroupCommit<LookupKey, LookupResult, DbFault>;

/// Starts the queue.
///
/// # Errors
/// When the system gives no thread.
pub fn lookups(db: &Db) -> io::Result<Lookups> {
    GroupCommit::reading(db, "looks", MAX_BATCH, look_up)
}

fn look_up(connection: &mut AnyConnection, wanted: &[LookupKey]) -> Result<Vec<LookupResult>, DbFault> {
    let ids: Vec<InvitationId> = wanted.iter().map(|one| one.id).collect();
    let known = details::by_ids(connection, &ids)?;
    if ids.iter().any(|id| !known.contains_key(id)) {
        // What a standby does not know may exist all the same.
        check_writable(connection)?;
    }
    let looked_at: Vec<InvitationId> =
        wanted.iter().filter(|one| one.looks_since.is_some()).map(|one| one.id).collect();
    let recent_opens = match wanted.iter().filter_map(|one| one.looks_since).min() {
        Some(since) => details::recent_opens(connection, &looked_at, since)?,
        None => HashMap::new(),
    };
    let found = |one: &LookupKey| LookupResult {
        known: known.get(&one.id).cloned(),
        recent_opens: one.looks_since.and_then(|_| recent_opens.get(&one.id)).cloned().unwrap_or_default(),
    };
    Ok(wanted.iter().map(found).collect())
}
