//! `DELETE /v1/accounts/{account_id}/members/{user_id}`.

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
use crate::{
    domain::ids::{AccountId, UserId},
    services,
};

errors! {
    RemoveErrors:
    FORBIDDEN = "the token may see this membership, but not end it";
    NOT_FOUND = "there is no such membership, or this token may not see it";
    LAST_OWNER;
}

/// Remove a member from an account
///
/// Removes an owner or a driver from an account at any depth below the caller's own. The user, their other
/// memberships, their roles and their invitations stay. Their access tokens no longer give access to this
/// account. The timeline of the invitation by which they joined has who removed them (`membership_ended`).
/// They can be invited again. A membership that another person accepted with this address, before its owner
/// took the user over, can always be removed, even the last owner's.
#[utoipa::path(
    tag = "Customers",
    operation_id = "removeMember",
    params(
        ("account_id" = AccountId, Path, description = "The account."),
        ("user_id" = UserId, Path, description = "The member."),
    ),
    responses(
        (status = 204, description = "The membership has ended."),
        RemoveErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[delete("/v1/accounts/{account_id}/members/{user_id}")]
pub async fn remove(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let (account, user): (AccountId, UserId) = (id(&path.0)?, id(&path.1)?);
    services::memberships::remove(&state.services, &caller.0, account, user).await?;
    Ok(HttpResponse::NoContent().finish())
}
