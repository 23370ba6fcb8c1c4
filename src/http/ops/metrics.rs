//! `GET /metrics`, among the API's routes or at a listener of its own (`METRICS_ADDR`).

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};

use super::{
    courier_watch::CourierCondition,
    docs::nothing_here,
    health::{COMMIT_TIMEOUT, DATABASE_TIMEOUT},
};
use crate::http::{
    openapi::errors::errors,
    response::{error_codes, problem::Problem},
    state::{METRICS_PATH, State},
};
use crate::{
    domain::invitation::{DeliveryState, InvitationStatus},
    services::totals::Totals,
};

errors! {
    MetricsErrors:
    NOT_FOUND = "metrics have a listener of their own";
}

/// Metrics for Prometheus
///
/// Where the service has a listener for them (`METRICS_ADDR`), they are there, and 404 here.
#[utoipa::path(
    tag = "Operations",
    operation_id = "metrics",
    security(()),
    responses(
        (
            status = 200, description = "OpenMetrics text.", content_type = "application/openmetrics-text",
            body = String
        ),
        MetricsErrors,
    ),
)]
#[get("/metrics")]
pub async fn metrics(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    if state.settings.metrics_apart { nothing_here(request, state).await } else { Ok(render(state).await) }
}

/// The metrics, whichever the listener.
pub async fn render(state: Data<State>) -> HttpResponse {
    match state.gauge_reading.try_lock() {
        Ok(_alone) => read_gauges(&state).await,
        // Another request reads them: what it finds is as new.
        Err(_) => drop(state.gauge_reading.lock().await),
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(state.metrics.render())
}

/// Reads what holds now. The database is read by any process: the courier may be busy, or run in another one.
/// Where it does not answer, its numbers stay as they were.
async fn read_gauges(state: &State) {
    let (services, gauges) = (&state.services, &state.metrics.gauges);
    let disk = services.db.within(DATABASE_TIMEOUT);
    let (backlog, totals, webhooks, committed, free_disk) = tokio::join!(
        services.backlog(DATABASE_TIMEOUT),
        services.totals(DATABASE_TIMEOUT),
        services.webhook_totals(DATABASE_TIMEOUT),
        services.db.can_commit(COMMIT_TIMEOUT),
        disk.free_disk(),
    );
    gauges.database(backlog.is_ok(), committed.is_ok());
    if let Ok(backlog) = backlog {
        gauges.outbox(backlog.queued, backlog.oldest_seconds());
    }
    if let Ok(Totals { invitations, relay_hold }) = totals {
        let (by_status, by_delivery) = (&invitations.by_status, &invitations.by_delivery);
        gauges.invitations(InvitationStatus::ALL.map(|one| (one.as_str(), by_status.of(one))));
        gauges.deliveries(DeliveryState::ALL.map(|one| (one.as_str(), by_delivery.of(one))));
        gauges.relay_hold(relay_hold.as_seconds_f64());
    }
    if let Ok(webhooks) = webhooks {
        gauges.webhooks(webhooks.waiting);
        gauges.webhook_endpoints(webhooks.endpoints.map(|(status, number)| (status.as_str(), number)));
    }
    if let Some(bytes) = free_disk {
        gauges.free_disk(bytes);
    }
    let condition = state.courier.condition();
    gauges.courier(CourierCondition::ALL.map(|one| (one.as_str(), one == condition)));
}

/// For other requests to the listener for metrics.
pub async fn nothing_else(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.match_info().as_str() == METRICS_PATH {
        let refused =
            Problem::new(error_codes::METHOD_NOT_ALLOWED, "The methods of this path are GET, HEAD.");
        return Err(refused.header(header::ALLOW, "GET, HEAD"));
    }
    Err(Problem::new(error_codes::NOT_FOUND, "There is nothing but /metrics here."))
}
