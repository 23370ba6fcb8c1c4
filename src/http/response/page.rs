//! Answers with a page of any list.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use serde::Serialize;

pub use super::list::List;
use super::{
    coalesced::Coalesced,
    problem::Problem,
    representation::{self, Representation},
};
use crate::{
    domain::{base_path::BasePath, visibility::Visibility},
    services::queries::{AccountQuery, InvitationQuery, Page, PageRequest, UserQuery},
};

/// A page as it is sent to everybody who asks for it.
pub struct Rendered {
    representation: Representation,
    next_cursor: Option<String>,
}

/// A list with this query, whose requests share pages with those of everybody who may see the same.
pub type SharedList<Q> = Coalesced<(Visibility, Q, PageRequest), Result<Arc<Rendered>, Problem>>;

/// The lists that large teams look at all day.
#[derive(Default)]
pub struct SharedLists {
    pub(in crate::http) invitations: SharedList<InvitationQuery>,
    pub(in crate::http) users: SharedList<UserQuery>,
    pub(in crate::http) accounts: SharedList<AccountQuery>,
}

/// A page in JSON.
///
/// # Errors
/// Only when it cannot be serialised, which its types rule out.
pub fn render<R, T: Serialize>(page: &Page<R>, view: impl Fn(&R) -> T) -> Result<Rendered, Problem> {
    let list = List { data: page.data.iter().map(view).collect(), next_cursor: page.next_cursor.clone() };
    Ok(Rendered { representation: Representation::of(&list)?, next_cursor: list.next_cursor })
}

/// Answers with a page, and with a `Link` to the next one (RFC 8288), which has the base path and no host, so
/// that it works behind any proxy. A `;` in its query is written as `%3B`. See
/// findings/requests-link-semicolon.sh.
pub fn respond(page: &Rendered, request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Some(cursor) = &page.next_cursor {
        let query = url::form_urlencoded::parse(request.query_string().as_bytes())
            .filter(|(name, _)| name != "cursor");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .append_pair("cursor", cursor)
            .finish();
        let base = request.app_data::<Data<BasePath>>().map_or("", |base| base.as_str());
        response.insert_header((header::LINK, format!("<{base}{}?{query}>; rel=\"next\"", request.path())));
    }
    representation::list(request, response, &page.representation)
}

/// Answers with a page that this request alone has asked for.
///
/// # Errors
/// As [`render`].
pub fn answer<R, T: Serialize>(
    page: &Page<R>,
    view: impl Fn(&R) -> T,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    Ok(respond(&render(page, view)?, request))
}
