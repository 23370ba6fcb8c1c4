//! A user of the platform, from the first invitation on.

use chrono::{DateTime, Utc};

use super::{
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    role::Roles,
    sub_account::MemberRole,
};

closed_set! {
    /// The status of a user.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum UserStatus {
        /// Invited, never activated.
        Invited = "invited",
        /// Has a password and may sign in.
        Active = "active",
        /// Was active, and may not sign in.
        Blocked = "blocked",
    }
}

closed_set! {
    /// Whether a user is staff, a customer, or both; a filter of lists.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum UserKind {
        /// Staff of the operator, or invited as staff.
        SystemUser = "system_user",
        /// A member of an account, or invited to one.
        Customer = "customer",
    }
}

/// A user's membership in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: Option<String>,
    /// The role.
    pub role: MemberRole,
}

/// One person: one e-mail address, compared by [`Email::key`].
#[derive(Debug, Clone)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address, as first typed.
    pub email: Email,
    /// Given at activation.
    pub first_name: Option<String>,
    /// Given at activation.
    pub last_name: Option<String>,
    /// The status.
    pub status: UserStatus,
    /// The roles; empty until the user has activated as staff.
    pub system_roles: Roles,
    /// The accounts to which the user belongs, as far as the caller may see them.
    pub memberships: Vec<Membership>,
    /// When the first invitation was created; `None` where the caller may not see it.
    pub created_at: Option<DateTime<Utc>>,
    /// When the user set a password.
    pub activated_at: Option<DateTime<Utc>>,
    /// The newest pending invitation, expired ones included.
    pub pending_invitation_id: Option<InvitationId>,
}

impl User {
    /// First and last name; `None` for a user who never activated.
    #[must_use]
    pub fn whole_name(&self) -> Option<String> {
        let (first, last) = self.first_name.as_ref().zip(self.last_name.as_ref())?;
        Some(format!("{first} {last}"))
    }
}
