//! What `If-None-Match` adds to an operation (RFC 9110 §13.1.2).

use utoipa::openapi::{
    Header, ObjectBuilder, RefOr, Response, ResponseBuilder,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{SchemaType, Type},
};

/// Adds the header, the entity tag and the answer 304 to a GET of the API that answers with JSON.
pub(super) fn add(path: &str, operation: &mut Operation) {
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { return };
    let is_tagged = ["/v1/", "/.well-known/", "/openapi.json"].iter().any(|begin| path.starts_with(begin));
    if !is_tagged || !answer.content.contains_key("application/json") {
        return;
    }
    answer.headers.insert("ETag".to_owned(), RefOr::T(Header::default()));
    operation.parameters.get_or_insert_default().push(header());
    operation.responses.responses.insert("304".to_owned(), RefOr::T(unchanged()));
}

fn unchanged() -> Response {
    ResponseBuilder::new()
        .description("The answer is the one that `If-None-Match` names.")
        .header("ETag", Header::default())
        .build()
}

fn header() -> RefOr<Parameter> {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
    let header = ParameterBuilder::new()
        .name("If-None-Match")
        .parameter_in(ParameterIn::Header)
        .description(Some("The `ETag` of an earlier answer: 304 without a body where it would be the same."))
        .schema(Some(schema))
        .build();
    RefOr::T(header)
}
