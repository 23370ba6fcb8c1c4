//! The two schemas are one: the same tables, columns, keys, indexes and rules.

use std::{collections::BTreeSet, path::Path};

use diesel::{Connection, connection::SimpleConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use invitation_service::db::{DatabaseUrl, Db};

use crate::support::{
    Backend, TestApp, customers::SUB_ACCOUNTS, database::TestDatabase, json, on_both_databases,
};

/// A database with the schema, and no service at work on it.
pub async fn migrated(backend: Backend) -> TestDatabase {
    let database = TestDatabase::new(backend);
    Db::open(&DatabaseUrl::parse(&database.url).unwrap()).unwrap().migrate().await.unwrap();
    database
}

/// The migrations of the repository.
pub fn migrations(backend: Backend) -> FileBasedMigrations {
    let folder = if backend == Backend::Postgres { "postgres" } else { "sqlite" };
    FileBasedMigrations::from_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder))
        .unwrap()
}

/// What both catalogues can say, in the same words, a line each.
pub fn schema(database: &TestDatabase) -> BTreeSet<String> {
    let queries = match database.backend {
        Backend::Postgres => POSTGRES,
        Backend::Sqlite => SQLITE,
    };
    let lines = queries.iter().flat_map(|query| database.texts(query));
    lines
        .map(|line| line.replace("::text", "").replace(['(', ')'], ""))
        .filter(|line| !line.contains("__diesel"))
        .collect()
}

/// The indexes of searches differ: indexes of expressions on PostgreSQL, tables `search_…` on SQLite. So do
/// the catalogues about indexes of expressions.
///
/// Columns with nullability, type family and place in the primary key; foreign keys; indexes; rules by name.
const POSTGRES: [&str; 4] = [
    "SELECT 'column ' || c.relname || '.' || a.attname || CASE WHEN a.attnotnull THEN ' not null ' ELSE ' \
    null ' END
         || replace(replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone', 'text'),
             'boolean', 'integer')
         || ' key ' || COALESCE(array_position(i.indkey::int[], a.attnum::int) + 1, 0) AS text
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
     WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT 'foreign key ' || k.conrelid::regclass || '.' || a.attname
         || ' to ' || k.confrelid::regclass || '.' || f.attname AS text
     FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
     JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = ANY (k.confkey) WHERE k.contype = 'f'",
    "SELECT 'index ' || i.indexrelid::regclass || CASE WHEN i.indisunique THEN ' unique ' ELSE ' ' END
         || i.indrelid::regclass || ' '
         || (SELECT string_agg(a.attname, ',' ORDER BY o.n) FROM unnest(i.indkey::int[]) WITH ORDINALITY o \
         (k, n)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = o.k)
         || ' where ' || COALESCE(pg_get_expr(i.indpred, i.indrelid), 'true') AS text
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND NOT i.indisprimary AND i.indexprs IS NULL
         AND i.indexrelid::regclass::text NOT LIKE '%_search_%'",
    "SELECT 'rule ' || conrelid::regclass || ' ' || conname AS text FROM pg_constraint WHERE contype = 'c'
     AND connamespace = 'public'::regnamespace",
];
const SQLITE: [&str; 4] = [
    r#"SELECT 'column ' || t.name || '.' || c.name
         || CASE WHEN c."notnull" THEN ' not null ' ELSE ' null ' END
         || lower(c.type) || ' key ' || c.pk AS text
     FROM sqlite_master t, pragma_table_info(t.name) c
     WHERE t.type = 'table' AND t.name NOT LIKE 'search_%'"#,
    r#"SELECT 'foreign key ' || t.name || '.' || f."from" || ' to ' || f."table" || '.' || f."to" AS text
     FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#,
    r#"SELECT 'index ' || i.name || CASE WHEN i."unique" THEN ' unique ' ELSE ' ' END || t.name || ' '
         || (SELECT group_concat(c.name, ',')
             FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) c)
         || ' where '
         || CASE WHEN i.partial THEN substr(s.sql, instr(s.sql, ' WHERE ') + 7) ELSE 'true' END AS text
     FROM sqlite_master t, pragma_index_list(t.name) i JOIN sqlite_master s ON s.name = i.name
     WHERE t.type = 'table' AND i.origin = 'c' AND t.name NOT LIKE 'search_%'
         AND s.sql NOT LIKE '%||%' AND s.sql NOT LIKE '%(fate,%'"#,
    // SQLite lists no rules: they are found in the statements that made the tables.
    "WITH RECURSIVE rules (tbl, rest, named) AS (
         SELECT name, sql, 0 FROM sqlite_master WHERE type = 'table'
         UNION ALL
         SELECT tbl, substr(rest, instr(rest, 'CONSTRAINT ') + 11), 1 FROM rules WHERE instr(rest, \
         'CONSTRAINT ') > 0)
     SELECT 'rule ' || tbl || ' ' || substr(rest, 1, instr(rest, ' CHECK') - 1) AS text FROM rules WHERE \
     named",
];

