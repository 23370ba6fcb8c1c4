//! Writes the search texts anew that an older version of the program wrote in another form.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Integer, Text},
};

use crate::db::{error::DbFault, pool::any_connection::AnyConnection};
use crate::domain::search_text::{VERSION, search_key};

/// The name in `derived_data`.
const NAME: &str = "search_text";
/// How many rows are read at once.
const BATCH: usize = 1000;
/// The tables, and the column by which they are read.
const TABLES: [(&str, &str); 4] = [
    ("users", "id"),
    ("former_addresses", "user_id || email_key"),
    ("invitations", "id"),
    ("accounts", "id"),
];

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Integer)]
    version: i32,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    search_text: String,
}

/// Writes all texts in the form of [`VERSION`], in short transactions, unless that was done before. Returns
/// the number of rows that were changed.
///
/// Processes of an older version that still run write texts in the older form; such a row is found without
/// accents once it is written again.
pub(in crate::db) fn run(connection: &mut AnyConnection) -> Result<usize, DbFault> {
    let query = "SELECT version FROM derived_data WHERE name = $1";
    let stored: Vec<Version> = each!(connection, c => sql_query(query).bind::<Text, _>(NAME).load(c))?;
    if stored.first().is_some_and(|stored| stored.version >= VERSION) {
        return Ok(0);
    }
    let mut changed = 0;
    for (table, key) in TABLES {
        changed += refold(connection, table, key)?;
    }
    let query = "INSERT INTO derived_data (name, version) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET version = excluded.version";
    each!(connection, c => sql_query(query).bind::<Text, _>(NAME).bind::<Integer, _>(VERSION).execute(c))?;
    Ok(changed)
}

fn refold(connection: &mut AnyConnection, table: &str, key: &str) -> Result<usize, DbFault> {
    let read =
        format!("SELECT {key} AS id, search_text FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT {BATCH}");
    // One that was written meanwhile has the new form.
    let write = format!("UPDATE {table} SET search_text = $1 WHERE {key} = $2 AND search_text = $3");
    let (mut last, mut changed) = (String::new(), 0);
    loop {
        let rows: Vec<Stored> = each!(connection, c => sql_query(&read).bind::<Text, _>(&last).load(c))?;
        let Some(end) = rows.last() else { return Ok(changed) };
        last.clone_from(&end.id);
        let renewed = rows.iter().map(|row| (row, renewed(&row.search_text)));
        let old: Vec<_> = renewed.filter(|(row, text)| *text != row.search_text).collect();
        each!(connection, c => diesel::Connection::transaction(c, |c| {
            for (row, text) in &old {
                changed += sql_query(&write)
                    .bind::<Text, _>(text)
                    .bind::<Text, _>(&row.id)
                    .bind::<Text, _>(&row.search_text)
                    .execute(c)?;
            }
            diesel::QueryResult::Ok(())
        }))?;
    }
}

/// A text in the present form: a line for each of its parts.
fn renewed(text: &str) -> String {
    text.split('\n').map(search_key).collect::<Vec<_>>().join("\n")
}
