//! Numbers for metrics.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{api_clients as clients, webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    sql::{partial_index::is_undelivered, timestamp::At},
};
use crate::domain::webhooks::WebhookStatus;

/// Deliveries and endpoints at one moment, of clients that are neither revoked nor expired.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Deliveries to active endpoints that are to be made. What waits for others is not counted: their events
    /// of 30 days may be many.
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
    let waiting: i64 = deliveries::table
        .filter(is_undelivered().and(deliveries::endpoint_id.eq_any(active)))
        .count()
        .get_result(connection)?;
    Ok(Totals {
        waiting: u64::try_from(waiting).unwrap_or_default(),
        endpoints: WebhookStatus::ALL
            .map(|status| (status, u64::try_from(with(status).count()).unwrap_or(u64::MAX))),
    })
}
