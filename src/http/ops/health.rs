//! What operations and readers of the contract need: liveness, readiness, metrics, the contract, what errors mean.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    State,
    openapi::ErrorCode,
    response::{
        error_codes,
        problem::{Problem, not_found},
    },
};

/// How long the database is given to answer: whoever asks so often gives no more time themselves.
const PROBE: Duration = Duration::from_secs(5);

/// How long a commit is given. One that takes longer is as good as none to whoever waits for an invite.
const COMMIT: Duration = Duration::from_secs(3);

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// It answers, so it is.
    pub status: Alive,
}

/// A process that answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alive {
    /// It does.
    Ok,
}

/// How letters go.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailCondition {
    /// As they should.
    Ok,
    /// Some have waited for more than 15 minutes: the relay is away or refuses, the limit is too low, or no courier is at work.
    Late,
    /// It cannot be said while the database is away.
    Unknown,
}

/// How something is that the service needs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It does its work.
    Ok,
    /// It does not.
    Unavailable,
}

impl Condition {
    fn of(well: bool) -> Self {
        if well { Self::Ok } else { Self::Unavailable }
    }
}

/// How the courier is: `elsewhere` when it runs in a process of its own.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CourierCondition {
    /// It is at work in this process.
    Ok,
    /// It was, and has stopped.
    Stopped,
    /// It was told to send nothing (`--hold-mail`): letters wait.
    Held,
    /// It is another process's work.
    Elsewhere,
}

/// Is the process alive?
///
/// Answers without asking anything else: restart what does not answer this.
#[utoipa::path(tag = "Operations", operation_id = "healthz", security(()), responses((status = 200, description = "It is.", body = Health)))]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: Alive::Ok })
}

/// What a service needs to be of use.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `unavailable` when the database or its schema is, or the courier has stopped.
    pub status: Overall,
    /// Whether the database answers, and what is written is committed.
    pub database: Condition,
    /// Whether its schema is up to date.
    pub migrations: Condition,
    /// The courier of this process.
    pub courier: CourierCondition,
    /// The letters. When they are late the service is `degraded`, and still able to do its work.
    pub mail: MailCondition,
    /// Why the database is of no use though it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub reason: Option<String>,
}

/// How the whole is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// It does its work.
    Ok,
    /// It does, but letters are late.
    Degraded,
    /// It does not.
    Unavailable,
}

/// Can the service do its work?
///
/// Send no requests while this answers 503. Once a second at most it asks the database whether a write is committed.
#[utoipa::path(
    tag = "Operations",
    operation_id = "readyz",
    security(()),
    responses(
        (status = 200, description = "It can; when it is `degraded`, letters are late.", body = Readiness),
        (status = 503, description = "The database is away or commits nothing, its schema is not up to date, or the courier has stopped.", body = Readiness),
    )
)]
#[get("/readyz")]
pub async fn readyz(state: Data<State>) -> HttpResponse {
    let db = state.services.db.within(PROBE);
    let (migrated, committed) = tokio::join!(db.is_migrated(), db.can_commit(COMMIT));
    let (database, migrations, reason) = match (migrated, committed) {
        (Ok(migrated), Ok(())) => (Condition::Ok, Condition::of(migrated), None),
        (Ok(migrated), Err(_)) => {
            let reason = "A write is not committed: the server takes none, or waits for a standby or for its disk.";
            (Condition::Unavailable, Condition::of(migrated), Some(reason.to_owned()))
        }
        (Err(_), _) => (Condition::Unavailable, Condition::Unavailable, db.pooler_fault().map(|fault| fault.to_string())),
    };
    let courier = state.courier.condition();
    let ready = (database, migrations) == (Condition::Ok, Condition::Ok) && courier != CourierCondition::Stopped;
    let backlog = if database == Condition::Ok { state.services.backlog(PROBE).await.ok() } else { None };
    let mail = match backlog {
        Some(backlog) if backlog.is_late() => MailCondition::Late,
        Some(_) => MailCondition::Ok,
        None => MailCondition::Unknown,
    };
    let status = match (ready, mail) {
        (false, _) => Overall::Unavailable,
        (true, MailCondition::Late) => Overall::Degraded,
        (true, _) => Overall::Ok,
    };
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    if !ready {
        response.insert_header((header::RETRY_AFTER, crate::http::RETRY_AFTER.to_string()));
    }
    response.json(Readiness { status, database, migrations, courier, mail, reason })
}

/// Metrics for Prometheus
#[utoipa::path(tag = "Operations", operation_id = "metrics", security(()), responses((status = 200, description = "OpenMetrics text.", content_type = "application/openmetrics-text", body = String)))]
#[get("/metrics")]
pub async fn metrics(state: Data<State>) -> HttpResponse {
    // What waits is counted when it is asked for, by whichever process: a courier that is busy or elsewhere tells nobody.
    if let Ok(backlog) = state.services.backlog(PROBE).await {
        state.metrics.outbox(backlog.queued, backlog.oldest_seconds());
    }
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
    params(("code" = ErrorCode, Path, description = "The code.", example = "validation_failed")),
    security(()),
    responses(
        (status = 200, description = "What it means and what to do.", content_type = "text/html", body = String),
        (status = 404, description = "`not_found`: there is no such code."),
    )
)]
#[get("/problems/{code}")]
pub async fn problem(path: Path<String>) -> Result<HttpResponse, Problem> {
    let error_codes::Code { code, status, title, help } = error_codes::find(&path).ok_or_else(not_found)?;
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
    match state.routes.find(&request).map(|route| route.methods.clone()) {
        Some(allow) => {
            let detail = format!("This path knows {allow}.");
            Err(Problem::new(error_codes::METHOD_NOT_ALLOWED, detail).header(header::ALLOW, allow))
        }
        None => Err(Problem::new(error_codes::NOT_FOUND, "There is nothing at this path. /docs shows what there is.")),
    }
}
