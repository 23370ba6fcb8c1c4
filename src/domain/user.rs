//! A person known to the platform, from the first invitation on.

use chrono::{DateTime, Utc};

use super::{
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    role::Roles,
    sub_account::MemberRole,
};

closed_set! {
    /// How far a person has come.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum UserStatus {
        /// Invited, never activated.
        Invited = "invited",
        /// Has a password and may sign in.
        Active = "active",
        /// Was active and is kept out.
        Blocked = "blocked",
    }
}

closed_set! {
    /// Whether a person is staff, a customer, or both; what lists filter by.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum UserKind {
        /// Staff of the operator, or invited to become that.
        SystemUser = "system_user",
        /// A member of an account, or invited to become that.
        Customer = "customer",
    }
}

/// A user's place in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account_id: AccountId,
    /// Its name.
    pub account_name: Option<String>,
    /// As what.
    pub role: MemberRole,
}

/// One person: one e-mail address, compared by [`Email::key`].
#[derive(Debug, Clone)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address, as it was first typed.
    pub email: Email,
    /// Given at activation.
    pub first_name: Option<String>,
    /// Given at activation.
    pub last_name: Option<String>,
    /// How far the person has come.
    pub status: UserStatus,
    /// The roles held; empty until the person has activated as staff.
    pub system_roles: Roles,
    /// The accounts that the person belongs to, as far as the caller may see them.
    pub memberships: Vec<Membership>,
    /// When the first invitation was made; none where the caller is not told.
    pub created_at: Option<DateTime<Utc>>,
    /// When the person set a password.
    pub activated_at: Option<DateTime<Utc>>,
    /// The newest invitation that still awaits an answer, expired ones included.
    pub pending_invitation_id: Option<InvitationId>,
}
