//! `GET /v1/accounts/{account_id}/sub-accounts`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::page::{Accounts, page};
use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::problem::Problem,
    state::State,
};
use crate::{
    domain::{account::AccountType, ids::AccountId, sub_account::UsedBy},
    services::queries,
};

errors! {
    SubAccountsErrors:
    NOT_FOUND = "there is no such account, or this token may not see it";
    CURSOR_MISMATCH;
}

/// List the sub-accounts of an account
///
/// Those directly below it, newest first.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listSubAccounts",
    params(
        ("account_id" = AccountId, Path, description = "The account above."),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of the name, without \
            regard to case. No control characters.", example = "ada"),
        ("type" = Option<Vec<AccountType>>, Query, style = Form, explode = false, description = "Those of \
            one of these types, separated by commas.", example = json!(["consumer"])),
        ("used_by" = Option<Vec<UsedBy>>, Query, style = Form, explode = false, description = "Those used by \
            one of these, separated by commas.", example = json!(["employee"])),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Accounts, headers(("Link")), examples(
            ("SubAccounts" = (
                summary = "The one sub-account", value = json!(sample_data::page(vec![sample_data::home()]))
            )),
        )),
        SubAccountsErrors,
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts/{account_id}/sub-accounts")]
pub async fn sub_accounts(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let parent: AccountId = id(&path)?;
    queries::account(&state.services, &caller.0, parent).await?;
    page(&caller, query, Some(parent), &request, &state).await
}
