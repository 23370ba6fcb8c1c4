//! The conventions of schemas, applied to all of them.

use utoipa::openapi::{
    Object, RefOr,
    schema::{AdditionalProperties, Schema, SchemaType, Type},
};

/// Puts a schema of the contract into its final form.
pub(super) fn tidy(name: &str, schema: &mut RefOr<Schema>) {
    bare_references(schema);
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for property in object.properties.values_mut() {
        lift_description(property);
        bare_references(property);
    }
    match Side::of(name) {
        // A mistyped member must not be ignored silently.
        Side::Request => object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false))),
        Side::Form => {}
        // Answers have every member: without a value it is null.
        Side::Answer => require_nullable(object),
    }
}

/// Who writes it.
enum Side {
    Request,
    Form,
    Answer,
}

impl Side {
    fn of(name: &str) -> Self {
        if name.ends_with("Request") || name.starts_with("Invite") && name != "Inviter" {
            return Self::Request;
        }
        if name.ends_with("Form") { Self::Form } else { Self::Answer }
    }
}

/// The description of a member that may be null belongs to the member, not to one of its two forms.
fn lift_description(property: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(either)) = property else { return };
    for form in &mut either.items {
        if let RefOr::Ref(form) = form
            && either.description.is_none()
            && !form.description.is_empty()
        {
            either.description = Some(std::mem::take(&mut form.description));
        }
    }
}

/// A union's references have no description of their own: many generators make another type of one that has.
fn bare_references(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::OneOf(either)) = schema else { return };
    for form in &mut either.items {
        if let RefOr::Ref(form) = form {
            form.description.clear();
        }
    }
}

fn require_nullable(object: &mut Object) {
    let nullable =
        object.properties.iter().filter(|(_, property)| is_nullable(property)).map(|(name, _)| name.clone());
    let known: Vec<String> = nullable.filter(|name| !object.required.contains(name)).collect();
    object.required.extend(known);
}

fn is_nullable(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::OneOf(either)) => either.items.iter().any(is_null),
        RefOr::T(Schema::Object(object)) => may_be_null(&object.schema_type),
        RefOr::T(Schema::Array(array)) => may_be_null(&array.schema_type),
        _ => false,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

fn may_be_null(types: &SchemaType) -> bool {
    matches!(types, SchemaType::Array(types) if types.contains(&Type::Null))
}
