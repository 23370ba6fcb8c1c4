//! `GET /v1/users/counts`.

use actix_web::{HttpRequest, HttpResponse, get, web::Data};

use crate::http::{
    extract::{auth::Caller, query::Query},
    openapi::errors::errors,
    response::{counts::UserCountsView, problem::Problem, representation},
    state::State,
};
use crate::{domain::user::UserKind, services};

errors! {
    CountsErrors:
    FORBIDDEN = "the token may see no user, or none of this kind";
}

/// Count users
///
/// The numbers of the users whom the caller may see, by kind and status: as many as the list has with each
/// filter. To staff they cost the same however many there are; those of an account owner are counted among
/// what is below their accounts.
#[utoipa::path(
    tag = "Users",
    operation_id = "countUsers",
    params(
        ("kind" = Option<Vec<UserKind>>, Query, style = Form, explode = false,
            description = "Those of one of these kinds, separated by commas. 403 for a kind that the \
                token may not see.",
            example = json!(["customer"])),
    ),
    responses(
        (status = 200, description = "The numbers.", body = UserCountsView, examples(
            ("UserCounts" = (summary = "A week after the start", value = json!(UserCountsView::example()))),
        )),
        CountsErrors,
    ),
    security(("access_token" = ["system_users:read"]), ("access_token" = ["customers:read"])),
)]
#[get("/v1/users/counts")]
pub async fn counts(
    caller: Caller,
    mut query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    let kinds = query.any_of("kind", &UserKind::ALL, UserKind::as_str);
    query.finish()?;
    let counts = services::counts::users(&state.services, &caller.0, kinds).await?;
    representation::object(&request, &UserCountsView::from(&counts))
}
