//! `GET /v1/audit-events`. Callers who prefer CSV get that, as before `/v1/audit-events.csv` was there.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};

use super::{
    csv,
    view::{AuditEventView, AuditEvents, examples},
};
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    middleware::accept,
    openapi::{errors::errors, sample_data},
    response::{compression, page, problem::Problem},
    state::State,
};
use crate::{
    domain::audit::AuditAction,
    services::audit::{self, AuditQuery},
};

errors! {
    ListErrors:
    FORBIDDEN = "the token lacks `audit:read`";
    CURSOR_MISMATCH;
}

/// List audit events
///
/// Newest first. Filters combine with AND. Every change by a caller is recorded in the transaction of the
/// change, and so are sign-ins, successful or not, and requests that a token did not allow. Events cannot be
/// changed, and not be deleted for a year. `GET /v1/audit-events.csv` has all matches as CSV.
#[utoipa::path(
    tag = "Operations",
    operation_id = "listAuditEvents",
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
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = AuditEvents, headers(("Link")), examples(
            ("AuditEvents" = (summary = "The last page", value = json!(sample_data::page(examples())))),
        )),
        ListErrors,
    ),
    security(("access_token" = ["audit:read"])),
)]
#[get("/v1/audit-events")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = filters(&mut query);
    let page = query.page();
    query.finish()?;
    if accept::prefers_csv(&request) {
        let csv = csv::events(&state.services, &caller.0, filters).await?;
        return Ok(compression::stream(&request, csv));
    }
    let page = audit::list(&state.services, &caller.0, filters, page).await?;
    page::answer(&page, |event| AuditEventView::from(event), &request)
}

/// The filters of a list of audit events.
pub(super) fn filters(query: &mut Query) -> AuditQuery {
    AuditQuery {
        actor: query.parsed("actor", "invalid_id", identifier),
        action: query.one_of("action", &AuditAction::ALL, AuditAction::as_str),
        object: query.parsed("object", "invalid_id", identifier),
        from: query.parsed("from", "invalid_time", instant),
        to: query.parsed("to", "invalid_time", instant),
    }
}

/// An id, or the subject of a token.
fn identifier(text: &str) -> Result<String, &'static str> {
    if (1..=255).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err("This takes 1 to 255 characters, and no control characters.")
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, &'static str> {
    // In a query, `+` is a blank (URL Standard): an offset that was not escaped is read all the same.
    let at = DateTime::parse_from_rfc3339(&text.replace(' ', "+"));
    at.map(|at| at.to_utc()).map_err(|_| "This takes a time as 2026-11-24T14:03:00Z (RFC 3339).")
}
