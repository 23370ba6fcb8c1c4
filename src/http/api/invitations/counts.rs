//! `GET /v1/invitations/counts`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::errors::errors,
    response::{counts::InvitationCountsView, problem::Problem, representation},
    state::State,
};
use crate::{domain::invitation::InvitationKind, services};

errors! {
    CountsErrors:
    FORBIDDEN = "the token may see no invitation, or none of this kind";
}

/// Count invitations
///
/// The numbers of the invitations that the caller may see, by kind, status and delivery: as many as the list
/// has with each filter. To staff they cost the same however many there are; those of an account owner are
/// counted among what is below their accounts.
#[utoipa::path(
    tag = "Invitations",
    operation_id = "countInvitations",
    params(
        ("kind" = Option<Vec<InvitationKind>>, Query, style = Form, explode = false,
            description = "Those of one of these kinds, separated by commas. 403 for a kind that the \
                token may not see.",
            example = json!(["system_user"])),
    ),
    responses(
        (status = 200, description = "The numbers.", body = InvitationCountsView, examples(
            ("InvitationCounts" = (
                summary = "A week after the start", value = json!(InvitationCountsView::example())
            )),
        )),
        CountsErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/invitations/counts")]
pub async fn counts(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let kinds = query.any_of("kind", &InvitationKind::ALL, InvitationKind::as_str);
    query.finish()?;
    let counts = services::counts::invitations(&state.services, &caller.0, kinds).await?;
    representation::object(&request, &InvitationCountsView::from(&counts))
}
