//! `POST /v1/invitations/{id}/recheck`.

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
    RecheckErrors:
    FORBIDDEN;
    ROLE_EXCEEDS_YOURS = "a role of the invitation allows more than the token does";
    NOT_FOUND = "there is no such invitation, or this token may not see it";
    DELIVERY_NOT_CHECKABLE = "the letter went through a relay or into a folder, the provider has no \
        interface for this or refuses the key, or what became of the letter is known";
    RECHECK_TOO_SOON = "the provider was asked in the last 10 seconds; with `Retry-After`";
    UNAVAILABLE = "the provider or the database does not answer; with `Retry-After`";
}

/// Recheck the delivery of an invitation
///
/// Asks the mail provider what became of the newest letter, where no final report has come: the letter is
/// `sent` or `deferred`, or whether the provider accepted it was never answered. What the provider says
/// counts as its report does, in `delivery` and in the timeline; where it knows nothing new, nothing
/// changes. A provider can be asked once in 10 seconds about an invitation. Each question that it answered
/// is in the audit log.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "recheckInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    request_body(content = Option<EmptyRequest>, examples(
        ("Empty" = (summary = "No member is needed", value = json!({}))),
    )),
    responses(
        (status = 200, description = "The provider was asked.", body = InvitationView, headers(("ETag")),
            examples(
                ("RecheckedInvitation" = (
                    summary = "The provider knows that there is no such mailbox",
                    value = json!(sample_data::for_ada_bounced())
                )),
            )
        ),
        RecheckErrors,
    ),
    security(("access_token" = ["system_users:invite"]), ("access_token" = ["customers:invite"])),
)]
#[post("/v1/invitations/{id}/recheck")]
pub async fn recheck(path: Path<String>, command: Command) -> Result<HttpResponse, Problem> {
    let Command { request, state, actor, query, body } = command;
    query.finish()?;
    let digest = *body.digest();
    let asked = body.expect_none().and_then(|()| id(&path));
    let work = async |(state, actor): RequestContext, invitation, ticket| {
        Ok(services::recheck::invitation(&state.services, &actor, invitation, ticket).await?)
    };
    let authorise = async |caller: RequestContext, invitation, _: Option<&StoredAnswer>| {
        may_act_on(&caller, invitation).await
    };
    idempotency_key::once((&request, state, actor), (StatusCode::OK, &digest), asked, authorise, work).await
}
