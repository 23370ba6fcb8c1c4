//! `DELETE /v1/api-clients/{id}`.

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
use crate::{domain::ids::ClientId, services::api_clients};

errors! {
    RevokeErrors:
    FORBIDDEN = "the token lacks `clients:manage`";
    NOT_FOUND = "there is no such client, or this token may not see it";
}

/// Revoke an API client
///
/// For good: its secrets stop working at once, and its access tokens within a second. It stays in the list. A
/// client that is revoked already stays so.
#[utoipa::path(
    tag = "API clients",
    operation_id = "revokeApiClient",
    params(("id" = ClientId, Path, description = "The client.")),
    responses(
        (status = 204, description = "Revoked."),
        RevokeErrors,
    ),
    security(("access_token" = ["clients:manage"])),
)]
#[delete("/v1/api-clients/{id}")]
pub async fn revoke(
    caller: Caller,
    path: Path<String>,
    query: Query,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    api_clients::admit(&caller.0)?;
    api_clients::revoke(&state.services, &caller.0, id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
