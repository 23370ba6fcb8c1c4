//! What an access token is, and what it may allow.

use std::collections::BTreeSet;

use utoipa::openapi::{
    OpenApi,
    path::Operation,
    security::{
        ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement,
        SecurityScheme,
    },
};

use super::oauth::TOKEN_PATH;
use crate::domain::permission::Permission;

/// Whether no access token is asked for.
pub fn is_public(operation: &Operation) -> bool {
    let none = SecurityRequirement::default();
    operation.security.as_ref().is_none_or(|all| all.iter().all(|one| *one == none))
}

/// The scheme of access tokens.
pub(super) fn access_token(document: &OpenApi) -> SecurityScheme {
    let used = scopes(document);
    let describe = |permission: Permission| {
        let name = permission.as_str();
        let unused = if used.contains(name) { "" } else { "; no operation asks for it yet" };
        format!("- `{name}`: {}{unused}.", allows(permission))
    };
    let permissions = Permission::ALL.map(describe).join("\n");
    let description = format!(
        "An access token (a JWT) in `Authorization: Bearer`. A person gets one by `POST /v1/auth/token`, \
        with the permissions of their roles and the accounts that they own. A program gets one there with an \
        API client, and operations from the command line (`invitation-service token`), by role or by \
        scope.\n\nThe scopes of an operation are permissions; the token needs one of \
        them:\n\n{permissions}\n\nThe owner of an account \
        needs no permission to invite into it, to remove members from it, and to read, change, resend and \
        revoke invitations below it. A person's token ends when their password changes, and always allows \
        only what the person's present roles and accounts allow.\n\nWhere the operator has configured it, \
        access tokens of identity providers are taken, too. What they allow follows from their claims; one \
        that allows nothing is valid, and refused with 403. While the keys of its issuer cannot be fetched, \
        the answer is 503 `unavailable`."
    );
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(description))
            .build(),
    )
}

/// The name of the scheme of [`api_client`].
pub(super) const API_CLIENT: &str = "api_client";

/// How programs get access tokens, for generated clients.
pub(super) fn api_client() -> SecurityScheme {
    let scopes = Permission::ALL.map(|permission| (permission.as_str(), allows(permission)));
    let flow = ClientCredentials::new(TOKEN_PATH, Scopes::from_iter(scopes));
    let description = "A program gets its access token with the id and the secret of an API client (RFC 6749 \
        §4.4), which `POST /v1/api-clients` makes.";
    SecurityScheme::OAuth2(OAuth2::with_description([Flow::ClientCredentials(flow)], description))
}

/// Says that an operation takes the tokens of API clients. Those of sessions and of people's own memberships
/// do not.
pub(super) fn add_api_client(path: &str, operation: &mut Operation) {
    if path.starts_with("/v1/auth/") || path.starts_with("/v1/me/") {
        return;
    }
    let Some(security) = &mut operation.security else { return };
    let scopes: Vec<Vec<String>> = security.iter().filter_map(scopes_of).collect();
    security.extend(scopes.into_iter().map(|scopes| SecurityRequirement::new(API_CLIENT, scopes)));
}

/// The scopes of a requirement of an access token, which can be read from its JSON only.
fn scopes_of(requirement: &SecurityRequirement) -> Option<Vec<String>> {
    let value = serde_json::to_value(requirement).ok()?;
    let scopes = value["access_token"].as_array()?;
    Some(scopes.iter().filter_map(|scope| scope.as_str().map(str::to_owned)).collect())
}

fn allows(permission: Permission) -> &'static str {
    match permission {
        Permission::SystemUsersInvite => "invite colleagues, change, resend and revoke their invitations",
        Permission::SystemUsersRead => "see staff and their invitations",
        Permission::CustomersInvite => {
            "invite account owners and sub-account users, change, resend and revoke their invitations, and \
            remove members"
        }
        Permission::CustomersRead => "see customers and their invitations",
        Permission::AccountsRead => "see accounts",
        Permission::UsersBlock => "block and unblock users",
        Permission::UsersErase => "erase a user's personal data",
        Permission::ClientsManage => "manage API clients",
        Permission::WebhooksManage => {
            "manage webhook endpoints: a program those of its own API client, staff those of all clients"
        }
        Permission::AuditRead => "read audit events",
    }
}

/// The permissions that operations ask for.
fn scopes(document: &OpenApi) -> BTreeSet<String> {
    let operations =
        document.paths.paths.values().flat_map(|item| {
            [&item.get, &item.post, &item.put, &item.patch, &item.delete].into_iter().flatten()
        });
    let requirements = operations.flat_map(|operation| operation.security.iter().flatten());
    requirements.filter_map(scopes_of).flatten().collect()
}
