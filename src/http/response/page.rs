//! A page of any list.

use std::borrow::Cow;

use actix_web::{HttpResponse, http::header};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, Object, Ref, RefOr,
        schema::{Schema, SchemaType, Type},
    },
};

use super::{problem::Problem, representation};
use crate::services::queries::Page;

/// A page of a list. In the contract each is a schema of its own, `ListOfUsers`, that points to its item's.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// Its items, newest first; those of a timeline oldest first.
    pub data: Vec<T>,
    /// The cursor of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T: ToSchema> PartialSchema for List<T> {
    fn schema() -> RefOr<Schema> {
        let rows = Array::builder()
            .items(Ref::from_schema_name(T::name()))
            .description(Some("The items of the page."));
        let cursor = Object::builder()
            .schema_type([Type::String, Type::Null].into_iter().collect::<SchemaType>())
            .description(Some("The cursor of the next page; null on the last one."));
        Object::builder()
            .description(Some("A page of a list."))
            .property("data", rows)
            .required("data")
            .property("next_cursor", cursor)
            .required("next_cursor")
            .into()
    }
}

impl<T: ToSchema> ToSchema for List<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("ListOf{}s", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

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
