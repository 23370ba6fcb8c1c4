//! `POST /v1/users/{id}/unblock`.

use actix_web::{HttpResponse, post, web::Path};

use super::access::change;
use crate::http::{
    extract::{command::Command, json_body::EmptyRequest},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, views::UserView},
};
use crate::{domain::ids::UserId, services::users::block::Change};

errors! {
    UnblockErrors:
    FORBIDDEN = "the token lacks `users:block`";
    ROLE_EXCEEDS_YOURS = "the user may do more than the token does";
    NOT_FOUND = "there is no such user, or this token may not see them";
    USER_NOT_ACTIVATED;
}

/// Unblock a user
///
/// The user can sign in again, with the roles and memberships that they had. Revoked invitations stay
/// revoked. A user who is active already stays so.
#[utoipa::path(
    tag = "Users",
    operation_id = "unblockUser",
    params(("id" = UserId, Path, description = "The user.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 200, description = "Unblocked.", body = UserView, headers(("ETag")), examples(
            ("UnblockedUser" = (summary = "A colleague with access", value = json!(sample_data::ada()))),
        )),
        UnblockErrors,
    ),
    security(("access_token" = ["users:block"])),
)]
#[post("/v1/users/{id}/unblock")]
pub async fn unblock(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    change(&path, command, Change::Unblock).await
}
