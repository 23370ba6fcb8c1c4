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

impl FoundId {
    /// The ids, unless they are more than `most`.
    pub(super) fn few(rows: Vec<Self>, most: usize) -> Option<Vec<String>> {
        (rows.len() <= most).then(|| rows.into_iter().map(|row| row.id).collect())
    }
}
