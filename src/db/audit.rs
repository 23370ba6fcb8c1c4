//! The audit log. Triggers refuse to change its rows, and to delete those of the last year.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    Tx,
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{audit_events, users},
    sql::timestamp::At,
};
use crate::domain::{
    actor::{ActorKind, ActorRef},
    audit::{AuditAction, AuditEvent},
    event::Event,
    ids::AuditEventId,
    origin::Origin,
};

rows! {
    pub(in crate::db) struct NewRow<'a> of audit_events {
        id: &'a str,
        at: At,
        action: &'a str,
        outcome: &'a str,
        actor_kind: Option<&'a str>,
        actor_id: Option<&'a str>,
        actor_name: Option<&'a str>,
        object: Option<&'a str>,
        request_id: Option<&'a str>,
        address: Option<String>,
        user_agent: Option<&'a str>,
        details: String,
    }
    insert
}

/// Inserts events. Each is also a log line, written after the commit.
pub fn insert(tx: &mut Tx<'_>, new: &[AuditEvent]) -> Result<(), DbFault> {
    NewRow::insert(tx.writing(), &rows(new))?;
    tx.note_audited(new);
    Ok(())
}

/// The audit events of a timeline's new entries.
pub(in crate::db) fn of_timeline(new: &[Event]) -> Vec<AuditEvent> {
    new.iter().filter_map(AuditEvent::of).collect()
}

pub(in crate::db) fn rows(new: &[AuditEvent]) -> Vec<NewRow<'_>> {
    new.iter().map(row).collect()
}

fn row(event: &AuditEvent) -> NewRow<'_> {
    let actor = event.actor.as_ref();
    let origin = event.origin.as_ref().map(Origin::parts);
    NewRow {
        id: event.id.as_str(),
        at: At(event.at),
        action: event.action.as_str(),
        outcome: event.outcome.as_str(),
        actor_kind: actor.map(|actor| actor.kind.as_str()),
        actor_id: actor.map(|actor| actor.id.as_str()),
        // A user's name is read from the users, so that it is erased with them.
        actor_name: actor.filter(|actor| actor.kind != ActorKind::User).map(|actor| actor.name.as_str()),
        object: event.object.as_deref(),
        request_id: origin.map(|origin| origin.request_id.as_str()),
        address: origin.map(|origin| origin.address.address().to_string()),
        user_agent: origin.and_then(|origin| origin.user_agent.as_deref()),
        details: event.details.to_string(),
    }
}

/// Which events a list shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By this caller.
    pub actor: Option<String>,
    /// With this action.
    pub action: Option<AuditAction>,
    /// About the object with this id.
    pub object: Option<String>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// Older than this one.
    pub before: Option<AuditEventId>,
    /// The maximum number of rows.
    pub limit: i64,
}

/// An event as it is read back.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The event; its actor has the present name, empty for an erased user.
    pub event: AuditEvent,
    /// The request's id.
    pub request_id: Option<String>,
    /// The client's network address.
    pub address: Option<String>,
    /// The `User-Agent`.
    pub user_agent: Option<String>,
}

/// The events that match `filter`, newest first.
pub fn list(connection: &mut AnyConnection, filter: &AuditFilter) -> Result<Vec<StoredEvent>, DbFault> {
    let mut query = audit_events::table
        .left_join(users::table.on(users::id.nullable().eq(audit_events::actor_id)))
        .select((audit_events::all_columns, users::first_name.nullable(), users::last_name.nullable()))
        .order(audit_events::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>();
    if let Some(actor) = &filter.actor {
        query = query.filter(audit_events::actor_id.eq(actor.clone()));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_events::action.eq(action.as_str()));
    }
    if let Some(object) = &filter.object {
        query = query.filter(audit_events::object.eq(object.clone()));
    }
    // Ids begin with their time, so that times are bounds of the index by which the list is sorted.
    if let Some(from) = filter.from {
        query = query.filter(audit_events::id.ge(AuditEventId::earliest_at(from).to_string()));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_events::id.lt(AuditEventId::earliest_at(to).to_string()));
    }
    if let Some(before) = filter.before {
        query = query.filter(audit_events::id.lt(before.to_string()));
    }
    let rows = query.load::<(Row, Option<String>, Option<String>)>(connection)?;
    rows.into_iter().map(|(row, first, last)| stored(row, [first, last])).collect()
}

#[derive(Queryable)]
struct Row {
    id: String,
    at: At,
    action: String,
    outcome: String,
    actor_kind: Option<String>,
    actor_id: Option<String>,
    actor_name: Option<String>,
    object: Option<String>,
    request_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    details: String,
}

fn stored(row: Row, user: [Option<String>; 2]) -> Result<StoredEvent, DbFault> {
    let unreadable = |column| DbFault::Corrupt { table: "audit_events", column, row: row.id.clone() };
    let actor = match (&row.actor_kind, &row.actor_id) {
        (Some(kind), Some(id)) => Some(ActorRef {
            kind: kind.parse().map_err(|_| unreadable("actor_kind"))?,
            id: id.clone(),
            name: row
                .actor_name
                .clone()
                .unwrap_or_else(|| user.into_iter().flatten().collect::<Vec<_>>().join(" ")),
            origin: None,
        }),
        _ => None,
    };
    let event = AuditEvent {
        id: row.id.parse().map_err(|_| unreadable("id"))?,
        at: row.at.0,
        action: row.action.parse().map_err(|_| unreadable("action"))?,
        outcome: row.outcome.parse().map_err(|_| unreadable("outcome"))?,
        actor,
        object: row.object.clone(),
        origin: None,
        details: serde_json::from_str(&row.details).map_err(|_| unreadable("details"))?,
    };
    Ok(StoredEvent { event, request_id: row.request_id, address: row.address, user_agent: row.user_agent })
}

/// Deletes events from before `until`, the oldest first, at most `most`. Returns their number. The database
/// refuses to delete those of the last year.
pub fn delete_old(tx: &mut Tx<'_>, most: usize, until: DateTime<Utc>) -> Result<usize, DbFault> {
    let old = audit_events::table
        .filter(audit_events::id.lt(AuditEventId::earliest_at(until).to_string()))
        .select(audit_events::id)
        .order(audit_events::id)
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .load::<String>(tx.reading())?;
    Ok(diesel::delete(audit_events::table.filter(audit_events::id.eq_any(old))).execute(tx.writing())?)
}
