//! The indexes of PostgreSQL: `pg_trgm` where it is there, and an index of single characters.

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, Bool, Text},
};

use super::{
    sample::Sample,
    searched::{FoundId, Searched, SearchedText},
    trigrams,
};

/// What the database has of `pg_trgm`.
#[derive(QueryableByName)]
struct Extension {
    #[diesel(sql_type = Bool)]
    has_index: bool,
    #[diesel(sql_type = Bool)]
    has_function: bool,
}

#[derive(QueryableByName)]
struct Letter {
    #[diesel(sql_type = Text)]
    letter: String,
}

/// The ids of the rows with the text; `None` when these are many.
pub(super) fn ids(
    connection: &mut PgConnection,
    searched: Searched,
    text: &SearchedText,
    sample: &Sample,
) -> QueryResult<Option<Vec<String>>> {
    let letters = indexed_letters(connection, searched, &text.key)?;
    let is_indexed =
        |c: char| c.is_ascii_alphanumeric() || letters.iter().flatten().any(|letter| *letter == c);
    let trigrams = letters.is_some().then(|| trigrams::rarest(&text.key, is_indexed, sample));
    let (by_index, trigrams, characters) = match trigrams.filter(|trigrams| !trigrams.is_empty()) {
        Some(trigrams) => {
            ("search_text LIKE $2 AND $3 IS NOT NULL", trigrams::pattern(&trigrams), Vec::new())
        }
        None => (
            "$2 IS NOT NULL AND string_to_array(search_text, NULL) @> $3",
            String::new(),
            characters(&text.key),
        ),
    };
    let most = max_ids(searched);
    let rows: Vec<FoundId> = sql_query(query(searched, by_index, most + 1))
        .bind::<Text, _>(text.pattern())
        .bind::<Text, _>(trigrams)
        .bind::<Array<Text>, _>(characters)
        .load(connection)?;
    Ok(FoundId::few(rows, most))
}

/// The query for the ids, up to `limit` of them. `by_index` is the condition that an index serves.
fn query(searched: Searched, by_index: &str, limit: usize) -> String {
    // The concatenation keeps the index of trigrams out, which would read their lists for the whole text.
    let compared = "(search_text || '') LIKE $1 ESCAPE '\\'";
    let found =
        |id: &str, table: &str| format!("SELECT {id} AS id FROM {table} WHERE {by_index} AND {compared}");
    match searched {
        Searched::People => {
            format!(
                "{} UNION ALL {} LIMIT {limit}",
                found("id", "users"),
                found("user_id", "former_addresses")
            )
        }
        Searched::Accounts => format!("{} LIMIT {limit}", found("id", "accounts")),
    }
}

/// More ids than this are not collected. A walk of users or invitations costs more for each row than one of
/// accounts: it looks up the names of their accounts.
fn max_ids(searched: Searched) -> usize {
    match searched {
        Searched::People => 8000,
        Searched::Accounts => 4000,
    }
}

/// The characters of the text, beside those of ASCII, that the index of trigrams takes for letters; `None`
/// without that index. In the locale `C` these are none (findings/pg-trgm-locale-c.sh).
fn indexed_letters(
    connection: &mut PgConnection,
    searched: Searched,
    key: &str,
) -> QueryResult<Option<Vec<char>>> {
    let query = "SELECT to_regclass($1) IS NOT NULL AS has_index, \
        to_regproc('show_trgm') IS NOT NULL AS has_function";
    let index = format!("{}_search_trigrams", searched.table());
    let Extension { has_index, has_function } =
        sql_query(query).bind::<Text, _>(index).get_result(connection)?;
    if !has_index {
        return Ok(None);
    }
    let others: Vec<String> = characters(key).into_iter().filter(|one| !one.is_ascii()).collect();
    if others.is_empty() || !has_function {
        return Ok(Some(Vec::new()));
    }
    let query = "SELECT letter FROM unnest($1) AS letter WHERE show_trgm(letter) <> '{}'";
    let letters: Vec<Letter> = sql_query(query).bind::<Array<Text>, _>(others).load(connection)?;
    Ok(Some(letters.into_iter().filter_map(|row| row.letter.chars().next()).collect()))
}

fn characters(key: &str) -> Vec<String> {
    let mut characters: Vec<char> = key.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.into_iter().map(String::from).collect()
}
