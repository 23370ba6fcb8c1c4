//! `GET /metrics`, among the API's routes or at a listener of its own (`METRICS_ADDR`).

use actix_web::{HttpRequest, HttpResponse, get, http::header, web::Data};

use super::{docs::nothing_here, gauges::read_gauges};
use crate::http::{
    openapi::errors::errors,
    response::{error_codes, problem::Problem},
    state::{METRICS_PATH, State},
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
        Ok(_alone) => read_gauges(&state.services, &state.metrics, &state.courier).await,
        // Another request reads them: what it finds is as new.
        Err(_) => drop(state.gauge_reading.lock().await),
    }
    HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(state.metrics.render())
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
