//! One connection to either database.

use diesel::{PgConnection, SqliteConnection, sql_types::HasSqlType};

use crate::db::sql::timestamp::UtcTimestamp;

/// A connection to whichever database the URL names.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL, over the bundled libpq.
    Postgres(PgConnection),
    /// SQLite, bundled.
    Sqlite(SqliteConnection),
}

impl HasSqlType<UtcTimestamp> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<UtcTimestamp>(lookup)
    }
}
