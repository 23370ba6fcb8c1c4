//! What each role may do, written a second time on purpose: apart from `src/domain/role.rs`, and in the order
//! of [`Role::ALL`]. Every table of the tests that has roles makes their rows from this one.

use invitation_service::domain::role::Role;

/// What a caller may do with people and their invitations. Each table of the tests has a row for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Invites colleagues and customers, and reads both.
    ManageAll,
    /// Invites customers, and reads them and their accounts; of colleagues, nothing.
    ManageCustomers,
    /// Reads customers and their accounts.
    ReadCustomers,
    /// Reads colleagues, customers and accounts.
    ReadAll,
    /// Neither: as a caller without a role.
    Nothing,
}

/// What a role may do with people and their invitations.
pub fn access(role: Role) -> Access {
    match role {
        Role::Admin | Role::UserManager => Access::ManageAll,
        Role::CustomerSupport => Access::ManageCustomers,
        Role::Finance => Access::ReadCustomers,
        Role::Viewer => Access::ReadAll,
    }
}

/// The role's permissions, as `GET /v1/roles` lists them.
pub fn permissions(role: Role) -> &'static [&'static str] {
    match role {
        Role::Admin => &[
            "system_users:invite",
            "system_users:read",
            "customers:invite",
            "customers:read",
            "accounts:read",
            "users:block",
            "users:erase",
            "clients:manage",
            "webhooks:manage",
            "audit:read",
        ],
        Role::UserManager => &[
            "system_users:invite",
            "system_users:read",
            "customers:invite",
            "customers:read",
            "accounts:read",
        ],
        Role::CustomerSupport => &["customers:invite", "customers:read", "accounts:read"],
        Role::Finance => &["customers:read", "accounts:read"],
        Role::Viewer => &["system_users:read", "customers:read", "accounts:read"],
    }
}
