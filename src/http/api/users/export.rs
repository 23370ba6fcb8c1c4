//! `GET /v1/users/{id}/export`.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{CONTENT_DISPOSITION, HeaderValue},
    web::{Data, Path},
};

use super::export_view::{ExportView, example};
use crate::http::{
    extract::{auth::Caller, path::id, query::Query},
    openapi::errors::errors,
    response::{problem::Problem, representation},
    state::State,
};
use crate::{domain::ids::UserId, services::users::export as exports};

errors! {
    ExportErrors:
    FORBIDDEN = "the token lacks `users:erase`";
    ROLE_EXCEEDS_YOURS = "the user may do more than the token does";
    NOT_FOUND = "there is no such user, this token may not see them, or they were erased";
}

/// Export a user
///
/// All that is held about a person, as a file, for their right of access (Regulation (EU) 2016/679, article
/// 15): user, memberships and roles, invitations with timelines and letters, sessions, suppression, and audit
/// events by and about them. There are no secrets in it. Of each kind the newest 1000 are exported;
/// `truncated` says whether there are more. The names of staff who invited are in it. The export is recorded
/// in the audit log.
#[utoipa::path(
    tag = "Users",
    operation_id = "exportUser",
    params(("id" = UserId, Path, description = "The user.")),
    responses(
        (
            status = 200, description = "The file.", body = ExportView, headers(("Content-Disposition")),
            examples(("Export" = (summary = "A colleague", value = json!(example())))),
        ),
        ExportErrors,
    ),
    security(("access_token" = ["users:erase"])),
)]
#[get("/v1/users/{id}/export")]
pub async fn export(
    caller: Caller,
    path: Path<String>,
    query: Query,
    request: HttpRequest,
    state: Data<State>,
) -> Result<HttpResponse, Problem> {
    query.finish()?;
    let user: UserId = id(&path)?;
    let exported = exports::user(&state.services, &caller.0, user).await?;
    let view = ExportView::of(&exported, state.services.clock.now());
    let mut response = representation::object(&request, &view)?;
    if let Ok(file) = HeaderValue::from_str(&format!("attachment; filename=\"{user}.json\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, file);
    }
    Ok(response)
}
