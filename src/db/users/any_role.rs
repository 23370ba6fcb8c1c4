//! The roles by which a list of users is filtered.

use crate::domain::{role::Role, sub_account::MemberRole};

/// A role of a system user or of a member of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnyRole {
    /// Of a system user.
    System(Role),
    /// Of a member.
    Member(MemberRole),
}

impl AnyRole {
    /// Every role, those of system users first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Role::ALL.map(Self::System).into_iter().chain(MemberRole::ALL.map(Self::Member)).collect()
    }

    /// The name in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System(role) => role.as_str(),
            Self::Member(role) => role.as_str(),
        }
    }
}
