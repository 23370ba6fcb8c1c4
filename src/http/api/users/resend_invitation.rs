//! `POST /v1/users/{id}/resend-invitation`.

use actix_web::{HttpResponse, post, web::Path};

use super::super::invitations::{
    may_act_on,
    resend::{ResendRequest, resend_once},
};
use crate::http::{
    extract::{command::Command, idempotency_key::RequestContext},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, stored::StoredInvitation, views::InvitationView},
};
use crate::{
    domain::ids::UserId,
    services::{self, idempotency::StoredAnswer},
};

errors! {
    ResendErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such user, or this token may not see them";
    INVITATION_NOT_PENDING = "no invitation of the user awaits an answer";
    AMBIGUOUS_INVITATION = "several invitations of the user await an answer, `candidates`";
    RESEND_TOO_SOON = "the invitation was sent a moment ago; with `Retry-After`";
}

/// Resend a user's invitation
///
/// Resends the user's pending invitation, when there is exactly one.
#[utoipa::path(
    tag = "Users",
    operation_id = "resendUserInvitation",
    params(("id" = UserId, Path, description = "The user.")),
    request_body(content = Option<ResendRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
        ("ResendInGerman" = (summary = "In another language from now on", value = json!({ "locale": "de" }))),
    )),
    responses(
        (status = 200, description = "Resent.", body = InvitationView, headers(("ETag")), examples(
            ("ResentInvitation" = (
                summary = "A letter with a new link is queued",
                value = json!(sample_data::for_ada_resent(600))
            )),
        )),
        ResendErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/users/{id}/resend-invitation")]
pub async fn resend_invitation(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let authorise = async |caller: RequestContext, user, stored: Option<&StoredAnswer>| {
        // A retry is about the invitation that was resent then, whichever awaits an answer by now.
        match stored.and_then(StoredInvitation::of) {
            Some(resent) => may_act_on(&caller, resent.id).await,
            None => Ok(services::resend::authority::over_user(&caller.0.services, &caller.1, user).await?),
        }
    };
    resend_once(&path, command, authorise, services::resend::user).await
}
