//! The database module: the only one that depends on `diesel`.
//!
//! All access uses [`Db::read`] or [`Db::write`]. Write transactions begin and end only in [`Db::write`];
//! only it can create a [`Tx`], so a write outside a transaction does not compile.

mod error;
mod guarded;
mod removal;
#[macro_use]
mod sql;

pub mod account_names;
pub mod accounts;
pub mod api_clients;
pub mod audit;
pub mod counts;
pub mod erasure;
pub mod export;
pub mod former_names;
pub mod guess_counts;
pub mod idempotency;
pub mod invitations;
pub mod letters;
pub mod pool;
pub mod retention;
mod schema;
mod search;
pub mod users;
mod visibility;
pub mod webhooks;

use std::{
    path::Path,
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
    trace_parents::TraceParents,
    work_error::WorkError,
};
pub use self::{
    error::{AsFault, DbFault},
    guarded::Guarded,
    pool::{
        any_connection::AnyConnection,
        database_url::{DatabaseUrl, DatabaseUrlError},
        open_error::OpenError,
        pooler_fault::PoolerFault,
        server_check::Findings,
        transaction::Tx,
    },
    removal::Removal,
};
use crate::otel;

/// How long a caller waits for an answer: longer than the timeouts of the queue, a connection and a statement
/// together. A frozen server enforces no timeout of its own, and its kernel keeps the connection open.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
const NO_ANSWER: &str = "the database did not answer in time";

/// A database, shared by the whole process. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    reads: BoundedPool,
    look_ups: BoundedPool,
    writes: BoundedPool,
    commit_pool: BoundedPool,
    commits: Commits,
    pools: PoolFactory,
    time_limit: Duration,
    /// The lock of the SQLite file, held for the life of the process.
    _owned: Option<Arc<std::fs::File>>,
}

/// Makes pools for one database. The pools share what they learn about its state.
#[derive(Clone)]
struct PoolFactory {
    url: DatabaseUrl,
    suspect: SuspectSince,
    suitability: Suitability,
    behind_pooler: Arc<AtomicBool>,
}

impl PoolFactory {
    fn manager(&self, purpose: Purpose) -> Manager {
        Manager { url: self.url.clone(), purpose, behind_pooler: self.behind_pooler.clone() }
    }

    fn pool(&self, places: u32, purpose: Purpose) -> BoundedPool {
        BoundedPool::new(self.manager(purpose), places, &self.suspect, &self.suitability)
    }
}

