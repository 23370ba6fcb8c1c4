//! Answers with a page of any list.

use actix_web::{HttpResponse, http::header};
use serde::Serialize;

pub use super::list::List;
use super::{problem::Problem, representation};
use crate::services::queries::Page;

/// Answers with a page, and with a `Link` to the next one (RFC 8288), which is relative, so that it works
/// behind any proxy. A `;` in its query is written as `%3B`. See findings/requests-link-semicolon.sh.
///
/// # Errors
/// As [`representation::object`].
pub fn answer<R, T: Serialize>(
    page: &Page<R>,
    view: impl Fn(&R) -> T,
    request: &actix_web::HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &page.next_cursor {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes())
            .filter(|(name, _)| name != "cursor");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .append_pair("cursor", cursor)
            .finish();
        response.insert_header((header::LINK, format!("<{}?{query}>; rel=\"next\"", request.path())));
    }
    let list = List { data: page.data.iter().map(view).collect(), next_cursor: page.next_cursor.clone() };
    representation::list(request, response, &list)
}
