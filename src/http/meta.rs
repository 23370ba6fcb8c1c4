//! What operations and readers of the contract need: liveness, readiness, metrics, the contract, what errors mean.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    State, codes,
    problem::{Problem, not_found},
};

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `unavailable`.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Is the process alive?
///
/// Answers without asking anything else: restart what does not answer this.
#[utoipa::path(tag = "Operations", operation_id = "healthz", security(()), responses((status = 200, description = "It is.", body = Health)))]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// What a service needs to be of use.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ok`, or `unavailable` when any of the rest is not `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Whether the database answers.
    #[schema(example = "ok")]
    pub database: &'static str,
    /// Whether its schema is up to date.
    #[schema(example = "ok")]
    pub migrations: &'static str,
    /// The courier of this process: `ok`, `stopped`, or `elsewhere` when it runs in a process of its own.
    #[schema(example = "ok")]
    pub courier: &'static str,
}

/// Can the service do its work?
///
/// Send no requests while this answers 503.
#[utoipa::path(
    tag = "Operations",
    operation_id = "readyz",
    security(()),
    responses(
        (status = 200, description = "It can.", body = Readiness),
        (status = 503, description = "The database is away, its schema is not up to date, or the courier has stopped.", body = Readiness),
    )
)]
#[get("/readyz")]
pub async fn readyz(state: Data<State>) -> HttpResponse {
    let (database, migrations) = match state.services.db.is_migrated().await {
        Ok(true) => ("ok", "ok"),
        Ok(false) => ("ok", "unavailable"),
        Err(_) => ("unavailable", "unavailable"),
    };
    let courier = state.courier.word();
    let ready = (database, migrations) == ("ok", "ok") && courier != "stopped";
    let status = if ready { "ok" } else { "unavailable" };
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    if !ready {
        response.insert_header((header::RETRY_AFTER, super::RETRY_AFTER.to_string()));
    }
    response.json(Readiness { status, database, migrations, courier })
}

/// Metrics for Prometheus
#[utoipa::path(tag = "Operations", operation_id = "metrics", security(()), responses((status = 200, description = "OpenMetrics text.", content_type = "application/openmetrics-text", body = String)))]
#[get("/metrics")]
pub async fn metrics(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(state.metrics.render())
}

/// This contract
#[utoipa::path(tag = "Operations", operation_id = "contract", security(()), responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object)))]
#[get("/openapi.json")]
pub async fn contract(state: Data<State>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(state.contract.clone())
}

/// What an error code means
///
/// The page that `type` in a problem leads to.
#[utoipa::path(
    tag = "Operations",
    operation_id = "problem",
    params(("code" = String, Path, description = "The code.", example = "validation_failed")),
    security(()),
    responses(
        (status = 200, description = "What it means and what to do.", content_type = "text/html", body = String),
        (status = 404, description = "`not_found`: there is no such code."),
    )
)]
#[get("/problems/{code}")]
pub async fn problem(path: Path<String>) -> Result<HttpResponse, Problem> {
    let codes::Code { code, status, title, help } = codes::find(&path).ok_or_else(not_found)?;
    // Every word is from the table: nothing here needs escaping.
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p><code>{code}</code>, HTTP status {status}</p><p>{help}</p></body></html>"
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// `/docs` is a folder.
pub async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

/// For a path that no route takes: 405 when the contract knows the path, 404 when it does not.
pub async fn nothing_here(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    match state.routes.methods(request.path()) {
        Some(allow) => {
            let detail = format!("This path knows {allow}.");
            Err(Problem::new(codes::METHOD_NOT_ALLOWED, detail).header(header::ALLOW, allow))
        }
        None => Err(Problem::new(codes::NOT_FOUND, "There is nothing at this path. /docs shows what there is.")),
    }
}
