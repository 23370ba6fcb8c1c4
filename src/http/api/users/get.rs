//! `GET /v1/users/{id}`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    web::{Data, Path},
};

use super::names_one;
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::{errors::errors, sample_data},
    response::{problem::Problem, representation, views::UserView},
    state::State,
};
use crate::{domain::ids::UserId, services::queries};

errors! {
    GetErrors:
    NOT_FOUND = "there is no such user, or this token may not see them";
}

/// Show a user
///
/// With the fields that the caller may see, and an `ETag` for changes.
#[utoipa::path(
    tag = "Users",
    operation_id = "getUser",
    params(("id" = UserId, Path, description = "The user.")),
    responses(
        (status = 200, description = "The user.", body = UserView, examples(
            ("User" = (summary = "A colleague", value = json!(sample_data::ada()))),
        )),
        GetErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users/{id}", guard = "names_one")]
pub async fn get(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let user = queries::user(&state.services, &caller.0, id(&path)?).await?;
    representation::object(&request, &UserView::from(&user))
}
