//! Ending memberships: `DELETE /v1/accounts/{account_id}/members/{user_id}` and `DELETE
//! /v1/me/memberships/{account_id}`.

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
/// An owner or a driver, of an account of any depth under the caller's own. What the person is elsewhere
/// stays: their other memberships, roles, invitations, and the user. From now on access tokens that they have
/// lead to this account no more. The timeline of the invitation by which they joined tells who removed them
/// (`membership_ended`). They can be invited again. Whom somebody else joined with their address, before it
/// was theirs, is removed in any case, the last owner too.
#[utoipa::path(
    tag = "Customers",
    operation_id = "removeMember",
    params(
        ("account_id" = AccountId, Path, description = "The account."),
        ("user_id" = UserId, Path, description = "The member."),
    ),
    responses(
        (status = 204, description = "They belong to it no more."),
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

errors! {
    LeaveErrors:
    FORBIDDEN = "the token is not a person's";
    NOT_FOUND = "the person does not belong to this account";
    LAST_OWNER;
}

/// Leave an account
///
/// Ends the membership of the person who calls. Whoever belongs to nothing afterwards is still a user and
/// signs in as before. What somebody else joined with their address, before it was theirs, they leave in any
/// case, the last owner too.
#[utoipa::path(
    tag = "Customers",
    operation_id = "leaveAccount",
    params(("account_id" = AccountId, Path, description = "The account.")),
    responses(
        (status = 204, description = "They belong to it no more."),
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
