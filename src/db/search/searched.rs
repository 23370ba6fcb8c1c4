//! What is searched for, and where.

use diesel::QueryableByName;

use crate::db::sql::like;
use crate::domain::search_text::search_key;

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

    /// More ids than this are not collected: a list then walks. At a million rows, to collect so many takes
    /// about as long as to walk to a page of rows that are as rare. A walk of users costs more where an
    /// account's name is found by their memberships.
    pub(super) fn max_ids(self) -> i64 {
        match self {
            Self::People => 2_000,
            Self::Accounts => 4_000,
        }
    }

    /// An indexed condition of rows that have a name: the newest ones were invited lately, and have none.
    pub(super) fn is_named(self) -> &'static str {
        match self {
            Self::People => "(status || '') = 'active'",
            Self::Accounts => "(account_type || '') = 'business'",
        }
    }
}

/// An id of an index.
#[derive(QueryableByName)]
pub(super) struct FoundId {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(super) id: String,
}
