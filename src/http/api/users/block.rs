//! `POST /v1/users/{id}/block`.

use actix_web::{HttpResponse, post, web::Path};

use super::access::change;
use crate::http::{
    extract::{command::Command, json_body::EmptyRequest},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, views::UserView},
};
use crate::{domain::ids::UserId, services::users::block::Change};

errors! {
    BlockErrors:
    FORBIDDEN = "the token lacks `users:block`";
    ROLE_EXCEEDS_YOURS = "the user may do more than the token does";
    NOT_FOUND = "there is no such user, or this token may not see them";
    USER_NOT_ACTIVATED;
    LAST_ADMIN;
}

/// Block a user
///
/// The user cannot sign in, their access tokens end at once, and they cannot reset their password. Their
/// pending invitations are revoked, so that their links do not work and are not resent. A user who is blocked
/// already stays so.
#[utoipa::path(
    tag = "Users",
    operation_id = "blockUser",
    params(("id" = UserId, Path, description = "The user.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 200, description = "Blocked.", body = UserView, headers(("ETag")), examples(
            ("BlockedUser" = (
                summary = "A colleague without access", value = json!(sample_data::ada_blocked())
            )),
        )),
        BlockErrors,
    ),
    security(("access_token" = ["users:block"])),
)]
#[post("/v1/users/{id}/block")]
pub async fn block(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    change(&path, command, Change::Block).await
}
