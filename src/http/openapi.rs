//! The contract, collected from the handlers: it has exactly the routes that there are.
//!
//! Handlers describe what is specific to them. What several have in common is added here: shared error codes,
//! headers, examples, and conventions of schemas.

pub(super) mod committed;
mod conditional;
pub(super) mod domain_schemas;
pub(super) mod errors;
mod examples;
mod headers;
mod idempotency;
mod oauth;
mod operations;
mod postprocess;
pub(super) mod problem_examples;
pub(super) mod problem_schemas;
mod problem_types;
pub(super) mod routes;
pub(super) mod sample_data;
pub mod security;
pub(super) mod served;
mod shared;
mod webhooks;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{HttpMethod, InfoBuilder, LicenseBuilder, OpenApi, RefOr, Server, tag::TagBuilder},
};

use self::{examples::Examples, problem_schemas::ProblemDocument, problem_types::ProblemTypes};
use crate::{
    domain::{
        list_order::{InvitationOrder, UserOrder},
        user::UserKind,
    },
    http::api::auth::OAuthError,
    services::queries::AnyRole,
};

/// The groups of operations, in the order of the document.
const TAGS: [(&str, &str); 9] = [
    (
        "Signing in",
        "An access token for a person who has activated; who a caller is; how others verify tokens.",
    ),
    ("System users", "Colleagues: inviting them, and the roles that they can hold."),
    ("Customers", "Account owners, sub-accounts and drivers: inviting them, and their accounts."),
    ("Invitations", "Invitations and their delivery; resending and revoking."),
    ("Users", "People, from their first invitation on."),
    ("Activation", "For the holder of an activation link. The link's token is the only credential."),
    ("API clients", "Programs of partners: their ids, secrets and permissions."),
    (
        "Webhooks",
        "Events for partners' programs: endpoints, their secrets, attempts, and sending events again.",
    ),
    ("Operations", "Health, metrics, deliveries, suppressed addresses, webhooks, and this document."),
];

/// Completes what was collected from the handlers.
#[must_use]
pub fn complete(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("invitation-service")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi/info.md")))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    document.servers = Some(vec![Server::new(committed::DEFAULT_SERVER)]);
    let tag = |(name, description)| TagBuilder::new().name(name).description(Some(description)).build();
    document.tags = Some(TAGS.into_iter().map(tag).collect());
    let mut components = document.components.take().unwrap_or_default();
    components
        .security_schemes
        .insert("access_token".to_owned(), RefOr::T(security::access_token(&document)));
    components.security_schemes.insert(security::API_CLIENT.to_owned(), RefOr::T(security::api_client()));
    let mut more = vec![(ProblemDocument::name().into_owned(), ProblemDocument::schema())];
    ProblemDocument::schemas(&mut more);
    // utoipa does not collect schemas that only parameters use.
    more.push((UserKind::name().into_owned(), UserKind::schema()));
    more.push((AnyRole::name().into_owned(), AnyRole::schema()));
    more.push((InvitationOrder::name().into_owned(), InvitationOrder::schema()));
    more.push((UserOrder::name().into_owned(), UserOrder::schema()));
    // Nor those that only `oauth` names.
    more.push((OAuthError::name().into_owned(), OAuthError::schema()));
    OAuthError::schemas(&mut more);
    let (mut examples, problem_types) = complete_operations(&mut document);
    document.webhooks = Some(webhooks::section(&mut more, &mut examples));
    components.schemas.extend(more);
    components.schemas.extend(problem_types);
    components.headers = headers::components();
    components.examples = examples;
    components.responses = shared::responses(&mut document);
    for (name, schema) in &mut components.schemas {
        postprocess::tidy(name, schema);
    }
    document.components = Some(components);
    document
}

/// Completes each operation. The examples of all of them, and the schemas of their errors.
fn complete_operations(document: &mut OpenApi) -> (Examples, ProblemTypes) {
    let (mut examples, mut problem_types) = (Examples::new(), ProblemTypes::new());
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operations::complete((path, method), operation, &mut examples);
                problem_types::add(operation, &mut problem_types);
            }
        }
    }
    (examples, problem_types)
}
