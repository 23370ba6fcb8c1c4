//! What an access token is, and what it may allow.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::domain::permission::Permission;

/// The one way to authenticate.
pub(super) fn access_token() -> SecurityScheme {
    let permissions: Vec<String> =
        Permission::ALL.into_iter().map(|one| format!("- `{}`: {}", one.as_str(), allows(one))).collect();
    let permissions = permissions.join("\n");
    let description = format!(
        "An access token (a JWT) in `Authorization: Bearer`. A person gets one by `POST /v1/auth/token`, with the permissions of \
         their roles and the accounts that they own; programs and operations get theirs from the command line \
         (`invitation-service token`), by role or by scope.\n\nThe scopes of an operation are the permissions of which the \
         token needs one:\n\n{permissions}\n\nWhoever owns an account may invite into it, and read, change, resend and revoke what lies \
         under it, and remove members from it, without a permission. A person's token ends with the password that it was got with, and is worth no \
         more than the roles and accounts that its holder still has."
    );
    SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(description))
            .build(),
    )
}

fn allows(permission: Permission) -> &'static str {
    match permission {
        Permission::SystemUsersInvite => "invite colleagues, change, resend and revoke their invitations.",
        Permission::SystemUsersRead => "see staff and their invitations.",
        Permission::CustomersInvite => {
            "invite account owners and sub-account users, change, resend and revoke their invitations, and remove members."
        }
        Permission::CustomersRead => "see customers and their invitations.",
        Permission::AccountsRead => "see accounts.",
        Permission::UsersBlock => "block and unblock users; no operation asks for it yet.",
        Permission::UsersErase => "erase a user's personal data; no operation asks for it yet.",
        Permission::ClientsManage => "manage API clients; no operation asks for it yet.",
        Permission::AuditRead => "read audit events; no operation asks for it yet.",
    }
}
