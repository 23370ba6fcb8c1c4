//! Loads many rows: without the indexes, triggers and foreign keys that take their time row by row, which are
//! made again at the end. All in one transaction, so that a seed that ends early leaves the database as it
//! was.

use diesel::{
    Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{SimpleConnection, TransactionManager},
    sql_query,
    sql_types::Text,
};
use invitation_service::db::AnyConnection;

/// Numbers that triggers keep: those of the migration `counts`, from all rows.
const SQLITE_COUNTS: &str = "
    DELETE FROM row_counts;
    INSERT INTO row_counts (subject, kind, state, slot, n)
        SELECT 'invitations', kind, iif(lapsed, 'lapsed', state), 0, count(*) FROM invitations GROUP BY 2, 3
        UNION ALL
        SELECT 'deliveries', i.kind, CASE WHEN l.state <> 'sent' OR l.fate IS NULL THEN l.state
                WHEN l.fate = 'bounced' AND l.cause IS NOT NULL THEN 'bounced:' || l.cause ELSE l.fate END,
                0, count(*)
            FROM letters l JOIN invitations i ON i.id = l.invitation_id AND i.generation = l.generation
            WHERE l.kind = 'invitation' GROUP BY 2, 3
        UNION ALL
        SELECT 'users', has_role || has_membership || invited_as_staff || invited_as_customer, status, 0,
                count(*)
            FROM users WHERE removed_at IS NULL GROUP BY 2, 3";
const POSTGRES_COUNTS: &str = "SELECT row_counts_rebuild()";

/// What is made again at the end.
pub struct Loading {
    statements: Vec<String>,
}

/// A statement of the schema, and the statement that undoes it.
#[derive(QueryableByName)]
struct Part {
    #[diesel(sql_type = Text)]
    make: String,
    #[diesel(sql_type = Text)]
    undo: String,
}

/// Begins the transaction.
///
/// # Errors
/// What the database reports.
pub fn begin(connection: &mut AnyConnection, tables: &[&str]) -> QueryResult<Loading> {
    let names = tables.iter().map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ");
    let parts: Vec<Part> = match connection {
        AnyConnection::Postgres(c) => {
            <PgConnection as Connection>::TransactionManager::begin_transaction(c)?;
            // Foreign keys are checked when they are made again: in one query each.
            sql_query(format!(
                "SELECT pg_get_indexdef(i.indexrelid) AS make, 'DROP INDEX ' || i.indexrelid::regclass AS undo
                    FROM pg_index i WHERE i.indrelid::regclass::text IN ({names})
                    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
                UNION ALL
                SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                        pg_get_constraintdef(oid)),
                        format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
                    FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN ({names})
                UNION ALL
                SELECT format('ALTER TABLE %s ENABLE TRIGGER USER', t),
                        format('ALTER TABLE %s DISABLE TRIGGER USER', t)
                    FROM unnest(ARRAY[{names}]) t"
            ))
            .load(c)?
        }
        AnyConnection::Sqlite(c) => {
            <SqliteConnection as Connection>::TransactionManager::begin_transaction(c)?;
            // Those of the search stay: its index takes many rows as fast as it takes all of them.
            sql_query(format!(
                "SELECT sql AS make, 'DROP ' || type || ' ' || name AS undo FROM sqlite_schema
                    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN ({names})
                    AND name NOT LIKE 'search\\_%' ESCAPE '\\'
                    ORDER BY type"
            ))
            .load(c)?
        }
    };
    parts.iter().try_for_each(|part| execute(connection, &part.undo))?;
    Ok(Loading { statements: parts.into_iter().map(|part| part.make).collect() })
}

impl Loading {
    /// Makes all that again, counts the rows, and commits.
    ///
    /// # Errors
    /// What the database reports: nothing is loaded then.
    pub fn commit(self, connection: &mut AnyConnection) -> QueryResult<()> {
        self.statements.iter().try_for_each(|statement| execute(connection, statement))?;
        match connection {
            AnyConnection::Postgres(c) => {
                c.batch_execute(POSTGRES_COUNTS)?;
                <PgConnection as Connection>::TransactionManager::commit_transaction(c)
            }
            AnyConnection::Sqlite(c) => {
                c.batch_execute(SQLITE_COUNTS)?;
                <SqliteConnection as Connection>::TransactionManager::commit_transaction(c)
            }
        }
    }
}

fn execute(connection: &mut AnyConnection, statement: &str) -> QueryResult<()> {
    match connection {
        AnyConnection::Postgres(c) => c.batch_execute(statement),
        AnyConnection::Sqlite(c) => c.batch_execute(statement),
    }
}
