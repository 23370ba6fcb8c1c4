//! A page of accounts, which two endpoints list.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use super::view::AccountView;
use crate::http::{
    extract::{auth::Caller, query::Query},
    response::{
        page::{self, List},
        problem::Problem,
    },
    state::State,
};
use crate::{
    domain::{account::AccountType, ids::AccountId, sub_account::UsedBy, visibility::Visibility},
    services::queries::{self, AccountQuery},
};

/// A page of accounts.
pub type Accounts = List<AccountView>;

/// The page that the query asks for, of the accounts below `parent` or of all.
pub(super) async fn page(
    caller: &Caller,
    mut query: Query,
    parent: Option<AccountId>,
    request: &HttpRequest,
    state: &State,
) -> Result<HttpResponse, Problem> {
    let filters = AccountQuery {
        account_types: query.any_of("type", &AccountType::ALL, AccountType::as_str),
        parent,
        used_by: query.any_of("used_by", &UsedBy::ALL, UsedBy::as_str),
        search: query.search(),
    };
    let page = query.page();
    query.finish()?;
    let key = (Visibility::accounts(&caller.0), filters, page);
    let make = async || {
        let (reader, filters, page) = key.clone();
        let page = queries::accounts(&state.services, &reader, filters, page).await?;
        page::render(&page, |account| AccountView::from(account)).map(Arc::new)
    };
    let page = state.lists.accounts.answer(&key, make).await?;
    Ok(page::respond(&page, request))
}
