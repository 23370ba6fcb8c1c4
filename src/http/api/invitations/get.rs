//! `GET /v1/invitations/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::names_one;
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, representation, views::InvitationView},
    state::State,
};
use crate::{domain::ids::InvitationId, services::queries};

errors! {
    GetErrors:
    NOT_FOUND = "there is no such invitation, or this token may not see it";
}

/// Show an invitation
///
/// The part of `ETag` before the dot covers the members that PATCH can change, and `If-Match` is compared by
/// it alone: a change is not refused because a letter was sent meanwhile. The whole tag covers the answer,
/// for `If-None-Match`.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "getInvitation",
    params(("id" = InvitationId, Path, description = "The invitation.")),
    responses(
        (status = 200, description = "The invitation.", body = InvitationView, headers(("ETag")), examples(
            ("SentInvitation" = (
                summary = "The letter was sent", value = json!(sample_data::for_ada_sent())
            )),
            ("BouncedInvitation" = (
                summary = "There is no such mailbox", value = json!(sample_data::for_ada_bounced())
            )),
        )),
        GetErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/invitations/{id}", guard = "names_one")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let invitation = queries::invitation(&state.services, &caller.0, id(&path)?).await?;
    representation::invitation(&request, &invitation, state.services.clock.now())
}