#[test]
fn the_folders_have_the_same_migrations() {
    let names = |folder: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| {
                assert!(
                    entry.path().join("up.sql").is_file() && entry.path().join("down.sql").is_file(),
                    "{:?}",
                    entry.path()
                );
                entry.file_name().into_string().unwrap()
            })
            .collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn the_schemas_agree() {
    let (sqlite, postgres) =
        (schema(&migrated(Backend::Sqlite).await), schema(&migrated(Backend::Postgres).await));
    for kind in ["column ", "foreign key ", "index ", "rule "] {
        assert!(sqlite.iter().any(|line| line.starts_with(kind)), "{sqlite:#?}");
    }
    assert!(sqlite.contains("column users.id not null text key 1"), "{sqlite:#?}");
    assert!(
        sqlite.contains("index users_live_email unique users email_key where removed_at IS NULL"),
        "{sqlite:#?}"
    );
    let only = |here: &BTreeSet<String>, there: &BTreeSet<String>| {
        here.difference(there).cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        (only(&sqlite, &postgres), only(&postgres, &sqlite)),
        (vec![], vec![]),
        "on SQLite alone, on PostgreSQL alone"
    );
}

#[tokio::test]
async fn down_and_up_again() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = migrated(backend).await;
        let before = schema(&database);
        match backend {
            Backend::Postgres => {
                drop(database.postgres().revert_all_migrations(migrations(backend)).unwrap());
            }
            Backend::Sqlite => drop(database.sqlite().revert_all_migrations(migrations(backend)).unwrap()),
        }
        assert_eq!(schema(&database), BTreeSet::new(), "{backend:?}");
        assert_eq!(
            Db::open(&DatabaseUrl::parse(&database.url).unwrap()).unwrap().migrate().await.unwrap(),
            migrations_count()
        );
        assert_eq!(schema(&database), before, "{backend:?}");
    }
}

/// How many migrations came after this one.
fn migrations_since(name: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|other| other.to_str().unwrap() > name).count()
}

fn migrations_count() -> usize {
    std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite")).unwrap().count()
}

on_both_databases! {
    /// The table of accounts is made anew on SQLite, with rows of other tables referring to it.
    async fn accounts_and_what_refers_to_them_outlive_their_new_rule(app: TestApp) {
        let owner = app.owner("ada@example.com", "Acme").await;
        let below = json!({
            "email": "dan@example.com", "role": "driver", "account_id": owner.account,
            "reimbursement_rate": "0.23"
        });
        app.invite_by(SUB_ACCOUNTS, below).await;
        let counts = || {
            ["accounts", "account_lineage", "memberships", "invitations"]
                .map(|table| app.database.count(table))
        };
        let (before, shape) = (counts(), schema(&app.database));
        assert_eq!((before[0], before[1]), (2, 3));
        let accounts = app.admin().get("/v1/accounts").await.expect(200).body;
        let run = |postgres: &str, sqlite: &str| match app.database.backend {
            Backend::Postgres => {
                app.database.postgres().transaction(|it| it.batch_execute(postgres)).unwrap();
            }
            Backend::Sqlite => app.database.sqlite().transaction(|it| it.batch_execute(sqlite)).unwrap(),
        };
        macro_rules! migration {
            ($database:literal, $direction:literal) => {
                include_str!(concat!(
                    "../../../migrations/",
                    $database,
                    "/2026-11-28-000006_companies_without_vat/",
                    $direction,
                    ".sql"
                ))
            };
        }
        // The migrations since, which refer to the table.
        let since = migrations_since("2026-11-28-000006_companies_without_vat");
        macro_rules! each {
            ($connection:expr) => {{
                let mut connection = $connection;
                for _ in 0..since {
                    connection.revert_last_migration(migrations(app.database.backend)).unwrap();
                }
            }};
        }
        match app.database.backend {
            Backend::Postgres => each!(app.database.postgres()),
            Backend::Sqlite => each!(app.database.sqlite()),
        }
        let older = schema(&app.database);
        run(migration!("postgres", "down"), migration!("sqlite", "down"));
        assert_eq!((counts(), schema(&app.database)), (before, older));
        let nameless = "UPDATE accounts SET vat_number = NULL, postal_code = NULL WHERE company_name IS NOT \
            NULL";
        assert!(app.database.try_execute(nameless).is_err(), "the older rule holds");
        run(migration!("postgres", "up"), migration!("sqlite", "up"));
        let db = Db::open(&DatabaseUrl::parse(&app.database.url).unwrap());
        let db = db.or_else(|_| Db::beside(&DatabaseUrl::parse(&app.database.url).unwrap())).unwrap();
        assert_eq!(db.migrate().await.unwrap(), since);
        assert_eq!((counts(), schema(&app.database)), (before, shape));
        assert_eq!(app.admin().get("/v1/accounts").await.expect(200).body, accounts);
        assert!(
            app.database.try_execute("DELETE FROM accounts").is_err(),
            "what refers to an account still holds it"
        );
        assert_eq!(app.database.execute(nameless), 1);
    }
}
