//! Finds the users and accounts whose search text contains a text, by indexes: a superset of what a list
//! shows, which checks visibility and all filters itself (docs/adr/0019-search-by-index.md).
//!
//! A text that many rows contain needs no index: a list that walks its rows from the newest one soon has a
//! page. For a rare text the ids come from the index. Which it is, the newest rows tell.

mod postgres;
pub(super) mod refold;
mod sqlite;

use diesel::{QueryableByName, sql_types::BigInt};

use super::{error::DbFault, pool::any_connection::AnyConnection, sql::like};
use crate::domain::search_text::search_key;

/// How many of the newest rows are looked at.
const SAMPLE: i64 = 1000;
/// More ids than this are not collected: a list then walks.
const MAX_IDS: i64 = 50_000;

/// What is searched for.
pub(super) struct SearchedText {
    key: String,
    pattern: String,
}

impl SearchedText {
    pub(super) fn new(text: &str) -> Self {
        let key = search_key(text);
        Self { pattern: like::containing(&key), key }
    }

    /// Its `LIKE` pattern.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }
}

/// What has a search text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Searched {
    /// Users: by their address and name, and by addresses that they had before.
    People,
    Accounts,
}

impl Searched {
    fn table(self) -> &'static str {
        match self {
            Self::People => "users",
            Self::Accounts => "accounts",
        }
    }

    /// How many of [`SAMPLE`] rows make a text common. To walk costs more where an account's name is found
    /// by a user's memberships.
    fn common_from(self) -> i64 {
        match self {
            Self::People => 10,
            Self::Accounts => 20,
        }
    }
}

/// The rows with a text.
pub(super) enum Matches {
    /// So many that a walk finds a page soon.
    Common,
    /// The ids of all of them.
    Ids(Vec<String>),
}

/// The users whose address or name, or a former address, contains the text.
pub(super) fn people(connection: &mut AnyConnection, text: &SearchedText) -> Result<Matches, DbFault> {
    matches(connection, Searched::People, text)
}

/// The accounts whose name contains the text.
pub(super) fn accounts(connection: &mut AnyConnection, text: &SearchedText) -> Result<Matches, DbFault> {
    matches(connection, Searched::Accounts, text)
}

fn matches(
    connection: &mut AnyConnection,
    searched: Searched,
    text: &SearchedText,
) -> Result<Matches, DbFault> {
    if in_sample(connection, searched, text)? >= searched.common_from() {
        return Ok(Matches::Common);
    }
    let ids = match connection {
        AnyConnection::Postgres(c) => postgres::ids(c, searched, text)?,
        AnyConnection::Sqlite(c) => sqlite::ids(c, searched, text)?,
    };
    let is_too_many = i64::try_from(ids.len()).unwrap_or(i64::MAX) > MAX_IDS;
    Ok(if is_too_many { Matches::Common } else { Matches::Ids(ids) })
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct FoundId {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}

fn in_sample(
    connection: &mut AnyConnection,
    searched: Searched,
    text: &SearchedText,
) -> Result<i64, DbFault> {
    let query = format!(
        "SELECT count(*) AS count FROM (SELECT search_text FROM {} ORDER BY id DESC LIMIT {SAMPLE}) AS newest \
         WHERE search_text LIKE $1 ESCAPE '\\'",
        searched.table()
    );
    let Count { count } = each!(connection, c => diesel::RunQueryDsl::get_result(
        diesel::sql_query(&query).bind::<diesel::sql_types::Text, _>(text.pattern()), c))?;
    Ok(count)
}
