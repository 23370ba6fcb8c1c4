//! What a caller may do. A token carries permissions by role or by scope; handlers ask for one by name.

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// Invite colleagues, resend and revoke their invitations.
    SystemUsersInvite,
    /// See staff and their invitations.
    SystemUsersRead,
    /// Invite account owners and sub-account users.
    CustomersInvite,
    /// See customers and their invitations.
    CustomersRead,
    /// See accounts.
    AccountsRead,
    /// Block and unblock users.
    UsersBlock,
    /// Erase a user's personal data.
    UsersErase,
    /// Manage API clients.
    ClientsManage,
    /// Read audit events.
    AuditRead,
}

/// No permission has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no permission has this name")]
pub struct UnknownPermission;

impl Permission {
    /// Every permission, in the order of the contract.
    pub const ALL: [Self; 9] = [
        Self::SystemUsersInvite,
        Self::SystemUsersRead,
        Self::CustomersInvite,
        Self::CustomersRead,
        Self::AccountsRead,
        Self::UsersBlock,
        Self::UsersErase,
        Self::ClientsManage,
        Self::AuditRead,
    ];

    /// The name that tokens and the contract use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemUsersInvite => "system_users:invite",
            Self::SystemUsersRead => "system_users:read",
            Self::CustomersInvite => "customers:invite",
            Self::CustomersRead => "customers:read",
            Self::AccountsRead => "accounts:read",
            Self::UsersBlock => "users:block",
            Self::UsersErase => "users:erase",
            Self::ClientsManage => "clients:manage",
            Self::AuditRead => "audit:read",
        }
    }
}

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(name: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name).ok_or(UnknownPermission)
    }
}
