//! `GET /metrics`.

use actix_web::{HttpResponse, get, web::Data};

use super::health::DATABASE_TIMEOUT;
use crate::http::state::State;

/// Metrics for Prometheus
#[utoipa::path(
    tag = "Operations",
    operation_id = "metrics",
    security(()),
    responses((
        status = 200, description = "OpenMetrics text.", content_type = "application/openmetrics-text",
        body = String
    )),
)]
#[get("/metrics")]
pub async fn metrics(state: Data<State>) -> HttpResponse {
    // The backlog is counted when metrics are read, by any process: the courier may be busy, or run in
    // another process.
    if let Ok(backlog) = state.services.backlog(DATABASE_TIMEOUT).await {
        state.metrics.outbox(backlog.queued, backlog.oldest_seconds());
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(state.metrics.render())
}
