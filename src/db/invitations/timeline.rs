//! The timeline of each invitation.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx, audit,
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{invitation_events, invitation_events as events},
    sql::timestamp::At,
    webhooks,
};
use crate::domain::{
    actor::ActorRef,
    event::{Event, EventType},
    ids::{EventId, InvitationId},
};

rows! {
    pub(in crate::db) struct NewRow<'a> of invitation_events {
        id: &'a str,
        invitation_id: &'a str,
        event_type: &'a str,
        at: At,
        actor_kind: &'a str,
        actor_id: &'a str,
        actor_name: &'a str,
        details: String,
    }
    insert
}

/// Inserts entries, the audit events of those that callers made, and the webhook events of those that
/// partners chose.
pub fn insert(tx: &mut Tx<'_>, new: &[Event]) -> Result<(), DbFault> {
    NewRow::insert(tx.writing(), &rows(new))?;
    audit::insert(tx, &audit::of_timeline(new))?;
    webhooks::of_timeline(tx, new)?;
    webhooks::of_letters_given_up(tx, new)
}

pub(in crate::db) fn rows(new: &[Event]) -> Vec<NewRow<'_>> {
    new.iter()
        .map(|event| NewRow {
            id: event.id.as_str(),
            invitation_id: event.invitation_id.as_str(),
            event_type: event.event_type.as_str(),
            at: At(event.at),
            actor_kind: event.actor.kind.as_str(),
            actor_id: &event.actor.id,
            actor_name: &event.actor.name,
            details: event.details.to_string(),
        })
        .collect()
}

/// The entries of this type later than `after`, the newest first.
pub fn since(
    connection: &mut AnyConnection,
    invitation: InvitationId,
    event_type: EventType,
    after: DateTime<Utc>,
) -> Result<Vec<Event>, DbFault> {
    let rows = events::table
        .filter(events::invitation_id.eq(invitation.to_string()))
        .filter(events::event_type.eq(event_type.as_str()).and(events::at.gt(At(after))))
        .order(events::id.desc())
        .load::<Row>(connection)?;
    rows.into_iter().map(Event::try_from).collect()
}

/// Up to `limit` entries of a timeline after `after`, oldest first. Processes write at the same time, and an
/// id may be made a little later than the time of its entry: the time decides, and of equals the id.
pub fn list(
    connection: &mut AnyConnection,
    invitation: InvitationId,
    after: Option<EventId>,
    limit: i64,
) -> Result<Vec<Event>, DbFault> {
    let mut query = events::table
        .filter(events::invitation_id.eq(invitation.to_string()))
        .order((events::at.asc(), events::id.asc()))
        .limit(limit)
        .into_boxed::<MultiBackend>();
    if let Some(after) = after {
        let at: Option<At> = events::table
            .filter(events::id.eq(after.to_string()))
            .filter(events::invitation_id.eq(invitation.to_string()))
            .select(events::at)
            .first(connection)
            .optional()?;
        // Entries are not deleted while their invitation is there.
        let Some(At(at)) = at else { return Ok(Vec::new()) };
        let same_time = events::at.eq(At(at)).and(events::id.gt(after.to_string()));
        query = query.filter(events::at.gt(At(at)).or(same_time));
    }
    query.load::<Row>(connection)?.into_iter().map(Event::try_from).collect()
}

#[derive(Queryable)]
struct Row {
    id: String,
    invitation_id: String,
    event_type: String,
    at: At,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    details: String,
}

impl TryFrom<Row> for Event {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let unreadable =
            |column| DbFault::Corrupt { table: "invitation_events", column, row: row.id.clone() };
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            invitation_id: row.invitation_id.parse().map_err(|_| unreadable("invitation_id"))?,
            event_type: row.event_type.parse().map_err(|_| unreadable("event_type"))?,
            at: row.at.0,
            actor: ActorRef {
                kind: row.actor_kind.parse().map_err(|_| unreadable("actor_kind"))?,
                id: row.actor_id.clone(),
                name: row.actor_name.clone(),
                origin: None,
            },
            details: serde_json::from_str(&row.details).map_err(|_| unreadable("details"))?,
        })
    }
}
