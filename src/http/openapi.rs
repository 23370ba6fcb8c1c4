//! The contract, collected from the handlers: what is routed is in it, what is in it is routed.

use actix_web::dev::ResourceDef;
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, LicenseBuilder, OpenApi, Ref, RefOr, ResponseBuilder,
    path::Operation,
    schema::Schema,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};
use utoipa_actix_web::AppExt;

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = super::routes(actix_web::App::new().into_utoipa_app()).split_for_parts();
    document.info = InfoBuilder::new()
        .title("invitation-service")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let mut components = document.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    components.security_schemes.insert("access_token".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    components.schemas.insert("Problem".to_owned(), problem_schema());
    for (name, schema) in &mut components.schemas {
        // A mistyped member must not be lost in silence.
        if let (true, RefOr::T(Schema::Object(object))) = (is_request(name), schema) {
            object.additional_properties = Some(Box::new(utoipa::openapi::schema::AdditionalProperties::FreeForm(false)));
        }
    }
    document.components = Some(components);
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten();
        operations.for_each(complete);
    }
    document
}

fn is_request(schema: &str) -> bool {
    schema.ends_with("Request") || schema.starts_with("Invite") && schema != "Inviter"
}

/// Adds the refusals that every operation of a kind shares, and gives every refusal its form.
fn complete(operation: &mut Operation) {
    let public = operation.security.as_ref().is_none_or(|all| all.iter().all(|one| *one == SecurityRequirement::default()));
    let path = operation.operation_id.clone().unwrap_or_default();
    let api = !matches!(
        path.as_str(),
        "healthz"
            | "readyz"
            | "metrics"
            | "contract"
            | "problem"
            | "activationPage"
            | "submitActivationPage"
            | "submitRenewalPage"
    );
    let mut shared: Vec<(&str, &str)> = Vec::new();
    if !public {
        shared.push(("401", "`unauthenticated`: no access token, or none that is valid."));
        if path != "listRoles" {
            shared.push(("403", "`forbidden`: the token lacks the permission."));
        }
    }
    // The page's form answers with pages.
    if api && operation.request_body.is_some() {
        shared.extend([
            ("400", "`malformed_json`: the body is empty or no JSON."),
            ("413", "`payload_too_large`: more than 64 KiB."),
            ("415", "`unsupported_media_type`: not `application/json`."),
        ]);
    }
    if api {
        shared.extend([
            ("406", "`not_acceptable`: the `Accept` header rules JSON out."),
            ("422", "`validation_failed`, with every faulty member or parameter in `errors`."),
            ("503", "`unavailable`, with `Retry-After`: the database is away or a queue is full."),
        ]);
        if public {
            shared.push(("429", "`rate_limited`, with `Retry-After`, `RateLimit-Policy` and `RateLimit`."));
        }
    }
    for (status, description) in shared {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert_with(|| RefOr::T(ResponseBuilder::new().description(description).build()));
    }
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response)
            && response.content.is_empty()
            && !path.ends_with("Page")
        {
            let content = Content::new(Some(Ref::from_schema_name("Problem")));
            response.content.insert("application/problem+json".to_owned(), RefOr::T(content));
        }
    }
}

fn problem_schema() -> RefOr<Schema> {
    let schema = serde_json::json!({
        "type": "object",
        "description": "An error, as RFC 9457 has it. Programs act on `code`.",
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri", "description": "A page that explains the code." },
            "title": { "type": "string", "description": "The code in a few words." },
            "status": { "type": "integer", "description": "The HTTP status." },
            "detail": { "type": "string", "description": "What went wrong this time." },
            "code": { "type": "string", "description": "Stable, in `snake_case`." },
            "request_id": { "type": "string", "description": "As in `X-Request-Id`." },
            "errors": {
                "type": "array",
                "description": "With `validation_failed`: every faulty member or parameter.",
                "items": {
                    "type": "object",
                    "required": ["code", "detail"],
                    "properties": {
                        "pointer": { "type": "string", "description": "A JSON Pointer into the body." },
                        "parameter": { "type": "string", "description": "The query parameter, instead of a pointer." },
                        "code": { "type": "string" },
                        "detail": { "type": "string" }
                    }
                }
            },
            "invitation_id": { "type": "string", "description": "With `invitation_pending`: the invitation to resend." },
            "candidates": { "type": "array", "description": "With `ambiguous_…`: what was meant, perhaps.", "items": { "type": "object" } }
        },
        "example": {
            "type": "http://127.0.0.1:8080/problems/validation_failed",
            "title": "Some members are faulty",
            "status": 422,
            "detail": "Faulty: /email, /rolls.",
            "code": "validation_failed",
            "request_id": "req_01kavx6e9me0r8jm6d2e1k2v3w",
            "errors": [
                { "pointer": "/email", "code": "invalid_email", "detail": "This is not an e-mail address: it needs one @ and a domain name with a dot, as in ada@example.com." },
                { "pointer": "/rolls", "code": "unknown_member", "detail": "This member is not known here. Is it mistyped?" }
            ]
        }
    });
    serde_json::from_value(schema).unwrap_or_else(|_| RefOr::T(Schema::default()))
}

/// Which methods the contract's paths know.
pub struct RouteTable(Vec<(ResourceDef, String)>);

impl RouteTable {
    /// The table of a contract.
    pub fn of(document: &OpenApi) -> Self {
        let rows = document.paths.paths.iter().map(|(path, item)| {
            let mut methods = Vec::new();
            if item.get.is_some() {
                methods.extend(["GET", "HEAD"]);
            }
            let others = [(&item.post, "POST"), (&item.put, "PUT"), (&item.patch, "PATCH"), (&item.delete, "DELETE")];
            methods.extend(others.into_iter().filter(|(operation, _)| operation.is_some()).map(|(_, name)| name));
            (ResourceDef::new(path.as_str()), methods.join(", "))
        });
        Self(rows.collect())
    }

    /// The methods of the route that `path` would take, joined by commas; `None` when there is none. A path without a
    /// parameter goes before one with.
    pub fn methods(&self, path: &str) -> Option<String> {
        let mut matching: Vec<&(ResourceDef, String)> = self.0.iter().filter(|(route, _)| route.is_match(path)).collect();
        matching.sort_by_key(|(route, _)| route.pattern().is_some_and(|pattern| pattern.contains('{')));
        matching.first().map(|(_, methods)| methods.clone())
    }
}
