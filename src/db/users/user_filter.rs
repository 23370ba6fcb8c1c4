//! Which users a list shows.

use super::any_role::AnyRole;
use crate::domain::{
    ids::{AccountId, UserId},
    list_order::{Position, UserOrder},
    user::UserStatus,
    visibility::Visibility,
};

/// Which users a list shows. An empty list of values does not filter.
#[derive(Debug, Clone)]
pub struct UserFilter {
    /// The requested part of what the caller may see.
    pub visibility: Visibility,
    /// All that the caller may see: limits the fields that are shown and searched.
    pub reader: Visibility,
    /// With one of these statuses.
    pub statuses: Vec<UserStatus>,
    /// With one of these roles.
    pub roles: Vec<AnyRole>,
    /// Member of this account, or invited to it.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or an account's name.
    pub search: Option<String>,
    /// Only this user.
    pub id: Option<UserId>,
    /// The order.
    pub order: UserOrder,
    /// Those that follow this one.
    pub after: Option<Position<UserId>>,
    /// The maximum number of rows.
    pub limit: i64,
}

impl UserFilter {
    /// All visible users, newest first.
    #[must_use]
    pub fn all(visibility: Visibility, limit: i64) -> Self {
        let reader = visibility.clone();
        Self {
            visibility,
            reader,
            statuses: Vec::new(),
            roles: Vec::new(),
            account: None,
            search: None,
            id: None,
            order: UserOrder::Newest,
            after: None,
            limit,
        }
    }
}
