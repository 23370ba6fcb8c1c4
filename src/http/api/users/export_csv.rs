//! `GET /v1/users.csv`: all users that match, in one answer.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::{csv, list};
use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::errors::errors,
    response::{compression, problem::Problem},
    state::State,
};
use crate::{
    domain::{
        ids::AccountId,
        list_order::UserOrder,
        user::{UserKind, UserStatus},
    },
    services::queries::AnyRole,
};

errors! {
    ExportErrors:
    FORBIDDEN = "the token may see no user, or none of this kind";
    NOT_ACCEPTABLE = "the `Accept` header rules CSV out";
}

/// Download users as CSV
///
/// All users that match, as CSV (RFC 4180) with a header line. The filters are those of `GET /v1/users`.
/// Every cell is quoted, and an apostrophe precedes what a spreadsheet could read as a formula.
#[utoipa::path(
    tag = "Users",
    operation_id = "downloadUsers",
    params(
        ("kind" = Option<Vec<UserKind>>, Query, style = Form, explode = false, description = "Those of one \
            of these kinds, separated by commas. 403 for a kind that the token may not see.",
            example = json!(["system_user"])),
        ("status" = Option<Vec<UserStatus>>, Query, style = Form, explode = false, description = "Those with \
            one of these statuses, separated by commas.", example = json!(["active"])),
        ("role" = Option<Vec<AnyRole>>, Query, style = Form, explode = false, description = "Those who hold \
            one of these roles, a system user's or a member's, separated by commas.",
            example = json!(["viewer"])),
        ("account_id" = Option<AccountId>, Query, description = "Members of this account, and people invited \
            to it."),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of address, name or \
            account name, as in the list.", example = "ada"),
        ("sort" = Option<UserOrder>, Query, description = "The order, as in the list.", example = "email"),
        ("bom" = Option<bool>, Query, description = "`true` puts a byte order mark (U+FEFF) before the CSV. \
            Without it, Excel reads the file in the system's legacy code page and shows `ü` as `Ã¼`; other \
            programs read the mark as a part of the first column's name.",
            example = false),
    ),
    responses(
        (
            status = 200, description = "All matches.", content_type = "text/csv", body = String,
            headers(("Content-Disposition"))
        ),
        ExportErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users.csv")]
pub async fn export(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let filters = list::filters(&mut query);
    let byte_order_mark = list::byte_order_mark(&mut query);
    query.finish()?;
    let csv = csv::users(&state.services, &caller.0, filters, byte_order_mark).await?;
    Ok(compression::stream(&request, csv))
}
