//! `GET /v1/accounts/{account_id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::view::AccountView;
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, representation},
    state::State,
};
use crate::{domain::ids::AccountId, services::queries};

errors! {
    GetErrors:
    NOT_FOUND = "there is no such account, or this token may not see it";
}

/// Show an account
///
/// An account that the token may not see is 404, as one that does not exist.
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