impl Db {
    /// Opens the database without touching its schema.
    ///
    /// # Errors
    /// [`OpenError`] when a SQLite file is owned by another process, or its folder cannot be created.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Ok(Self::with_lock(url, url.own()?))
    }

    /// Opens an existing database beside the process that owns a SQLite file, for a single short write: such
    /// a caller is no second courier.
    ///
    /// # Errors
    /// [`OpenError`] when there is no such SQLite file.
    pub fn beside(url: &DatabaseUrl) -> Result<Self, OpenError> {
        url.must_exist()?;
        Ok(Self::with_lock(url, None))
    }

    fn with_lock(url: &DatabaseUrl, owned: Option<std::fs::File>) -> Self {
        let (url, suitability) = (url.clone(), Suitability::new());
        let pools =
            PoolFactory { url, suspect: SuspectSince::new(), suitability, behind_pooler: Arc::default() };
        let (reads, writes) = match pools.url.dialect() {
            // Separate pools: writes that wait for a row lock must not block reads.
            Dialect::Postgres => (pools.pool(8, Purpose::Read), pools.pool(8, Purpose::Write)),
            // SQLite has one writer; readers see the last commit and never wait for it (WAL).
            Dialect::Sqlite => (pools.pool(4, Purpose::Read), pools.pool(1, Purpose::Write)),
        };
        let (look_ups, commit_pool) = match pools.url.dialect() {
            Dialect::Postgres => (pools.pool(4, Purpose::LookUp), pools.pool(1, Purpose::Write)),
            Dialect::Sqlite => (reads.clone(), writes.clone()),
        };
        let commits = Commits::default();
        Self {
            reads,
            look_ups,
            writes,
            commit_pool,
            commits,
            pools,
            time_limit: ANSWER_TIMEOUT,
            _owned: owned.map(Arc::new),
        }
    }

    /// The same database with this timeout for answers; [`Db::open`] sets 20 seconds.
    #[must_use]
    pub fn within(&self, time_limit: Duration) -> Self {
        Self { time_limit, ..self.clone() }
    }

    /// The same database with a pool of `places` write connections of its own, where the database has many
    /// writers (PostgreSQL): its users do not wait for other writes.
    #[must_use]
    pub fn with_own_pool(&self, places: u32) -> Self {
        let writes = match self.pools.url.dialect() {
            Dialect::Postgres => self.pools.pool(places, Purpose::Write),
            Dialect::Sqlite => self.writes.clone(),
        };
        Self { writes, ..self.clone() }
    }

    /// The same database with a pool of `places` connections for lookups by key, where planning such a query
    /// costs more than running it (PostgreSQL).
    fn for_look_ups(&self, places: u32) -> Self {
        let reads = match self.pools.url.dialect() {
            Dialect::Postgres => self.pools.pool(places, Purpose::LookUp),
            Dialect::Sqlite => self.reads.clone(),
        };
        Self { reads, ..self.clone() }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<usize, OpenError> {
        let pool = match self.pools.url.dialect() {
            Dialect::Postgres => self.pools.pool(1, Purpose::Migrate),
            Dialect::Sqlite => self.writes.clone(),
        };
        let migrate = |connection: &mut _| {
            let done = pool::migrate::run(connection)?;
            search::refold::run(&mut connection.any)?;
            Ok(done)
        };
        pool.run(migrate).await.map_err(WorkError::into_inner)
    }

    /// Whether every migration has run.
    ///
    /// # Errors
    /// [`DbFault`] when the database does not answer.
    pub async fn is_migrated(&self) -> Result<bool, DbFault> {
        let answer = self.reads.run(|connection| connection.reading(&pool::migrate::is_complete));
        let timed_out = |_| Err(WorkError::NotStarted(DbFault::unavailable(NO_ANSWER)));
        timeout(self.time_limit, answer).await.unwrap_or_else(timed_out).map_err(WorkError::into_inner)
    }

    /// Whether a write commits within that time. It leaves no data behind and has a connection of its own.
    ///
    /// # Errors
    /// [`DbFault`] when it does not commit.
    pub async fn can_commit(&self, time_limit: Duration) -> Result<(), DbFault> {
        self.commits.check(&self.commit_pool, time_limit).await
    }

    /// The free space of the file system that has the SQLite file, in bytes. `None` on PostgreSQL, whose disk
    /// is another machine's, and where the system does not say.
    pub async fn free_disk(&self) -> Option<u64> {
        let url = self.pools.url.clone();
        if url.dialect() == Dialect::Postgres {
            return None;
        }
        // It may be a file system of the network, which takes its time.
        let asked = tokio::task::spawn_blocking(move || pool::disk::free_bytes(Path::new(url.expose())));
        timeout(self.time_limit, asked).await.ok()?.ok()?
    }

    /// Empties SQLite's write-ahead log into the database file, so that the log keeps no deleted data. Does
    /// nothing on PostgreSQL.
    ///
    /// # Errors
    /// [`DbFault`] when a reader of another process keeps the log in use, or the database fails.
    pub async fn truncate_log(&self) -> Result<(), DbFault> {
        let answer = self.writes.run(pool::truncate_log::run);
        let timed_out = |_| Err(WorkError::NotStarted(DbFault::unavailable(NO_ANSWER)));
        timeout(self.time_limit, answer).await.unwrap_or_else(timed_out).map_err(WorkError::into_inner)
    }

    /// Runs `query` on a read connection, on a blocking thread. It runs again when the connection was cut.
    ///
    /// # Errors
    /// What `query` returns, and [`DbFault::Unavailable`] when no connection is available in time.
    pub async fn read<T, E>(
        &self,
        query: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        self.read_from(&self.reads, query).await
    }

    /// [`Db::read`] for a query with a constant text that finds rows by an indexed key, without a limit: the
    /// database plans it once, for every value and any number of rows.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn look_up<T, E>(
        &self,
        query: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        self.read_from(&self.look_ups, query).await
    }

    async fn read_from<T, E>(
        &self,
        pool: &BoundedPool,
        query: impl Fn(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        let answer = pool.run(move |connection| connection.reading(&query));
        let timed_out = |_| Err(WorkError::NotStarted(DbFault::unavailable(NO_ANSWER)));
        timeout(self.time_limit, answer).await.unwrap_or_else(timed_out).map_err(WorkError::into_inner)
    }

    /// Runs `work` in a transaction, which is rolled back when `work` returns an error. `work` may run more
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
        let (span, parents) = (otel::child("transaction"), [otel::current_parent()]);
        let work = move |tx: &mut Tx<'_>| {
            tx.set_trace_parents(TraceParents::of_items(&parents));
            work(tx)
        };
        let answer = self.writes.run(move |connection| persist(connection, &work));
        let timed_out = |_| Err(WorkError::Failed(E::from(DbFault::InDoubt(NO_ANSWER.to_owned()))));
        let outcome =
            timeout(self.time_limit, answer).await.unwrap_or_else(timed_out).map_err(WorkError::into_inner);
        if outcome.as_ref().err().and_then(AsFault::as_fault).is_some() {
            span.fail();
        }
        outcome
    }

    /// [`Db::read`] on the current thread, which must be one that may block.
    fn read_here<T, E>(
        &self,
        timer: &Runtime,
        query: impl Fn(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, WorkError<E>>
    where
        E: From<DbFault> + AsFault,
    {
        self.reads.run_here(timer, |connection| connection.reading(&query))
    }

    /// [`Db::write`] on the current thread, which must be one that may block.
    fn write_here<T, E>(
        &self,
        timer: &Runtime,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, WorkError<E>>
    where
        E: From<DbFault> + AsFault,
    {
        self.writes.run_here(timer, |connection| persist(connection, &work))
    }

    /// How many threads share commits. SQLite has one writer. On PostgreSQL two: one collects a batch while
    /// the other waits for the disk. More threads make smaller batches and more commits.
    fn sharing_writers(&self) -> u32 {
        match self.pools.url.dialect() {
            Dialect::Postgres => 2,
            Dialect::Sqlite => 1,
        }
    }
}
