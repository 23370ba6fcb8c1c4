//! A database for one test alone: a SQLite file in a folder of its own, or a PostgreSQL database that is
//! dropped at the end.

use diesel::{
    Connection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
};
use invitation_service::db::AnyConnection;
use tempfile::TempDir;

use super::template;

/// The tables that grow with the number of invitations.
pub const GROWING: [&str; 12] = [
    "users",
    "invitations",
    "letters",
    "invitation_events",
    "accounts",
    "account_lineage",
    "memberships",
    "user_roles",
    "idempotency_keys",
    "letter_counts",
    "audit_events",
    "suppressions",
];

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database, gone when it is dropped.
pub struct TestDatabase {
    pub backend: Backend,
    pub url: String,
    name: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// One without a table.
    pub fn new(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::file(),
            Backend::Postgres => Self::on_server("template0"),
        }
    }

    /// One as the service migrates it.
    pub async fn migrated(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let database = Self::file();
                std::fs::copy(template::sqlite().await, database.url.trim_start_matches("sqlite://"))
                    .unwrap();
                database
            }
            Backend::Postgres => Self::on_server(&template::postgres(&server()).await),
        }
    }

    fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/test.db", folder.path().display());
        Self { backend: Backend::Sqlite, url, name: String::new(), _folder: Some(folder) }
    }

    fn on_server(template: &str) -> Self {
        let server = server();
        let name = format!("t_{:032x}", rand::random::<u128>());
        execute_on(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        Self { backend: Backend::Postgres, url, name, _folder: None }
    }

    /// Runs a statement, beside the service.
    pub fn execute(&self, statement: &str) -> usize {
        self.try_execute(statement).unwrap()
    }

    /// Runs a statement, beside the service, unless the database refuses it.
    pub fn try_execute(&self, statement: &str) -> Result<usize, String> {
        let query = sql_query(statement);
        let done = match self.backend {
            Backend::Postgres => query.execute(&mut self.postgres()),
            Backend::Sqlite => query.execute(&mut self.sqlite()),
        };
        done.map_err(|error| error.to_string())
    }

    /// Runs the statements of a script in a transaction, beside the service.
    pub fn run_script(&self, script: &str) {
        match self.backend {
            Backend::Postgres => self.postgres().transaction(|it| it.batch_execute(script)).unwrap(),
            Backend::Sqlite => self.sqlite().transaction(|it| it.batch_execute(script)).unwrap(),
        }
    }

    /// The number that `SELECT COUNT(*) …` finds, beside the service.
    pub fn count(&self, from_where: &str) -> i64 {
        self.texts(&format!("SELECT CAST(COUNT(*) AS TEXT) AS text FROM {from_where}"))[0].parse().unwrap()
    }

    /// The column `text` that a query finds, beside the service.
    pub fn texts(&self, query: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            text: String,
        }
        let query = sql_query(query);
        let rows = match self.backend {
            Backend::Postgres => query.get_results::<Row>(&mut self.postgres()),
            Backend::Sqlite => query.get_results::<Row>(&mut self.sqlite()),
        };
        rows.unwrap().into_iter().map(|row| row.text).collect()
    }

    /// A connection of our own.
    pub fn postgres(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// A connection of our own, set up as the service's are.
    pub fn sqlite(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(self.url.trim_start_matches("sqlite://")).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON").unwrap();
        connection
    }

    /// A connection of our own, to either database.
    pub fn connection(&self) -> AnyConnection {
        match self.backend {
            Backend::Postgres => AnyConnection::Postgres(self.postgres()),
            Backend::Sqlite => AnyConnection::Sqlite(self.sqlite()),
        }
    }

    /// Makes the database refuse everybody and throws out who is in it (PostgreSQL), until
    /// [`TestDatabase::bring_back`].
    pub fn drop_connections(&self) {
        execute_on(&server(), &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name));
        let victims =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        // They die one by one, each at the next thing that it does.
        while execute_on(&server(), &victims) > 0 {}
    }

    pub fn bring_back(&self) {
        execute_on(&server(), &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.backend == Backend::Postgres && !std::thread::panicking() {
            execute_on(&server(), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL is not set: run the tests by `make test`")
}

fn execute_on(url: &str, statement: &str) -> usize {
    let mut connection = PgConnection::establish(url).unwrap();
    sql_query(statement).execute(&mut connection).unwrap()
}
