//! `DELETE /v1/suppressions/{id}`.

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
    domain::ids::SuppressionId,
    services::suppressions::{self},
};

errors! {
    LiftErrors:
    FORBIDDEN = "the token lacks `customers:invite`";
    NOT_FOUND = "it is not on the list, or this token may not see it";
}

/// Write to an address again
///
/// Removes the address from the list. Letters that failed meanwhile are not sent: resend their invitations.
#[utoipa::path(
    tag = "Operations",
    operation_id = "liftSuppression",
    params(("id" = SuppressionId, Path, description = "The address on the list.")),
    responses(
        (status = 204, description = "Letters to it are sent again."),
        LiftErrors,
    ),
    security(("access_token" = ["customers:invite"])),
)]
#[delete("/v1/suppressions/{id}")]
pub async fn lift(
    caller: Caller,
    path: Path<String>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    suppressions::lift(&state.services, &caller.0, id(&path)?).await?;
    state.metrics.suppression("lifted");
    Ok(HttpResponse::NoContent().finish())
}
