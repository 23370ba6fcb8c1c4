//! `GET /v1/audit-events.csv`: all audit events that match, in one answer.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::{csv, list};
use crate::domain::audit::AuditAction;
use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::errors::errors,
    response::{compression, problem::Problem},
    state::State,
};

errors! {
    ExportErrors:
    FORBIDDEN = "the token lacks `audit:read`";
    NOT_ACCEPTABLE = "the `Accept` header rules CSV out";
}

/// Download audit events as CSV
///
/// All events that match, newest first, as CSV (RFC 4180) with a header line. The filters are those of
/// `GET /v1/audit-events`.
#[utoipa::path(
    tag = "Operations",
    operation_id = "downloadAuditEvents",
    params(
        ("actor" = Option<String>, Query, max_length = 255, description = "Those by the caller with this id: \
            a user's id, or the subject of a token.", example = "usr_01m86xvxh0es8r65rzyjka792g"),
        ("action" = Option<AuditAction>, Query, description = "Those with this action.", example = "sign_in"),
        ("object" = Option<String>, Query, max_length = 255, description = "Those about the object with this \
            id.", example = "inv_01m86xvxh0esga0yykqqm5g9cm"),
        ("from" = Option<DateTime<Utc>>, Query, description = "Those at this time or later (RFC 3339).",
            example = "2026-11-24T00:00:00Z"),
        ("to" = Option<DateTime<Utc>>, Query, description = "Those before this time (RFC 3339).",
            example = "2026-12-01T00:00:00Z"),
    ),
    responses(
        (
            status = 200, description = "All matches.", content_type = "text/csv", body = String,
            headers(("Content-Disposition")), example = json!(csv::EXAMPLE)
        ),
        ExportErrors,
    ),
    security(("access_token" = ["audit:read"])),
)]
#[get("/v1/audit-events.csv")]
pub async fn export(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = list::filters(&mut query);
    query.finish()?;
    let csv = csv::events(&state.services, &caller.0, filters).await?;
    Ok(compression::stream(&request, csv))
}
