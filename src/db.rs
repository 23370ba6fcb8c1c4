//! The database room: the only one that says `diesel`.
//!
//! [`Db::read`] and [`Db::write`] are the two doors. A write runs in a transaction that begins and ends here
//! and nowhere else; [`Tx`] can be made by [`Db::write`] alone, so that a write outside a transaction does
//! not type-check.

/// Expands one diesel expression for both databases: what `MultiConnection` lacks (multi-row inserts, `ON
/// CONFLICT`) compiles on each of its connections.
macro_rules! each {
    ($conn:expr, $c:ident => $e:expr) => {
        match $conn {
            $crate::db::pool::any_connection::AnyConnection::Postgres($c) => $e,
            $crate::db::pool::any_connection::AnyConnection::Sqlite($c) => $e,
        }
    };
}

mod error;
#[macro_use]
mod sql;

pub mod accounts;
pub mod idempotency;
pub mod invitations;
pub mod letters;
pub mod pool;
mod schema;
pub mod users;
mod visibility;

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use tokio::{runtime::Runtime, time::timeout};

use self::pool::{
    bounded_pool::{BoundedPool, SuspectSince},
    commit_check::Commits,
    database_url::Dialect,
    persist::persist,
    pooled_connection::Manager,
    pooler_check::Suitability,
    purpose::Purpose,
};
pub use self::{
    error::DbFault,
    pool::{
        any_connection::AnyConnection,
        database_url::{DatabaseUrl, DatabaseUrlError},
        migrate::OpenError,
        pooler_check::PoolerFault,
        server_check::Findings,
    },
};

/// How long an answer is waited for: longer than a turn, a connection and a statement at its limit take
/// together. A server that is frozen keeps no limit of its own, and its kernel answers for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
const SILENT: &str = "the database did not answer in time";

/// A database, shared by everything in the process. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    reads: BoundedPool,
    writes: BoundedPool,
    commit_lane: BoundedPool,
    commits: Commits,
    maker: LaneMaker,
    patience: Duration,
    /// Held while a SQLite file is ours alone.
    _owned: Option<Arc<std::fs::File>>,
}

/// Makes lanes to one database, which know of each other what they find out about it.
#[derive(Clone)]
struct LaneMaker {
    url: DatabaseUrl,
    doubt: SuspectSince,
    suitability: Suitability,
    behind_pooler: Arc<AtomicBool>,
}

impl LaneMaker {
    fn manager(&self, purpose: Purpose) -> Manager {
        Manager { url: self.url.clone(), purpose, behind_pooler: self.behind_pooler.clone() }
    }

    fn lane(&self, places: u32, purpose: Purpose) -> BoundedPool {
        BoundedPool::new(self.manager(purpose), places, &self.doubt, &self.suitability)
    }
}

/// An open transaction for writing.
pub struct Tx<'a>(&'a mut AnyConnection);

impl Tx<'_> {
    /// For reading inside the transaction.
    pub fn reading(&mut self) -> &mut AnyConnection {
        self.0
    }

    fn writing(&mut self) -> &mut AnyConnection {
        self.0
    }
}

