//! Finds the users and accounts whose search text contains a text, by indexes: a superset of what a list
//! shows, which checks visibility and all filters itself (docs/adr/0019-lists-walk-along-indexes.md).
//!
//! A text that many rows contain needs no index: a list that walks its rows from the newest one soon has a
//! page. For a rare text the ids come from the index. Which it is, a sample of new rows tells, and the number
//! of ids: at a million rows, to collect so many takes about as long as to walk to a page of rows that are as
//! rare.

mod postgres;
pub(super) mod refold;
mod sample;
mod searched;
mod sqlite;
mod trigrams;

pub(super) use self::searched::SearchedText;
use self::{sample::Sample, searched::Searched};
use super::{error::DbFault, pool::any_connection::AnyConnection};

/// So many matches in the sample make a text common. Names are in one half of it alone, so that these are one
/// in a hundred: at 100,000 people a walk to a page of them takes as long as collecting all of them.
const COMMON: usize = 5;

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
    let sample = Sample::of(connection, searched)?;
    if sample.number_with(&text.key) >= COMMON {
        return Ok(Matches::Common);
    }
    let ids = match connection {
        AnyConnection::Postgres(c) => postgres::ids(c, searched, text, &sample)?,
        AnyConnection::Sqlite(c) => sqlite::ids(c, searched, text, &sample)?,
    };
    Ok(ids.map_or(Matches::Common, Matches::Ids))
}
