//! `GET /v1/users`, as JSON or CSV.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::csv;
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    middleware::accept,
    openapi::{errors::errors, sample_data},
    response::{
        compression, page,
        problem::Problem,
        views::{UserView, Users},
    },
    state::State,
};
use crate::{
    domain::{
        ids::AccountId,
        user::{UserKind, UserStatus},
    },
    services::queries::{self, AnyRole, UserQuery},
};

errors! {
    ListErrors:
    FORBIDDEN = "the token may see no user, or none of this kind";
    NOT_ACCEPTABLE = "the `Accept` header rules out both JSON and CSV";
    CURSOR_MISMATCH;
}

/// List users
///
/// Newest first. Filters combine with AND. A person is in the list from the first invitation on. With
/// `Accept: text/csv` all matches are exported as CSV (RFC 4180), with a header line; `limit` and `cursor`
/// are ignored. Every cell is quoted, and an apostrophe precedes what a spreadsheet could read as a formula.
#[utoipa::path(
    tag = "Users",
    operation_id = "listUsers",
    params(
        ("kind" = Option<UserKind>, Query, description = "Those of this kind. 403 for a kind that the token \
            may not see.", example = "system_user"),
        ("status" = Option<UserStatus>, Query, description = "Those with this status.", example = "active"),
        ("role" = Option<AnyRole>, Query, description = "Those who hold this role, a system user's or a \
            member's.", example = "viewer"),
        ("account_id" = Option<AccountId>, Query, description = "Members of this account, and people invited \
            to it."),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of address, name or \
            account name, without regard to case; a domain is found in Unicode and in punycode. No control \
            characters.", example = "ada"),
        ("bom" = Option<bool>, Query, description = "`true` puts a byte order mark (U+FEFF) before the CSV. \
            Without it, Excel reads the file in the system's legacy code page and shows `ü` as `Ã¼`; other \
            programs read the mark as a part of the first column's name. JSON never has one.",
            example = false),
        Paging,
    ),
    responses(
        (status = 200, description = "A page; or all matches as CSV.", content(
            (Users = "application/json", examples(
            ("Users" = (summary = "The last page", value = json!(sample_data::page(vec![
                sample_data::dirk(), sample_data::ada(), sample_data::olivia()
            ])))),
        )),
            (String = "text/csv"),
        ), headers(("Link"), ("Content-Disposition"))),
        ListErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = UserQuery {
        kind: query.one_of("kind", &UserKind::ALL, UserKind::as_str),
        status: query.one_of("status", &UserStatus::ALL, UserStatus::as_str),
        role: query.one_of("role", &AnyRole::all(), AnyRole::as_str),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
    };
    let page = query.page();
    let byte_order_mark = query.one_of("bom", &[true, false], |mark| if mark { "true" } else { "false" });
    query.finish()?;
    if accept::prefers_csv(&request) {
        let csv =
            csv::users(&state.services, &caller.0, filters, byte_order_mark.unwrap_or_default()).await?;
        return Ok(compression::stream(&request, csv));
    }
    let page = queries::users(&state.services, &caller.0, filters, page).await?;
    page::answer(&page, |user| UserView::from(user), &request)
}
