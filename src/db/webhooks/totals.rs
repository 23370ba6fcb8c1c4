//! Numbers for metrics.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{Array, BigInt, Text},
};
use serde_json::json;

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_clients as clients, webhook_endpoints as endpoints},
    sql::timestamp::At,
};
use crate::domain::webhooks::WebhookStatus;

/// So many deliveries are counted at most: a scrape of the metrics reads no more, however many wait.
const MAX_COUNTED: i64 = 10_000;

/// Deliveries and endpoints at one moment, of clients that are neither revoked nor expired.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Deliveries to active endpoints that are to be made, counted up to 10,000. What waits for others is not
    /// counted: their events of 30 days may be many.
    pub waiting: u64,
    /// Endpoints by status.
    pub endpoints: [(WebhookStatus, u64); WebhookStatus::ALL.len()],
}

/// Counts deliveries and endpoints at `now`.
pub fn totals(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Totals, DbFault> {
    let rows: Vec<(String, String)> = endpoints::table
        .inner_join(clients::table.on(clients::id.eq(endpoints::client_id)))
        .filter(endpoints::deleted_at.is_null().and(clients::revoked_at.is_null()))
        .filter(clients::expires_at.is_null().or(clients::expires_at.gt(At(now)).assume_not_null()))
        .select((endpoints::id, endpoints::status))
        .load(connection)?;
    let with = |status: WebhookStatus| rows.iter().filter(move |(_, known)| known == status.as_str());
    let active: Vec<&str> = with(WebhookStatus::Active).map(|(id, _)| id.as_str()).collect();
    Ok(Totals {
        waiting: waiting(connection, active)?,
        endpoints: WebhookStatus::ALL
            .map(|status| (status, u64::try_from(with(status).count()).unwrap_or(u64::MAX))),
    })
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many deliveries to these endpoints wait, counted up to [`MAX_COUNTED`] along the partial index
/// `webhook_deliveries_due`, whose condition is in the text (`sql::partial_index`).
fn waiting(connection: &mut AnyConnection, endpoints: Vec<&str>) -> Result<u64, DbFault> {
    let query = |is_one_of: &str| {
        sql_query(format!(
            "SELECT COUNT(*) AS number FROM (SELECT 1 FROM webhook_deliveries \
                 WHERE state = 'pending' AND endpoint_id {is_one_of} LIMIT {MAX_COUNTED}) AS waiting"
        ))
    };
    let counted: Counted = match connection {
        AnyConnection::Postgres(c) => query("= ANY($1)").bind::<Array<Text>, _>(endpoints).get_result(c)?,
        // One parameter: SQLite limits their number.
        AnyConnection::Sqlite(c) => query("IN (SELECT value FROM json_each($1))")
            .bind::<Text, _>(json!(endpoints).to_string())
            .get_result(c)?,
    };
    Ok(u64::try_from(counted.number).unwrap_or_default())
}
