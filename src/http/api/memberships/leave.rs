//! `DELETE /v1/me/memberships/{account_id}`.

use actix_web::{
    HttpResponse, delete,
    web::{Data, Path},
};

use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::errors::errors,
    response::problem::Problem,
    state::State,
};
use crate::{domain::ids::AccountId, services};

errors! {
    LeaveErrors:
    FORBIDDEN = "the token is not a person's";
    NOT_FOUND = "the person does not belong to this account";
    LAST_OWNER;
}

/// Leave an account
///
/// Ends the caller's own membership. A person without any membership is still a user and can sign in. A
/// membership that another person accepted with the caller's address, before the caller took the user over,
/// can always be ended, even as the last owner.
#[utoipa::path(
    tag = "Customers",
    operation_id = "leaveAccount",
    params(("account_id" = AccountId, Path, description = "The account.")),
    responses(
        (status = 204, description = "The membership has ended."),
        LeaveErrors,
    ),
    security(("access_token" = [])),
)]
#[delete("/v1/me/memberships/{account_id}")]
pub async fn leave(
    caller: Caller,
    path: Path<String>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let account: AccountId = id(&path)?;
    services::memberships::leave(&state.services, &caller.0, account).await?;
    Ok(HttpResponse::NoContent().finish())
}
