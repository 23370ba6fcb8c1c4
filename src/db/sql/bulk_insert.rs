//! Inserts many rows in one statement.

/// Defines a row type and its inserts.
///
/// `insert` writes rows in the order given; `insert_missing` skips those that violate a unique index, and
/// returns the ids of those that were written; `insert_missing_subjects` returns their subjects, where these
/// are the key. A single row has a statement of its own, and so have many rows: both are planned once on
/// PostgreSQL.
macro_rules! rows {
    (
        $vis:vis struct $row:ident<$life:lifetime> of $table:ident { $($column:ident: $shape:ty),+ $(,)? }
        $($does:ident)+
    ) => {
        #[derive(diesel::Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        $vis struct $row<$life> {
            $($column: $shape),+
        }

        const _: () = {
            use diesel::{RunQueryDsl, query_builder::QueryFragment};
            use $crate::db::{
                AnyConnection::{self, Postgres, Sqlite},
                sql::unnest::Arrays,
            };

            impl $row<'_> {
                $(rows!(@$does $vis $table);)+

                /// The insert of many rows for PostgreSQL, with the given end of the statement.
                $vis fn arrays(
                    rows: &[Self],
                    after: &'static str,
                ) -> Arrays<impl QueryFragment<diesel::pg::Pg>> {
                    use diesel::{Column, Expression, IntoSql, sql_types::Array};
                    let columns = [$(<$table::$column as Column>::NAME),+].join(", ");
                    let table = stringify!($table);
                    let before = format!("INSERT INTO {table} ({columns}) SELECT * FROM unnest(");
                    let list = ($(
                        rows.iter()
                            .map(|row| &row.$column)
                            .collect::<Vec<_>>()
                            .into_sql::<Array<<$table::$column as Expression>::SqlType>>(),
                    )+);
                    Arrays { before: before.into(), list, after }
                }
            }
        };
    };

    (@insert $vis:vis $table:ident) => {
        $vis fn insert(connection: &mut AnyConnection, rows: &[Self]) -> diesel::QueryResult<()> {
            match (connection, rows) {
                (_, []) => Ok(0),
                (Postgres(c), [row]) => diesel::insert_into($table::table).values(row).execute(c),
                (Sqlite(c), [row]) => diesel::insert_into($table::table).values(row).execute(c),
                (Sqlite(c), rows) => diesel::insert_into($table::table).values(rows).execute(c),
                (Postgres(c), rows) => Self::arrays(rows, ")").execute(c),
            }
            .map(drop)
        }
    };

    (@insert_missing_subjects $vis:vis $table:ident) => {
        $vis fn insert_missing_subjects(
            connection: &mut AnyConnection,
            rows: &[Self],
        ) -> diesel::QueryResult<Vec<String>> {
            match (connection, rows) {
                (_, []) => Ok(Vec::new()),
                (Postgres(c), rows) => {
                    Self::arrays(rows, ") ON CONFLICT DO NOTHING RETURNING subject").get_results(c)
                }
                (Sqlite(c), rows) => diesel::insert_into($table::table)
                    .values(rows)
                    .on_conflict_do_nothing()
                    .returning($table::subject)
                    .get_results(c),
            }
        }
    };

    (@insert_missing $vis:vis $table:ident) => {
        $vis fn insert_missing(
            connection: &mut AnyConnection,
            rows: &[Self],
        ) -> diesel::QueryResult<Vec<String>> {
            macro_rules! entering {
                ($rows:expr) => {
                    diesel::insert_into($table::table)
                        .values($rows)
                        .on_conflict_do_nothing()
                        .returning($table::id)
                };
            }
            match (connection, rows) {
                (_, []) => Ok(Vec::new()),
                (Postgres(c), [row]) => entering!(row).get_results(c),
                (Sqlite(c), [row]) => entering!(row).get_results(c),
                (Sqlite(c), rows) => entering!(rows).get_results(c),
                (Postgres(c), rows) => {
                    Self::arrays(rows, ") ON CONFLICT DO NOTHING RETURNING id").get_results(c)
                }
            }
        }
    };
}
