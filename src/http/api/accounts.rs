//! `/v1/accounts`: list, show, and the sub-accounts of one.

pub(in crate::http) mod company;
pub(in crate::http) mod view;

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    openapi::{errors::errors, sample_data},
    response::{
        page::{self, List},
        problem::Problem,
        representation,
    },
    state::State,
};
use crate::{
    domain::{account::AccountType, ids::AccountId, sub_account::UsedBy},
    services::queries::{self, AccountQuery},
};
use view::AccountView;

/// A page of accounts.
pub type Accounts = List<AccountView>;

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
        ("type" = Option<AccountType>, Query, description = "Those of this type.", example = "business"),
        ("parent_account_id" = Option<AccountId>, Query, description = "Sub-accounts directly below this \
            account."),
        ("used_by" = Option<UsedBy>, Query, description = "Those used by these.", example = "employee"),
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

errors! {
    GetErrors:
    NOT_FOUND = "there is no such account, or this token may not see it";
}

/// Show an account
#[utoipa::path(
    tag = "Customers",
    operation_id = "getAccount",
    params(("account_id" = AccountId, Path, description = "The account.")),
    responses(
        (status = 200, description = "The account.", body = AccountView, examples(
            ("Account" = (summary = "A business account", value = json!(sample_data::acme()))),
        )),
        GetErrors,
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts/{account_id}")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let account = queries::account(&state.services, &caller.0, id(&path)?).await?;
    representation::object(&request, &AccountView::from(&account))
}

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
        ("type" = Option<AccountType>, Query, description = "Those of this type.", example = "consumer"),
        ("used_by" = Option<UsedBy>, Query, description = "Those used by these.", example = "employee"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Accounts, headers(("Link")), examples(
            ("SubAccounts" = (summary = "The one sub-account", value = json!(sample_data::page(vec![sample_data::home()])))),
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

async fn page(
    caller: &Caller,
    mut query: Query,
    parent: Option<AccountId>,
    request: &HttpRequest,
    state: &State,
) -> Result<HttpResponse, Problem> {
    let filters = AccountQuery {
        account_type: query.one_of("type", &AccountType::ALL, AccountType::as_str),
        parent,
        used_by: query.one_of("used_by", &UsedBy::ALL, UsedBy::as_str),
        search: query.search(),
    };
    let page = query.page();
    query.finish()?;
    let page = queries::accounts(&state.services, &caller.0, filters, page).await?;
    page::answer(&page, |account| AccountView::from(account), request)
}
