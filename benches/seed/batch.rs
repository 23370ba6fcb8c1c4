//! Rows of all tables that are written together, and how they are written.

use diesel::{
    PgConnection, QueryResult, RunQueryDsl, SqliteConnection,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Integer, Text},
    sqlite::Sqlite,
};
use invitation_service::db::AnyConnection;

use super::{
    cell::Cell,
    tables::{Row, TABLES, Table},
};

/// The number of rows in each table, in their order.
pub type Counts = [usize; TABLES.len()];

/// The rows of one statement on SQLite, which takes 32,766 parameters: the widest table has 22 columns.
const ROWS: usize = 64;

/// Rows of all tables.
#[derive(Default)]
pub struct Batch {
    /// The cells of each table, row by row.
    cells: [Vec<Cell>; TABLES.len()],
}

impl Batch {
    /// Adds a row.
    pub fn push<R: Row>(&mut self, row: R) {
        row.put(&mut self.cells[R::TABLE]);
    }

    /// Writes the rows, and returns how many they are.
    ///
    /// # Errors
    /// What the database reports.
    pub fn write(&self, connection: &mut AnyConnection) -> QueryResult<Counts> {
        match connection {
            AnyConnection::Postgres(c) => self.write_by(|table, cells| copy(c, table, cells)),
            AnyConnection::Sqlite(c) => self.write_by(|table, cells| insert(c, table, cells)),
        }
    }

    fn write_by(&self, mut write: impl FnMut(&Table, &[Cell]) -> QueryResult<()>) -> QueryResult<Counts> {
        let mut counts = Counts::default();
        for ((table, cells), count) in TABLES.iter().zip(&self.cells).zip(&mut counts) {
            write(table, cells)?;
            *count = cells.len() / table.columns.len();
        }
        Ok(counts)
    }
}

fn copy(connection: &mut PgConnection, table: &Table, cells: &[Cell]) -> QueryResult<()> {
    let mut lines = Vec::with_capacity(32 * cells.len());
    for row in cells.chunks(table.columns.len()) {
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                lines.push(b'\t');
            }
            cell.copy(&mut lines);
        }
        lines.push(b'\n');
    }
    (table.copy)(connection, &lines).map(drop)
}

fn insert(connection: &mut SqliteConnection, table: &Table, cells: &[Cell]) -> QueryResult<()> {
    for rows in cells.chunks(ROWS * table.columns.len()) {
        Insert { table, cells: rows }.execute(connection)?;
    }
    Ok(())
}

/// The insert of some rows. Its text depends on the table and on the number of rows, and it is prepared once
/// for each.
struct Insert<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

impl QueryFragment<Sqlite> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        let Table { name, columns, .. } = self.table;
        out.push_sql("INSERT INTO ");
        out.push_sql(name);
        out.push_sql(" (");
        out.push_sql(&columns.join(", "));
        out.push_sql(") VALUES ");
        for (row, cells) in self.cells.chunks(columns.len()).enumerate() {
            out.push_sql(if row > 0 { ", (" } else { "(" });
            for (column, cell) in cells.iter().enumerate() {
                if column > 0 {
                    out.push_sql(", ");
                }
                // The type that is named must be that of the value.
                match cell {
                    Cell::Number(number) => out.push_bind_param::<Integer, _>(number)?,
                    cell => out.push_bind_param::<Text, _>(cell)?,
                }
            }
            out.push_sql(")");
        }
        Ok(())
    }
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<SqliteConnection> for Insert<'_> {}
