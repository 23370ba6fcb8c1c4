//! A sample of the texts that are searched: how common a text and its parts are.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};

use super::searched::Searched;
use crate::db::{error::DbFault, pool::any_connection::AnyConnection};

/// How many of the newest rows, and of the newest rows with a name, are looked at.
const ROWS: i64 = 500;

/// The search texts of some rows.
pub(super) struct Sample(Vec<SampledText>);

#[derive(QueryableByName)]
struct SampledText {
    #[diesel(sql_type = Text)]
    search_text: String,
}

impl Sample {
    pub(super) fn of(connection: &mut AnyConnection, searched: Searched) -> Result<Self, DbFault> {
        let newest = |condition: &str| {
            format!(
                "SELECT search_text FROM ( \
                     SELECT search_text FROM {table} {condition} ORDER BY id DESC LIMIT {ROWS} \
                 ) AS newest",
                table = searched.table(),
            )
        };
        let named = newest(&format!("WHERE {}", searched.is_named()));
        let query = format!("{} UNION ALL {named}", newest(""));
        Ok(Self(each!(connection, c => sql_query(&query).load(c))?))
    }

    /// Which of the rows have this part.
    pub(super) fn has(&self, part: &str) -> Vec<bool> {
        let finder = memchr::memmem::Finder::new(part);
        self.0.iter().map(|row| finder.find(row.search_text.as_bytes()).is_some()).collect()
    }

    /// How many of the rows have this part.
    pub(super) fn number_with(&self, part: &str) -> usize {
        self.has(part).into_iter().filter(|has| *has).count()
    }
}

#[cfg(test)]
impl Sample {
    pub(super) fn with(texts: &[&str]) -> Self {
        Self(texts.iter().map(|text| SampledText { search_text: (*text).to_owned() }).collect())
    }
}
