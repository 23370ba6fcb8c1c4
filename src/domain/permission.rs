//! Permissions. A token has them by role or by scope; handlers require one by name.

closed_set! {
    /// A permission of a caller.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Permission {
        /// Invite colleagues, resend and revoke their invitations.
        SystemUsersInvite = "system_users:invite",
        /// See staff and their invitations.
        SystemUsersRead = "system_users:read",
        /// Invite account owners and sub-account users.
        CustomersInvite = "customers:invite",
        /// See customers and their invitations.
        CustomersRead = "customers:read",
        /// See accounts.
        AccountsRead = "accounts:read",
        /// Block and unblock users.
        UsersBlock = "users:block",
        /// Erase a user's personal data.
        UsersErase = "users:erase",
        /// Manage API clients.
        ClientsManage = "clients:manage",
        /// Manage webhook endpoints: a program those of its own API client, staff those of all clients that
        /// they see.
        WebhooksManage = "webhooks:manage",
        /// Read audit events.
        AuditRead = "audit:read",
    }
}
