//! One connection to either database.

use diesel::{PgConnection, SqliteConnection};

/// A connection to the database that the URL names.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL, over the bundled libpq.
    Postgres(PgConnection),
    /// SQLite, bundled.
    Sqlite(SqliteConnection),
}
