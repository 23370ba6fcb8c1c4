//! `GET /v1/users`. Callers who prefer CSV get that, as before `/v1/users.csv` was there.

use std::sync::Arc;

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
        list_order::UserOrder,
        user::{UserKind, UserStatus},
        visibility::Visibility,
    },
    services::queries::{self, AnyRole, UserQuery},
};

errors! {
    ListErrors:
    FORBIDDEN = "the token may see no user, or none of this kind";
    CURSOR_MISMATCH;
}

/// List users
///
/// Newest first, unless `sort` asks for another order. Filters combine with AND, the values of one filter
/// with OR. A person is in the list from the first invitation on. `GET /v1/users.csv` has all matches as CSV.
#[utoipa::path(
    tag = "Users",
    operation_id = "listUsers",
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
            account name, without regard to case, accents or the number of blanks; a domain is found in \
            Unicode and in punycode. No control characters.", example = "ada"),
        ("sort" = Option<UserOrder>, Query, description = "The order; `-created_at` without it. That of \
            `email` is for callers who see all users: 403 for others.", example = "email"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Users, headers(("Link")), examples(
            ("Users" = (summary = "The last page", value = json!(sample_data::page(vec![
                sample_data::dirk(), sample_data::ada(), sample_data::olivia()
            ])))),
        )),
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
    let filters = filters(&mut query);
    let page = query.page();
    let byte_order_mark = byte_order_mark(&mut query);
    query.finish()?;
    if accept::prefers_csv(&request) {
        let csv = csv::users(&state.services, &caller.0, filters, byte_order_mark).await?;
        return Ok(compression::stream(&request, csv));
    }
    let key = (Visibility::reading(&caller.0), filters, page);
    let make = async || {
        let (reader, filters, page) = key.clone();
        let page = queries::users(&state.services, &reader, filters, page).await?;
        page::render(&page, |user| UserView::from(user)).map(Arc::new)
    };
    let page = state.lists.users.answer(&key, make).await?;
    Ok(page::respond(&page, &request))
}

/// The filters of a list of users.
pub(super) fn filters(query: &mut Query) -> UserQuery {
    UserQuery {
        kinds: query.any_of("kind", &UserKind::ALL, UserKind::as_str),
        statuses: query.any_of("status", &UserStatus::ALL, UserStatus::as_str),
        roles: query.any_of("role", &AnyRole::all(), AnyRole::as_str),
        account: query.parsed("account_id", "invalid_id", str::parse),
        search: query.search(),
        order: query.one_of("sort", &UserOrder::ALL, UserOrder::as_str).unwrap_or(UserOrder::Newest),
    }
}

/// Whether CSV begins with a byte order mark.
pub(super) fn byte_order_mark(query: &mut Query) -> bool {
    let word = |mark| if mark { "true" } else { "false" };
    query.one_of("bom", &[true, false], word).unwrap_or_default()
}
