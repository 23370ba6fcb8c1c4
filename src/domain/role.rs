//! The roles of system users: the checkboxes on the invite form.

use std::collections::BTreeSet;

use super::permission::Permission;

/// Defines the roles, one row each, the most powerful first. The API, the contract, tokens, the command line,
/// filters and the database use this list. The display names are in the languages' files.
macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $role:ident, $name:literal, $description:literal, $permissions:expr;)+) => {
        /// A role of a system user; a user may have several.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role {
            $($(#[doc = $doc])+ $role,)+
        }

        impl Role {
            /// Every role, the most powerful first.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$role),+];

            /// The name in requests, answers, tokens and rows.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)+
                }
            }

            /// A description of one line, for the checkbox.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$role => $description,)+
                }
            }

            /// The permissions, as in the contract's table.
            #[must_use]
            pub fn permissions(self) -> &'static [Permission] {
                use Permission::{
                    AccountsRead, CustomersInvite, CustomersRead, SystemUsersInvite, SystemUsersRead,
                };
                match self {
                    $(Self::$role => &$permissions,)+
                }
            }
        }
    };
}

roles! {
    /// All permissions.
    Admin, "admin", "Everything, including blocking and erasing users, API clients, webhooks and the audit.",
        Permission::ALL;
    /// Manages colleagues and customers.
    UserManager, "user_manager", "Invites colleagues and customers and sees them all.",
        [SystemUsersInvite, SystemUsersRead, CustomersInvite, CustomersRead, AccountsRead];
    /// Manages customers.
    CustomerSupport, "customer_support", "Invites customers and sees them and their accounts.",
        [CustomersInvite, CustomersRead, AccountsRead];
    /// Reads customers and accounts.
    Finance, "finance", "Sees customers and their accounts.",
        [CustomersRead, AccountsRead];
    /// Reads everything except the audit.
    Viewer, "viewer", "Sees colleagues, customers and accounts.",
        [SystemUsersRead, CustomersRead, AccountsRead];
}

/// No role has that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no such role. Known roles: {}.", Role::ALL.map(Role::as_str).join(", "))]
pub struct UnknownRole;

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == name).ok_or(UnknownRole)
    }
}

/// A set of roles, in the order of [`Role::ALL`]. It may be empty, as for an account owner.
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

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All permissions of the roles.
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

/// The stored form: names joined by commas, in order, so that equal sets are equal texts.
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
