//! `DELETE /v1/users/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, delete,
    web::{Data, Path},
};

use super::names_one;
use crate::http::{
    extract::{auth::Caller, etag, path::id, query::Query},
    openapi::errors::errors,
    response::{problem::Problem, representation},
    state::State,
};
use crate::{domain::ids::UserId, services::users::erase as erasure};

errors! {
    EraseErrors:
    FORBIDDEN = "the token lacks `users:erase`";
    ROLE_EXCEEDS_YOURS = "the user may do more than the token does";
    NOT_FOUND = "there is no such user, this token may not see them, or they were erased";
    LAST_ADMIN;
    PRECONDITION_FAILED = "`If-Match` was sent, and the user is in another state, whose tag is in `ETag`";
}

/// Erase a user
///
/// Deletes what identifies the person, in whatever state they are: the address in every form, the names,
/// password, sessions, memberships and roles, what relays and providers reported, and stored answers. Their
/// tokens end, pending invitations are revoked, and letters that are not sent yet are withdrawn. It cannot be
/// undone.
///
/// The history stays without them: invitations and timelines show an address under `erased.invalid` and an
/// empty name, and audit events have the user's id. An account without another member loses its name if it is
/// a consumer's or the name contains the person's, present or former; a company's data stay. The last owner
/// of an account can be erased: the account stays, and staff can invite another owner. A suppressed address
/// stays suppressed, by a hash alone. A retry of a request with an `Idempotency-Key` whose answer had the
/// person or one of their invitations is 410 `idempotency_answer_erased`. The address can be invited again,
/// as a new person.
#[utoipa::path(
    tag = "Users",
    operation_id = "eraseUser",
    params(
        ("id" = UserId, Path, description = "The user."),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the answer that showed the user: \
            they are erased only in that state.", example = "\"q83vEjRWeJq83vEjRWeJqg\""),
    ),
    responses(
        (status = 204, description = "Erased."),
        EraseErrors,
    ),
    security(("access_token" = ["users:erase"])),
)]
#[delete("/v1/users/{id}", guard = "names_one")]
pub async fn erase(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let (user, condition) = (id(&path)?, etag::exact_condition(&request));
    let condition = (condition, representation::tag_of_user as fn(&_) -> _);
    erasure::user(&state.services, &caller.0, user, condition).await?;
    Ok(HttpResponse::NoContent().finish())
}