impl Db {
    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// [`OpenError`] when a SQLite file is owned by another process, or its folder cannot be made.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let owned = url.own()?;
        let (url, suitability) = (url.clone(), Suitability::new());
        let maker = LaneMaker { url, doubt: SuspectSince::new(), suitability, behind_pooler: Arc::default() };
        let (reads, writes) = match maker.url.dialect() {
            // Writes that wait for a row that somebody holds must not keep readers out.
            Dialect::Postgres => (maker.lane(8, Purpose::Read), maker.lane(8, Purpose::Write)),
            // SQLite has one writer; readers see the last commit and never wait for it (WAL).
            Dialect::Sqlite => (maker.lane(4, Purpose::Read), maker.lane(1, Purpose::Write)),
        };
        let commit_lane = match maker.url.dialect() {
            Dialect::Postgres => maker.lane(1, Purpose::Write),
            Dialect::Sqlite => writes.clone(),
        };
        let commits = Commits::default();
        Ok(Self {
            reads,
            writes,
            commit_lane,
            commits,
            maker,
            patience: ANSWER_TIMEOUT,
            _owned: owned.map(Arc::new),
        })
    }

    /// The same database for whoever waits no longer than this for an answer; [`Db::open`] gives 20 seconds.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The same database with `places` connections of its own for writing, where it has many writers
    /// (PostgreSQL): whoever works with it waits for no writes but its own.
    #[must_use]
    pub fn apart(&self, places: u32) -> Self {
        let writes = match self.maker.url.dialect() {
            Dialect::Postgres => self.maker.lane(places, Purpose::Write),
            Dialect::Sqlite => self.writes.clone(),
        };
        Self { writes, ..self.clone() }
    }

    /// The same database with `places` connections of its own for looking up by key, where planning that
    /// costs more than doing it (PostgreSQL).
    fn for_look_ups(&self, places: u32) -> Self {
        let reads = match self.maker.url.dialect() {
            Dialect::Postgres => self.maker.lane(places, Purpose::LookUp),
            Dialect::Sqlite => self.reads.clone(),
        };
        Self { reads, ..self.clone() }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<usize, OpenError> {
        let lane = match self.maker.url.dialect() {
            Dialect::Postgres => self.maker.lane(1, Purpose::Migrate),
            Dialect::Sqlite => self.writes.clone(),
        };
        lane.run(pool::migrate::run).await?
    }

    /// Whether every migration has been run; an error when the database does not answer.
    ///
    /// # Errors
    /// [`DbFault`] when the database is away.
    pub async fn is_migrated(&self) -> Result<bool, DbFault> {
        let answer = self.reads.run(|connection| connection.reading(&pool::migrate::is_complete));
        timeout(self.patience, answer).await.unwrap_or_else(|_| Err(DbFault::unavailable(SILENT)))?
    }

    /// Runs `query` on a connection for reading, on a thread where it may block. It runs once more when its
    /// connection was cut.
    ///
    /// # Errors
    /// What `query` returns, and [`DbFault::Unavailable`] when no connection can be had in time.
    pub async fn read<T, E>(
        &self,
        query: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        let answer = self.reads.run(move |connection| connection.reading(&query));
        timeout(self.patience, answer)
            .await
            .unwrap_or_else(|_| Err(DbFault::unavailable(SILENT)))
            .map_err(E::from)?
    }

    /// Runs `work` in a transaction: all of it happens, or, when it returns an error, none. It may run more
    /// than once.
    ///
    /// # Errors
    /// What `work` returns, and [`DbFault`] when the transaction cannot begin or commit.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        let answer = self.writes.run(move |connection| persist(connection, &work));
        timeout(self.patience, answer)
            .await
            .unwrap_or_else(|_| Err(DbFault::InDoubt(SILENT.to_owned())))
            .map_err(E::from)?
    }

    /// [`Db::read`] on this thread, which must be one that may block. The outer error says that it was not
    /// even tried.
    fn read_here<T, E>(
        &self,
        timer: &Runtime,
        query: impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<Result<T, E>, DbFault>
    where
        E: From<DbFault> + AsFault,
    {
        self.reads.run_here(timer, |connection| connection.reading(&query))
    }

    /// [`Db::write`] on this thread, which must be one that may block. The outer error says that it was not
    /// even tried.
    fn write_here<T, E>(
        &self,
        timer: &Runtime,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, DbFault>
    where
        E: From<DbFault> + AsFault,
    {
        self.writes.run_here(timer, |connection| persist(connection, &work))
    }

    /// How many threads share commits at once: on SQLite there is one writer anyway. On PostgreSQL two, so
    /// that one batch is made up while the other one waits for the disk; with more the batches become
    /// smaller, and commits more.
    fn sharing_writers(&self) -> u32 {
        match self.maker.url.dialect() {
            Dialect::Postgres => 2,
            Dialect::Sqlite => 1,
        }
    }
}

/// An error that may hold a [`DbFault`], so that [`Db::write`] can tell a lost race from a refusal.
pub trait AsFault {
    /// The fault inside, if it is one.
    fn as_fault(&self) -> Option<&DbFault>;
}

impl AsFault for DbFault {
    fn as_fault(&self) -> Option<&DbFault> {
        Some(self)
    }
}
