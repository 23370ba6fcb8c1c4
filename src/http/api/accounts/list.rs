//! `GET /v1/accounts`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use super::page::{Accounts, page};
use crate::domain::{account::AccountType, ids::AccountId, sub_account::UsedBy};
use crate::http::{
    extract::{
        auth::Caller,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};

errors! {
    ListErrors:
    FORBIDDEN = "the token may see no account";
    CURSOR_MISMATCH;
}

/// List accounts
///
/// Newest first. Filters combine with AND. Account owners see the accounts below their own.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listAccounts",
    params(
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of the name, without \
            regard to case: the type-ahead of the invite form. No control characters.", example = "acme"),
        ("type" = Option<Vec<AccountType>>, Query, style = Form, explode = false, description = "Those of \
            one of these types, separated by commas.", example = json!(["business"])),
        ("parent_account_id" = Option<AccountId>, Query, description = "Sub-accounts directly below this \
            account."),
        ("used_by" = Option<Vec<UsedBy>>, Query, style = Form, explode = false, description = "Those used by \
            one of these, separated by commas.", example = json!(["employee"])),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Accounts, headers(("Link")), examples(
            ("Accounts" = (summary = "The last page", value = json!(sample_data::page(vec![
                sample_data::home(), sample_data::acme()
            ])))),
        )),
        ListErrors,
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts")]
pub async fn list(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let parent = query.parsed("parent_account_id", "invalid_id", str::parse);
    page(&caller, query, parent, &request, &state).await
}
