//! What is searched for, and where.

use diesel::QueryableByName;

use crate::db::sql::like;
use crate::domain::search_text::search_key;

/// More ids than this are not collected: a list then walks.
pub(super) const MAX_IDS: i64 = 50_000;

/// What is searched for.
pub(in crate::db) struct SearchedText {
    pub(super) key: String,
    pattern: String,
}

impl SearchedText {
    pub(in crate::db) fn new(text: &str) -> Self {
        let key = search_key(text);
        Self { pattern: like::containing(&key), key }
    }

    /// Its `LIKE` pattern.
    pub(in crate::db) fn pattern(&self) -> &str {
        &self.pattern
    }
}

/// What has a search text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Searched {
    /// Users: by their address and name, and by addresses that they had before.
    People,
    Accounts,
}

impl Searched {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::People => "users",
            Self::Accounts => "accounts",
        }
    }

    /// How many of the newest thousand rows make a text common. To walk costs more where an account's name is
    /// found by a user's memberships.
    pub(super) fn common_from(self) -> i64 {
        match self {
            Self::People => 10,
            Self::Accounts => 20,
        }
    }
}

/// An id of an index.
#[derive(QueryableByName)]
pub(super) struct FoundId {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(super) id: String,
}
