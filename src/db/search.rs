//! Finds the users and accounts whose search text contains a text, by indexes: a superset of what a list
//! shows, which checks visibility and all filters itself (docs/adr/0019-lists-walk-along-indexes.md).
//!
//! A text that many rows contain needs no index: a list that walks its rows from the newest one soon has a
//! page. For a rare text the ids come from the index. Which it is, a sample of new rows tells, and the number
//! of ids.

mod postgres;
pub(super) mod refold;
mod searched;
mod sqlite;

use diesel::{QueryableByName, sql_types::BigInt};

use self::searched::Searched;
pub(super) use self::searched::SearchedText;
use super::{error::DbFault, pool::any_connection::AnyConnection};

/// How many of the newest rows, and of the newest rows with a name, are looked at.
const SAMPLE: i64 = 500;
/// So many matches among these make a text common. Names are in one half of them alone, so that these are
/// one in a hundred: at 100,000 people a walk to a page of them takes as long as collecting all of them.
const COMMON: i64 = 5;

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
    if in_sample(connection, searched, text)? >= COMMON {
        return Ok(Matches::Common);
    }
    let ids = match connection {
        AnyConnection::Postgres(c) => Some(postgres::ids(c, searched, text)?),
        AnyConnection::Sqlite(c) => sqlite::ids(c, searched, text)?,
    };
    let few = ids.filter(|ids| i64::try_from(ids.len()).is_ok_and(|number| number <= searched.max_ids()));
    Ok(few.map_or(Matches::Common, Matches::Ids))
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn in_sample(
    connection: &mut AnyConnection,
    searched: Searched,
    text: &SearchedText,
) -> Result<i64, DbFault> {
    let query = format!(
        "SELECT count(*) AS count FROM ( \
             SELECT search_text FROM ( \
                 SELECT search_text FROM {table} ORDER BY id DESC LIMIT {SAMPLE} \
             ) AS newest \
             UNION ALL \
             SELECT search_text FROM ( \
                 SELECT search_text FROM {table} WHERE {is_named} ORDER BY id DESC LIMIT {SAMPLE} \
             ) AS named \
         ) AS sample \
         WHERE search_text LIKE $1 ESCAPE '\\'",
        table = searched.table(),
        is_named = searched.is_named(),
    );
    let Count { count } = each!(connection, c => diesel::RunQueryDsl::get_result(
        diesel::sql_query(&query).bind::<diesel::sql_types::Text, _>(text.pattern()), c))?;
    Ok(count)
}
