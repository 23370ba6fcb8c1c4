//! A page of any list, as the contract shows it.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Array, Object, Ref, RefOr,
        schema::{Schema, SchemaType, Type},
    },
};

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
