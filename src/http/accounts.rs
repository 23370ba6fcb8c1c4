//! `/v1/accounts`: list, show, and what lies right below one.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    State,
    auth::Caller,
    company::CompanyView,
    invitations::id,
    problem::Problem,
    query::Query,
    views::{self, List, Timestamp},
};
use crate::{
    domain::{
        account::{Account, AccountType, UsedBy},
        ids::AccountId,
        reimbursement::ReimbursementMode,
    },
    services::{browse, browse::AccountQuery},
};

/// A customer of the operator, and its billing entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// `acc_…`.
    #[schema(example = "acc_01kavx6e9me0r8jm6d2e1k2v3w")]
    pub id: String,
    /// Null until somebody gives it one. Names need not be unique.
    #[schema(example = "Acme B.V.")]
    pub name: Option<String>,
    /// `business` or `consumer`; null until somebody says so.
    #[schema(example = "business")]
    pub r#type: Option<&'static str>,
    /// `invited` until its first owner, or its driver, activates.
    #[schema(pattern = "^(invited|active)$", example = "active")]
    pub status: &'static str,
    /// The account above it; null for a top-level account.
    #[schema(example = json!(null))]
    pub parent_account_id: Option<String>,
    /// `employee` or `subsidiary`; null for a top-level account.
    #[schema(example = json!(null))]
    pub used_by: Option<&'static str>,
    /// What private charging is reimbursed with.
    pub reimbursement: Option<ReimbursementView>,
    /// Of an active business account.
    pub company: Option<CompanyView>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What private charging is reimbursed with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reimbursement)]
pub struct ReimbursementView {
    /// With 4 decimals.
    #[schema(example = "0.2300")]
    pub rate: String,
    /// `EUR`.
    #[schema(example = "EUR")]
    pub currency: &'static str,
    /// `kWh`.
    #[schema(example = "kWh")]
    pub unit: &'static str,
    /// `automated` for an employee, `manual` for a subsidiary.
    #[schema(pattern = "^(automated|manual)$", example = "automated")]
    pub mode: &'static str,
}

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let reimbursement = account.rate.zip(account.used_by).map(|(rate, used_by)| ReimbursementView {
            rate: rate.to_string(),
            currency: "EUR",
            unit: "kWh",
            mode: ReimbursementMode::from(used_by).as_str(),
        });
        Self {
            id: account.id.to_string(),
            name: account.name.clone(),
            r#type: account.account_type.map(AccountType::as_str),
            status: account.status.as_str(),
            parent_account_id: account.parent_account_id.map(|id| id.to_string()),
            used_by: account.used_by.map(UsedBy::as_str),
            reimbursement,
            company: account.company.as_ref().map(CompanyView::from),
            created_at: Timestamp(account.created_at),
        }
    }
}

/// List accounts
///
/// Newest first. Filters combine with AND. An account owner sees what lies under their accounts.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listAccounts",
    params(
        ("search" = Option<String>, Query, description = "Any part of the name, without regard to case: the type-ahead of the invite form.", example = "acme"),
        ("type" = Option<String>, Query, description = "`business` or `consumer`.", example = "business"),
        ("parent_account_id" = Option<String>, Query, description = "Those right below this account."),
        ("used_by" = Option<String>, Query, description = "`employee` or `subsidiary`.", example = "employee"),
        ("limit" = Option<i64>, Query, description = "From 1; above 200 is taken as 200. Default 50.", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same filters."),
    ),
    responses(
        (status = 200, description = "A page.", body = List<AccountView>,
            headers(("Link" = String, description = "The next page, `rel=\"next\"`; none on the last page."))),
        (status = 422, description = "`validation_failed` with every faulty parameter, or `cursor_mismatch`."),
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts")]
pub async fn list(caller: Caller, mut query: Query, request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let parent = query.parsed("parent_account_id", "invalid_id", str::parse);
    page(&caller, query, parent, &request, &state).await
}

/// Show an account
#[utoipa::path(
    tag = "Customers",
    operation_id = "getAccount",
    params(("account_id" = String, Path, description = "`acc_…`", example = "acc_01kavx6e9me0r8jm6d2e1k2v3w")),
    responses(
        (status = 200, description = "The account.", body = AccountView),
        (status = 404, description = "`not_found`: there is none, or this token may not see it."),
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts/{account_id}")]
pub async fn get(caller: Caller, path: Path<String>, query: Query, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let account = browse::account(&state.services, &caller.0, id(&path)?).await?;
    Ok(HttpResponse::Ok().json(AccountView::from(&account)))
}

/// List the sub-accounts of an account
///
/// Those right below it, newest first.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listSubAccounts",
    params(
        ("account_id" = String, Path, description = "`acc_…`", example = "acc_01kavx6e9me0r8jm6d2e1k2v3w"),
        ("search" = Option<String>, Query, description = "Any part of the name, without regard to case.", example = "ada"),
        ("type" = Option<String>, Query, description = "`business` or `consumer`.", example = "consumer"),
        ("used_by" = Option<String>, Query, description = "`employee` or `subsidiary`.", example = "employee"),
        ("limit" = Option<i64>, Query, description = "From 1; above 200 is taken as 200. Default 50.", example = 50),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before, with the same filters."),
    ),
    responses(
        (status = 200, description = "A page.", body = List<AccountView>,
            headers(("Link" = String, description = "The next page, `rel=\"next\"`; none on the last page."))),
        (status = 404, description = "`not_found`: there is no such account, or this token may not see it."),
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
    browse::account(&state.services, &caller.0, parent).await?;
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
    let page = browse::accounts(&state.services, &caller.0, filters, page).await?;
    Ok(views::list(&page, |account| AccountView::from(account), request))
}
