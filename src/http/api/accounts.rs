//! `/v1/accounts`: list, show, and what lies right below one.

pub(in crate::http) mod company;

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{
    extract::{
        auth::Caller,
        path::id,
        query::{Paging, Query},
    },
    response::{
        page::{self, List},
        problem::Problem,
        views::Timestamp,
    },
    state::State,
};
use crate::{
    domain::{
        account::{Account, AccountName, AccountStatus, AccountType, UsedBy},
        ids::AccountId,
        reimbursement::ReimbursementMode,
    },
    services::queries::{self, AccountQuery},
};
use company::CompanyView;

/// A customer of the operator, and its billing entity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Its id.
    pub id: AccountId,
    /// Null until somebody gives it one. Names need not be unique.
    #[schema(value_type = Option<AccountName>)]
    pub name: Option<String>,
    /// Null until somebody says so.
    pub r#type: Option<AccountType>,
    /// `invited` until its first owner, or its driver, activates.
    pub status: AccountStatus,
    /// The account above it; null for a top-level account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it; null for a top-level account.
    pub used_by: Option<UsedBy>,
    /// What private charging is reimbursed with; null for a top-level account, or when nothing is.
    pub reimbursement: Option<ReimbursementView>,
    /// Of an active business account; null otherwise.
    pub company: Option<CompanyView>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What private charging is reimbursed with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reimbursement)]
pub struct ReimbursementView {
    /// A decimal as a text, always with 4 decimals.
    #[schema(pattern = "^[0-9]{1,2}\\.[0-9]{4}$", examples("0.2300"))]
    pub rate: String,
    /// What the rate is in.
    pub currency: Currency,
    /// What it is paid for.
    pub unit: EnergyUnit,
    /// `automated` for an employee, `manual` for a subsidiary.
    pub mode: ReimbursementMode,
}

/// What rates are in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// The euro.
    Eur,
}

/// What rates are paid for.
#[derive(Debug, Serialize, ToSchema)]
pub enum EnergyUnit {
    /// A kilowatt-hour.
    #[serde(rename = "kWh")]
    KilowattHour,
}

/// A page of accounts.
pub type Accounts = List<AccountView>;

impl From<&Account> for AccountView {
    fn from(account: &Account) -> Self {
        let reimbursement = account.rate.zip(account.used_by).map(|(rate, used_by)| ReimbursementView {
            rate: rate.to_string(),
            currency: Currency::Eur,
            unit: EnergyUnit::KilowattHour,
            mode: used_by.into(),
        });
        Self {
            id: account.id,
            name: account.name.clone(),
            r#type: account.account_type,
            status: account.status,
            parent_account_id: account.parent_account_id,
            used_by: account.used_by,
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
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of the name, without regard to case: the type-ahead of the invite form. No control characters.", example = "acme"),
        ("type" = Option<AccountType>, Query, description = "Those of this type.", example = "business"),
        ("parent_account_id" = Option<AccountId>, Query, description = "Those right below this account."),
        ("used_by" = Option<UsedBy>, Query, description = "Those used by these.", example = "employee"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Accounts, headers(("Link"))),
        (status = 403, description = "`forbidden`: the token may see no account."),
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
    params(("account_id" = AccountId, Path, description = "The account.")),
    responses(
        (status = 200, description = "The account.", body = AccountView),
        (status = 404, description = "`not_found`: there is none, or this token may not see it."),
    ),
    security(("access_token" = ["accounts:read"])),
)]
#[get("/v1/accounts/{account_id}")]
pub async fn get(caller: Caller, path: Path<String>, query: Query, state: Data<State>) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let account = queries::account(&state.services, &caller.0, id(&path)?).await?;
    Ok(HttpResponse::Ok().json(AccountView::from(&account)))
}

/// List the sub-accounts of an account
///
/// Those right below it, newest first.
#[utoipa::path(
    tag = "Customers",
    operation_id = "listSubAccounts",
    params(
        ("account_id" = AccountId, Path, description = "The account above."),
        ("search" = Option<String>, Query, max_length = 256, description = "Any part of the name, without regard to case. No control characters.", example = "ada"),
        ("type" = Option<AccountType>, Query, description = "Those of this type.", example = "consumer"),
        ("used_by" = Option<UsedBy>, Query, description = "Those used by these.", example = "employee"),
        Paging,
    ),
    responses(
        (status = 200, description = "A page.", body = Accounts, headers(("Link"))),
        (status = 404, description = "`not_found`: there is no such account, or this token may not see it."),
        (status = 422, description = "`validation_failed` with every faulty parameter, or `cursor_mismatch`."),
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
    Ok(page::answer(&page, |account| AccountView::from(account), request))
}
