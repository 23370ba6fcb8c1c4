//! The roles of system users: the checkboxes on the invite form.

use std::collections::BTreeSet;

use super::permission::Permission;

/// What a system user is to the operator; a person may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Looks after colleagues and customers.
    UserManager,
    /// Looks after customers.
    CustomerSupport,
    /// Reads customers and accounts.
    Finance,
    /// Reads everything but the audit.
    Viewer,
}

/// No role has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no such role. Known are: admin, user_manager, customer_support, finance, viewer.")]
pub struct UnknownRole;

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 5] = [Self::Admin, Self::UserManager, Self::CustomerSupport, Self::Finance, Self::Viewer];

    /// The name that requests, answers and tokens use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::UserManager => "user_manager",
            Self::CustomerSupport => "customer_support",
            Self::Finance => "finance",
            Self::Viewer => "viewer",
        }
    }

    /// One line for the checkbox.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Admin => "Everything, including blocking and erasing users, API clients and the audit.",
            Self::UserManager => "Invites colleagues and customers and sees them all.",
            Self::CustomerSupport => "Invites customers and sees them and their accounts.",
            Self::Finance => "Sees customers and their accounts.",
            Self::Viewer => "Sees colleagues, customers and accounts.",
        }
    }

    /// What the role allows, as the contract's table has it.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::{AccountsRead, CustomersInvite, CustomersRead, SystemUsersInvite, SystemUsersRead};
        match self {
            Self::Admin => &Permission::ALL,
            Self::UserManager => &[SystemUsersInvite, SystemUsersRead, CustomersInvite, CustomersRead, AccountsRead],
            Self::CustomerSupport => &[CustomersInvite, CustomersRead, AccountsRead],
            Self::Finance => &[CustomersRead, AccountsRead],
            Self::Viewer => &[SystemUsersRead, CustomersRead, AccountsRead],
        }
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or(UnknownRole)
    }
}

/// A set of roles, in the order of [`Role::ALL`]. It may be empty: an account owner's is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// The roles, the most powerful first.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Their names, for answers.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.iter().map(Role::as_str).collect()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that any of them allows.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.iter().flat_map(|role| role.permissions().iter().copied()).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

/// As it is stored: names joined by commas, in order, so that equal sets are equal texts.
impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.names().join(","))
    }
}

impl std::str::FromStr for Roles {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        text.split(',').filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}
