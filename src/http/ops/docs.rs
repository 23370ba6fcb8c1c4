//! The documentation of the API: the contract, the page of each error code, and the answer to unknown paths.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Path},
};

use crate::http::{
    openapi::{errors::errors, problem_schemas::ErrorCode},
    response::{
        error_codes,
        problem::{Problem, not_found},
    },
    state::State,
};

/// This contract
///
/// Its server is the `PUBLIC_URL` of this service.
#[utoipa::path(
    tag = "Operations",
    operation_id = "contract",
    security(()),
    responses((
        status = 200, description = "OpenAPI 3.1.", content_type = "application/json", body = Object,
        examples(
            ("Contract" = (summary = "Its beginning", value = json!({
                "openapi": "3.1.0", "info": { "title": "invitation-service" }, "paths": {}
            }))),
        )
    )),
)]
#[get("/openapi.json")]
pub async fn contract(request: HttpRequest, state: Data<State>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    // Stored by browsers, and asked for again: it changes with a release.
    response.content_type("application/json").insert_header((header::CACHE_CONTROL, "no-cache"));
    state.contract.answer(&request, response)
}

errors! {
    ProblemErrors:
    NOT_FOUND = "there is no such code";
}

/// What an error code means
///
/// The page that `type` in a problem leads to.
#[utoipa::path(
    tag = "Operations",
    operation_id = "problem",
    params(("code" = ErrorCode, Path, description = "The code.", example = "validation_failed")),
    security(()),
    responses(
        (
            status = 200, description = "What it means and what to do.", content_type = "text/html",
            body = String
        ),
        ProblemErrors,
    )
)]
#[get("/problems/{code}")]
pub async fn problem(path: Path<String>) -> Result<HttpResponse, Problem> {
    let error_codes::Code { code, status, title, help } = error_codes::find(&path).ok_or_else(not_found)?;
    // Every text is from the table: nothing here needs escaping.
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title></head><body><main><h1>{title}</h1>\
         <p><code>{code}</code>, HTTP status {status}</p><p>{help}</p></main></body></html>"
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// `/docs` is a folder.
pub async fn to_docs(state: Data<State>) -> HttpResponse {
    let folder = [state.settings.base_path.as_str(), "/docs/"].concat();
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, folder)).finish()
}

/// For requests that match no route: 405 when the contract has the path, 404 when it does not.
pub async fn nothing_here(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    let route = state.routes.find(&request).filter(|route| state.settings.has_here(&route.pattern));
    if let Some(allow) = route.map(|route| route.methods.clone()) {
        let detail = format!("The methods of this path are {allow}.");
        return Err(Problem::new(error_codes::METHOD_NOT_ALLOWED, detail).header(header::ALLOW, allow));
    }
    let base = state.settings.base_path.as_str();
    let detail = format!("There is nothing at this path. {base}/docs has the paths that there are.");
    Err(Problem::new(error_codes::NOT_FOUND, detail))
}
