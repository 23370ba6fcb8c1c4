//! The indexes of PostgreSQL: `pg_trgm` where it is there, and an index of single characters.

use diesel::{
    PgConnection, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Array, Bool, Text},
};

use super::searched::{FoundId, Searched, SearchedText};

#[derive(QueryableByName)]
struct Trigrams {
    #[diesel(sql_type = Bool)]
    are_there: bool,
}

/// The ids of the rows with the text; one more than [`Searched::max_ids`] at most.
pub(super) fn ids(
    connection: &mut PgConnection,
    searched: Searched,
    text: &SearchedText,
) -> QueryResult<Vec<String>> {
    let characters = if has_trigram(&text.key) && has_trigram_index(connection, searched)? {
        None
    } else {
        Some(characters(&text.key))
    };
    // The concatenation keeps the index of trigrams out: for a text without one, all of it would be read.
    let (by_characters, text_of) = if characters.is_some() {
        ("string_to_array(search_text, NULL) @> $2 AND", "(search_text || '')")
    } else {
        ("$2 IS NOT NULL AND", "search_text")
    };
    let limit = searched.max_ids() + 1;
    let found = |id: &str, table: &str| {
        format!("SELECT {id} AS id FROM {table} WHERE {by_characters} {text_of} LIKE $1 ESCAPE '\\'")
    };
    let query = match searched {
        Searched::People => {
            format!("{} UNION {} LIMIT {limit}", found("id", "users"), found("user_id", "former_addresses"))
        }
        Searched::Accounts => format!("{} LIMIT {limit}", found("id", "accounts")),
    };
    let rows: Vec<FoundId> = sql_query(query)
        .bind::<Text, _>(text.pattern())
        .bind::<Array<Text>, _>(characters.unwrap_or_default())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Whether `pg_trgm` finds a trigram in the text in every locale: three letters or digits of ASCII in a row.
/// In the locale `C` it takes no others for letters (findings/pg-trgm-locale-c.sh).
fn has_trigram(key: &str) -> bool {
    key.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.len() >= 3)
}

fn has_trigram_index(connection: &mut PgConnection, searched: Searched) -> QueryResult<bool> {
    let query = "SELECT to_regclass($1) IS NOT NULL AS are_there";
    let index = format!("{}_search_trigrams", searched.table());
    let Trigrams { are_there } = sql_query(query).bind::<Text, _>(index).get_result(connection)?;
    Ok(are_there)
}

fn characters(key: &str) -> Vec<String> {
    let mut characters: Vec<char> = key.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.into_iter().map(String::from).collect()
}
