//! The orders of lists, and positions in them.

use chrono::DateTime;

use super::email::Email;

closed_set! {
    /// The order of a list of invitations.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum InvitationOrder {
        /// The newest first.
        Newest = "-created_at",
        /// The oldest first.
        Oldest = "created_at",
        /// Those whose link expires next, or expired first, come first.
        ExpiresAt = "expires_at",
        /// By address in lower case with its domain in punycode, in the order of the code points.
        Email = "email",
    }
}

closed_set! {
    /// The order of a list of users.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum UserOrder {
        /// The newest first.
        Newest = "-created_at",
        /// The oldest first.
        Oldest = "created_at",
        /// By address in lower case with its domain in punycode, in the order of the code points.
        Email = "email",
    }
}

impl InvitationOrder {
    /// Whether a list in this order may continue after an item with this value.
    #[must_use]
    pub fn takes(self, key: Option<&str>) -> bool {
        match self {
            Self::Newest | Self::Oldest => key.is_none(),
            Self::ExpiresAt => key.is_some_and(|key| DateTime::parse_from_rfc3339(key).is_ok()),
            Self::Email => key.is_some_and(may_be_email_key),
        }
    }
}

impl UserOrder {
    /// Whether a list in this order may continue after an item with this value.
    #[must_use]
    pub fn takes(self, key: Option<&str>) -> bool {
        match self {
            Self::Newest | Self::Oldest => key.is_none(),
            Self::Email => key.is_some_and(may_be_email_key),
        }
    }
}

fn may_be_email_key(key: &str) -> bool {
    Email::parse(key).is_ok_and(|email| email.key() == key)
}

/// A position in a list: the last item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<I> {
    /// The item's id.
    pub id: I,
    /// What the list is sorted by, where that is not the time of creation.
    pub key: Option<String>,
}
