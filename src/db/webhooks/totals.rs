//! Numbers for metrics.

use diesel::prelude::*;

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{webhook_deliveries as deliveries, webhook_endpoints as endpoints},
    sql::partial_index::is_undelivered,
};
use crate::domain::webhooks::WebhookStatus;

/// Deliveries and endpoints at one moment.
#[derive(Debug, Clone)]
pub struct Totals {
    /// Deliveries to active endpoints that are to be made. What waits for others is not counted: their events
    /// of 30 days may be many.
    pub waiting: u64,
    /// Endpoints by status.
    pub endpoints: [(WebhookStatus, u64); WebhookStatus::ALL.len()],
}

/// Counts deliveries and endpoints.
pub fn totals(connection: &mut AnyConnection) -> Result<Totals, DbFault> {
    let rows: Vec<(String, String)> = endpoints::table
        .filter(endpoints::deleted_at.is_null())
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
