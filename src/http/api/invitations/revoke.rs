//! `POST /v1/invitations/{id}/revoke`.

use actix_web::{HttpResponse, http::StatusCode, post, web::Path};

use super::may_act_on;
use crate::http::{
    extract::{
        command::Command,
        idempotency_key::{self, RequestContext},
        json_body::EmptyRequest,
        path::id,
    },
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, views::InvitationView},
};
use crate::{
    domain::ids::InvitationId,
    services::{self, idempotency::StoredAnswer},
};

errors! {
    RevokeErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    INVITATION_NOT_PENDING;
}

/// Revoke an invitation
///
/// The link stops working, and a letter that is still queued is not sent. A person who never activated and
/// has no other pending invitation is removed from the user list. Their address can be invited again.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "revokeInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 200, description = "Revoked.", body = InvitationView, headers(("ETag")), examples(
            ("RevokedInvitation" = (
                summary = "The link no longer works", value = json!(sample_data::for_ada_revoked())
            )),
        )),
        RevokeErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/{id}/revoke")]
pub async fn revoke(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let digest = *body.digest();
    let asked = body.expect_none().and_then(|()| id(&path));
    let work = async |(state, actor): RequestContext, invitation, ticket| {
        Ok(services::revoke::invitation(&state.services, &actor, invitation, ticket).await?)
    };
    let authorise = async |caller: RequestContext, invitation, _: Option<&StoredAnswer>| {
        may_act_on(&caller, invitation).await
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
