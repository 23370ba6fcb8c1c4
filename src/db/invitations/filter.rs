//! Which invitations a list shows.

use chrono::{DateTime, Utc};

use crate::domain::{
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    invitation::{DeliveryState, InvitationKind, InvitationStatus},
    list_order::{InvitationOrder, Position},
    visibility::Visibility,
};

/// Which invitations a list shows. An empty list of values does not filter.
#[derive(Debug, Clone)]
pub struct InvitationFilter {
    /// The requested part of what the caller may see.
    pub visibility: Visibility,
    /// All that the caller may see: limits the names that a search matches.
    pub reader: Visibility,
    /// The time at which expiry and delivery are evaluated.
    pub now: DateTime<Utc>,
    /// Of one of these kinds.
    pub kinds: Vec<InvitationKind>,
    /// To this account.
    pub account: Option<AccountId>,
    /// With one of these statuses.
    pub statuses: Vec<InvitationStatus>,
    /// With its newest letter in one of these states.
    pub deliveries: Vec<DeliveryState>,
    /// To this address.
    pub email: Option<Email>,
    /// To this user.
    pub user: Option<UserId>,
    /// Pending, expired or not.
    pub unanswered: bool,
    /// With this text in the address, the person's name or the account's name.
    pub search: Option<String>,
    /// Only these invitations.
    pub ids: Option<Vec<InvitationId>>,
    /// The order.
    pub order: InvitationOrder,
    /// Those that follow this one.
    pub after: Option<Position<InvitationId>>,
    /// The maximum number of rows.
    pub limit: i64,
}

impl InvitationFilter {
    /// All visible invitations, newest first.
    #[must_use]
    pub fn all(visibility: Visibility, limit: i64) -> Self {
        Self {
            reader: visibility.clone(),
            visibility,
            now: DateTime::UNIX_EPOCH,
            kinds: Vec::new(),
            account: None,
            statuses: Vec::new(),
            deliveries: Vec::new(),
            email: None,
            user: None,
            unanswered: false,
            search: None,
            ids: None,
            order: InvitationOrder::Newest,
            after: None,
            limit,
        }
    }
}
