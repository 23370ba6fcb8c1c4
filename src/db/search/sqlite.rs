//! The index of SQLite: trigrams, by FTS5.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

use super::{
    sample::Sample,
    searched::{FoundId, Searched, SearchedText},
    trigrams,
};

/// More ids than this are not collected. Each takes three look-ups: in the index of texts, of their rows, and
/// of the table.
const MAX_IDS: usize = 3000;
/// The most trigrams that begin with a text of one or two characters and are looked up.
const MAX_TERMS: usize = 2000;

#[derive(QueryableByName)]
struct Term {
    #[diesel(sql_type = Text)]
    term: String,
}

/// The ids of the rows with the text. `None` when these are many, or the index cannot tell, since too many of
/// its trigrams begin with the text.
pub(super) fn ids(
    connection: &mut SqliteConnection,
    searched: Searched,
    text: &SearchedText,
    sample: &Sample,
) -> QueryResult<Option<Vec<String>>> {
    let terms = match expression(connection, searched, &text.key, sample)? {
        Expression::OfTrigrams(terms) => terms,
        Expression::NoTrigram => return Ok(Some(Vec::new())),
        Expression::TooManyTrigrams => return Ok(None),
    };
    // `CROSS JOIN` keeps the order of the tables. The text of a former address is found by its user's.
    let query = match searched {
        Searched::People => {
            "SELECT DISTINCT s.user_id AS id FROM search_users AS f \
             CROSS JOIN search_user_ids AS s ON s.search_id = f.rowid \
             CROSS JOIN users AS u ON u.id = s.user_id \
             WHERE f.search_users MATCH $1 \
                 AND (s.email_key <> '' OR u.search_text LIKE $2 ESCAPE '\\') LIMIT $3"
        }
        Searched::Accounts => {
            "SELECT s.account_id AS id FROM search_accounts AS f \
             CROSS JOIN search_account_ids AS s ON s.search_id = f.rowid \
             CROSS JOIN accounts AS a ON a.id = s.account_id \
             WHERE f.search_accounts MATCH $1 AND a.search_text LIKE $2 ESCAPE '\\' LIMIT $3"
        }
    };
    let rows: Vec<FoundId> = sql_query(query)
        .bind::<Text, _>(terms)
        .bind::<Text, _>(text.pattern())
        .bind::<BigInt, _>(i64::try_from(MAX_IDS + 1).unwrap_or(i64::MAX))
        .load(connection)?;
    Ok(FoundId::few(rows, MAX_IDS))
}

/// A full-text query.
enum Expression {
    OfTrigrams(String),
    /// No row can match.
    NoTrigram,
    TooManyTrigrams,
}

/// The full-text query for a text.
fn expression(
    connection: &mut SqliteConnection,
    searched: Searched,
    key: &str,
    sample: &Sample,
) -> QueryResult<Expression> {
    let rarest = trigrams::rarest(key, |_| true, sample);
    if !rarest.is_empty() {
        let terms: Vec<String> = rarest.iter().map(|(_, term)| quoted(term)).collect();
        return Ok(Expression::OfTrigrams(terms.join(" AND ")));
    }
    let terms = beginning_with(connection, searched, key)?;
    let terms: Vec<String> = terms.iter().map(|term| quoted(term)).collect();
    Ok(match terms.len() {
        0 => Expression::NoTrigram,
        1..=MAX_TERMS => Expression::OfTrigrams(terms.join(" OR ")),
        _ => Expression::TooManyTrigrams,
    })
}

/// The trigrams of the index that begin with a text; one more than [`MAX_TERMS`] at most.
fn beginning_with(
    connection: &mut SqliteConnection,
    searched: Searched,
    key: &str,
) -> QueryResult<Vec<String>> {
    let table = match searched {
        Searched::People => "search_user_trigrams",
        Searched::Accounts => "search_account_trigrams",
    };
    // Terms are sorted by their UTF-8, in which no character follows U+10FFFF.
    let query = format!("SELECT term FROM {table} WHERE term >= $1 AND term < $2 LIMIT {}", MAX_TERMS + 1);
    let rows: Vec<Term> =
        sql_query(query).bind::<Text, _>(key).bind::<Text, _>(format!("{key}\u{10FFFF}")).load(connection)?;
    Ok(rows.into_iter().map(|row| row.term).collect())
}

/// A trigram as FTS5 reads it.
fn quoted(term: &str) -> String {
    format!("\"{}\"", term.replace('"', "\"\""))
}
