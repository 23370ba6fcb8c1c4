//! `GET /healthz` and `GET /readyz`: liveness and readiness.

use std::time::Duration;

use actix_web::{HttpResponse, get, http::header, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::courier_watch::CourierCondition;
use crate::http::{response::problem::RETRY_AFTER, state::State};

/// How long the database may take to answer: probes do not wait longer.
pub(super) const DATABASE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a commit may take. A slower one counts as a failure: a caller of an invite would not wait longer.
pub(super) const COMMIT_TIMEOUT: Duration = Duration::from_secs(3);

/// The state of the process.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: Alive,
}

/// A process that answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alive {
    /// It does.
    Ok,
}

/// Whether letters are sent in time.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailCondition {
    /// They are.
    Ok,
    /// Some have waited for more than 15 minutes: the relay is unavailable or refuses them, the rate limit is
    /// too low, or no courier is running.
    Late,
    /// Unknown while the database is unavailable.
    Unknown,
}

/// The condition of something that the service needs.
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

/// Is the process alive?
///
/// Answers without using anything else: restart a process that does not answer.
#[utoipa::path(
    tag = "Operations",
    operation_id = "healthz",
    security(()),
    responses((status = 200, description = "It is.", body = Health, examples(
        ("Alive" = (summary = "It is", value = json!(Health { status: Alive::Ok }))),
    ))),
)]
#[get("/healthz")]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: Alive::Ok })
}

/// What the service needs to do its work.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `unavailable` when the database or its schema is unavailable, or the courier has stopped.
    pub status: Overall,
    /// Whether the database answers and commits.
    pub database: Condition,
    /// Whether its schema is up to date.
    pub migrations: Condition,
    /// The courier of this process.
    pub courier: CourierCondition,
    /// The letters. When they are late the service is `degraded`, and still does its work.
    pub mail: MailCondition,
    /// Why the database is unavailable though it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub reason: Option<String>,
}

/// The state of the service.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    /// It does its work.
    Ok,
    /// It works, but letters are late.
    Degraded,
    /// It does not.
    Unavailable,
}

/// An example for the contract.
fn example(status: Overall, database: Condition, mail: MailCondition) -> Readiness {
    Readiness { status, database, migrations: database, courier: CourierCondition::Ok, mail, reason: None }
}

/// Can the service do its work?
///
/// Send no requests while this answers 503. At most once a second it commits a write to the database.
#[utoipa::path(
    tag = "Operations",
    operation_id = "readyz",
    security(()),
    responses(
        (status = 200, description = "It can. `degraded` means that letters are late.", body = Readiness,
        examples(
            ("Ready" = (
                summary = "It can", value = json!(example(Overall::Ok, Condition::Ok, MailCondition::Ok))
            )),
            ("Degraded" = (
                summary = "Letters are late",
                value = json!(example(Overall::Degraded, Condition::Ok, MailCondition::Late))
            )),
        )),
        (status = 503, description = "The database is unavailable or does not commit, its schema is not up \
            to date, or the courier has stopped.", body = Readiness, examples(
            ("NotReady" = (
                summary = "The database is unavailable",
                value = json!(example(Overall::Unavailable, Condition::Unavailable, MailCondition::Unknown))
            )),
        )),
    )
)]
#[get("/readyz")]
pub async fn readyz(state: Data<State>) -> HttpResponse {
    let (database, migrations, reason) = of_database(&state).await;
    let courier = state.courier.condition();
    let ready =
        (database, migrations) == (Condition::Ok, Condition::Ok) && courier != CourierCondition::Stopped;
    let backlog =
        if database == Condition::Ok { state.services.backlog(DATABASE_TIMEOUT).await.ok() } else { None };
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
        response.insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
    }
    response.json(Readiness { status, database, migrations, courier, mail, reason })
}

/// The condition of the database and of its schema, and what is known of the reason.
async fn of_database(state: &State) -> (Condition, Condition, Option<String>) {
    let db = state.services.db.within(DATABASE_TIMEOUT);
    let (migrated, committed) = tokio::join!(db.is_migrated(), db.can_commit(COMMIT_TIMEOUT));
    match (migrated, committed) {
        (Ok(migrated), Ok(())) => (Condition::Ok, Condition::of(migrated), None),
        (Ok(migrated), Err(_)) => {
            let reason =
                "A write is not committed: the server takes none, or waits for a standby or for its disk.";
            (Condition::Unavailable, Condition::of(migrated), Some(reason.to_owned()))
        }
        (Err(_), _) => {
            (Condition::Unavailable, Condition::Unavailable, db.pooler_fault().map(|fault| fault.to_string()))
        }
    }
}
