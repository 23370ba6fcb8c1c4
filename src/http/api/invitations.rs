//! `/v1/invitations`: list, count, show, change, timeline, recheck, resend, revoke.

pub(in crate::http) mod counts;
pub(in crate::http) mod events;
pub(in crate::http) mod get;
pub(in crate::http) mod list;
pub(in crate::http) mod recheck;
pub(in crate::http) mod resend;
pub(in crate::http) mod revoke;
pub(in crate::http) mod update;

use actix_web::guard::GuardContext;

use crate::http::{
    extract::idempotency_key::RequestContext, openapi::routes::is_path, response::problem::Problem,
};
use crate::{domain::ids::InvitationId, services};

/// Whether the caller may resend and revoke this invitation, whatever its state.
pub(in crate::http) async fn may_act_on(
    (state, actor): &RequestContext,
    id: InvitationId,
) -> Result<(), Problem> {
    Ok(services::resend::authority::over_invitation(&state.services, actor, id).await?)
}

/// `batch` and `counts` are not ids: they are paths of their own, `batch` without GET and both without PATCH.
fn names_one(request: &GuardContext<'_>) -> bool {
    let uri = &request.head().uri;
    !is_path(uri, "/v1/invitations/batch") && !is_path(uri, "/v1/invitations/counts")
}
