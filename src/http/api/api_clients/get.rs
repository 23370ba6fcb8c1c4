//! `GET /v1/api-clients/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::view::ApiClientView;
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::errors::errors,
    response::{problem::Problem, representation},
    state::State,
};
use crate::{domain::ids::ClientId, services::api_clients};

errors! {
    GetErrors:
    FORBIDDEN = "the token lacks `clients:manage`";
    NOT_FOUND = "there is no such client, or this token may not see it";
}

/// Show an API client
///
/// With when its secrets expire and were last used, and never with a secret.
#[utoipa::path(
    tag = "API clients",
    operation_id = "getApiClient",
    params(("id" = ClientId, Path, description = "The client.")),
    responses(
        (status = 200, description = "The client.", body = ApiClientView, examples(
            ("ApiClient" = (summary = "A partner's program", value = json!(ApiClientView::example()))),
        )),
        GetErrors,
    ),
    security(("access_token" = ["clients:manage"])),
)]
#[get("/v1/api-clients/{id}")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    api_clients::admit(&caller.0)?;
    let client = api_clients::get(&state.services, &caller.0, id(&path)?).await?;
    representation::object(&request, &ApiClientView::of(&client, state.services.clock.now()))
}
