//! The log of attempts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{webhook_attempts, webhook_attempts as attempts},
    sql::timestamp::At,
};
use crate::domain::ids::{WebhookAttemptId, WebhookEndpointId, WebhookEventId};

/// One attempt to deliver an event.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its id, which sorts by time.
    pub id: WebhookAttemptId,
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// The event.
    pub event: WebhookEventId,
    /// Its type.
    pub event_type: String,
    /// The number of the attempt, 1 for the first.
    pub attempt: i32,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The status of the answer.
    pub status: Option<i32>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: i32,
}

rows! {
    struct NewRow<'a> of webhook_attempts {
        id: &'a str,
        endpoint_id: &'a str,
        event_id: &'a str,
        event_type: &'a str,
        attempt: i32,
        at: At,
        status: Option<i32>,
        error: Option<&'a str>,
        milliseconds: i32,
    }
    insert
}

/// Writes an attempt into the log.
pub(super) fn insert(connection: &mut AnyConnection, new: &Attempt) -> Result<(), DbFault> {
    let row = NewRow {
        id: new.id.as_str(),
        endpoint_id: new.endpoint.as_str(),
        event_id: new.event.as_str(),
        event_type: &new.event_type,
        attempt: new.attempt,
        at: At(new.at),
        status: new.status,
        error: new.error.as_deref(),
        milliseconds: new.milliseconds,
    };
    Ok(NewRow::insert(connection, &[row])?)
}

#[derive(Queryable)]
struct Row {
    id: String,
    endpoint_id: String,
    event_id: String,
    event_type: String,
    attempt: i32,
    at: At,
    status: Option<i32>,
    error: Option<String>,
    milliseconds: i32,
}

impl TryFrom<Row> for Attempt {
    type Error = DbFault;

    fn try_from(row: Row) -> Result<Self, DbFault> {
        let unreadable = |column| DbFault::Corrupt { table: "webhook_attempts", column, row: row.id.clone() };
        Ok(Self {
            id: row.id.parse().map_err(|_| unreadable("id"))?,
            endpoint: row.endpoint_id.parse().map_err(|_| unreadable("endpoint_id"))?,
            event: row.event_id.parse().map_err(|_| unreadable("event_id"))?,
            event_type: row.event_type,
            attempt: row.attempt,
            at: row.at.0,
            status: row.status,
            error: row.error,
            milliseconds: row.milliseconds,
        })
    }
}

/// Up to `limit` attempts of an endpoint, newest first, those older than `before`; of one event if it is
/// named.
pub fn list(
    connection: &mut AnyConnection,
    (endpoint, event): (WebhookEndpointId, Option<WebhookEventId>),
    before: Option<WebhookAttemptId>,
    limit: i64,
) -> Result<Vec<Attempt>, DbFault> {
    let mut query = attempts::table
        .filter(attempts::endpoint_id.eq(endpoint.to_string()))
        .order(attempts::id.desc())
        .limit(limit)
        .into_boxed::<MultiBackend>();
    if let Some(event) = event {
        query = query.filter(attempts::event_id.eq(event.to_string()));
    }
    if let Some(before) = before {
        query = query.filter(attempts::id.lt(before.to_string()));
    }
    query.load::<Row>(connection)?.into_iter().map(Attempt::try_from).collect()
}
