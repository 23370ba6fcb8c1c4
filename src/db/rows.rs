//! Inserting many rows by one statement.
//!
//! On PostgreSQL the rows travel as one array a column: the statement is the same however many there are, so that it is parsed
//! and planned once a connection. As a `VALUES` list, whose length is in its text, half of the server's work for a batch was
//! reading it (docs/performance.md). SQLite has no arrays, and reads a list quickly.

/// Defines a row to be inserted, and how many of them are.
///
/// `insert` writes them all, in the order given; `enter` leaves out those that a unique index refuses, and tells the ids of
/// those that were written.
macro_rules! rows {
    ($(#[$meta:meta])* struct $row:ident<$life:lifetime> of $table:ident { $($column:ident: $shape:ty),+ $(,)? } $($does:ident),+) => {
        $(#[$meta])*
        #[derive(diesel::Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        struct $row<$life> {
            $($column: $shape),+
        }

        const _: () = {
        /// The same rows, a vector a column.
        struct Columns<$life> {
            $($column: Vec<&$life $shape>,)+
            tail: &'static str,
        }

        impl<$life> Columns<$life> {
            fn of(rows: &$life [$row<$life>], tail: &'static str) -> Self {
                Self { $($column: rows.iter().map(|row| &row.$column).collect(),)+ tail }
            }
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for Columns<'_> {
            fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>) -> diesel::QueryResult<()> {
                use diesel::{Column, Expression, sql_types::Array};
                out.push_sql("INSERT INTO ");
                $table::table.walk_ast(out.reborrow())?;
                let mut before = " (";
                $(
                    out.push_sql(before);
                    out.push_identifier(<$table::$column as Column>::NAME)?;
                    before = ", ";
                )+
                out.push_sql(") SELECT * FROM unnest");
                let mut open = "(";
                $(
                    out.push_sql(open);
                    out.push_bind_param::<Array<<$table::$column as Expression>::SqlType>, _>(&self.$column)?;
                    open = before;
                )+
                out.push_sql(")");
                out.push_sql(self.tail);
                Ok(())
            }
        }

        impl diesel::query_builder::QueryId for Columns<'_> {
            type QueryId = ();
            // Known by its text, then, which is what makes the connection keep it prepared.
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl diesel::query_builder::Query for Columns<'_> {
            type SqlType = diesel::sql_types::Text;
        }

        impl<C> diesel::RunQueryDsl<C> for Columns<'_> {}

        impl<$life> $row<$life> {
            $(rows!(@$does $table);)+
        }
        };
    };

    (@insert $table:ident) => {
        fn insert(connection: &mut $crate::db::AnyConnection, rows: &[Self]) -> diesel::QueryResult<()> {
            use diesel::RunQueryDsl;
            use $crate::db::AnyConnection::{Postgres, Sqlite};
            match (connection, rows) {
                (_, []) => Ok(0),
                (Postgres(c), [row]) => diesel::insert_into($table::table).values(row).execute(c),
                (Sqlite(c), [row]) => diesel::insert_into($table::table).values(row).execute(c),
                (Sqlite(c), rows) => diesel::insert_into($table::table).values(rows).execute(c),
                (Postgres(c), rows) => Columns::of(rows, "").execute(c),
            }
            .map(drop)
        }
    };

    (@enter $table:ident) => {
        fn enter(connection: &mut $crate::db::AnyConnection, rows: &[Self]) -> diesel::QueryResult<Vec<String>> {
            use diesel::RunQueryDsl;
            use $crate::db::AnyConnection::{Postgres, Sqlite};
            macro_rules! values {
                ($rows:expr, $c:expr) => {
                    diesel::insert_into($table::table)
                        .values($rows)
                        .on_conflict_do_nothing()
                        .returning($table::id)
                        .get_results($c)
                };
            }
            match (connection, rows) {
                (_, []) => Ok(Vec::new()),
                (Postgres(c), [row]) => values!(row, c),
                (Sqlite(c), [row]) => values!(row, c),
                (Sqlite(c), rows) => values!(rows, c),
                (Postgres(c), rows) => Columns::of(rows, " ON CONFLICT DO NOTHING RETURNING id").get_results(c),
            }
        }
    };
}
