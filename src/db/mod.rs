//! The database room: the only one that says `diesel`.
//!
//! [`Db::read`] and [`Db::write`] are the two doors. A write runs in a transaction that begins and ends here and nowhere
//! else; [`Tx`] can be made by [`Db::write`] alone, so that a write outside a transaction does not type-check.

/// Expands one diesel expression for both databases: what `MultiConnection` lacks (multi-row inserts, `ON CONFLICT`)
/// compiles on each of its connections.
macro_rules! each {
    ($conn:expr, $c:ident => $e:expr) => {
        match $conn {
            $crate::db::connection::AnyConnection::Postgres($c) => $e,
            $crate::db::connection::AnyConnection::Sqlite($c) => $e,
        }
    };
}

#[macro_use]
mod rows;

mod account_row;
pub mod accounts;
pub mod amendments;
mod arrays;
pub mod batcher;
mod codec;
mod connection;
pub mod credentials;
pub mod events;
mod fault;
pub mod feedback;
pub mod idempotency;
pub mod invitations;
mod known;
mod lane;
pub mod letter_counts;
mod letter_state;
pub mod lookup;
pub mod mail_events;
pub mod memberships;
mod migrate;
pub mod outbox;
pub mod pace;
mod pattern;
mod pooled;
pub mod reminders;
pub mod resends;
mod schema;
pub mod sent;
pub mod suppressions;
mod url;
pub mod users;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::{runtime::Runtime, time::timeout};

pub use self::{
    connection::AnyConnection,
    fault::DbFault,
    migrate::OpenError,
    url::{DatabaseUrl, DatabaseUrlError},
};
use self::{
    lane::{Doubt, Lane},
    pooled::{Pooled, Purpose},
    url::Dialect,
};

/// How often a write is begun anew when the database gave it up in favour of another (deadlock, serialization failure), or
/// when somebody it was to lock had been removed, or had lost an invitation to somebody else, by whoever it waited for. Each
/// time another one has got through.
const WRITE_TRIES: usize = 16;

/// How long an answer is waited for: longer than a turn, a connection and a statement at its limit take together. A server that is
/// frozen keeps no limit of its own, and its kernel answers for it.
const PATIENCE: Duration = Duration::from_secs(20);
const SILENT: &str = "the database did not answer in time";

/// A database, shared by everything in the process. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    reads: Lane,
    writes: Lane,
    url: DatabaseUrl,
    doubt: Doubt,
    patience: Duration,
    /// Held while a SQLite file is ours alone.
    _owned: Option<Arc<std::fs::File>>,
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
        let doubt = Doubt::new();
        let (reads, writes) = match url.dialect() {
            // Writes that wait for a row that somebody holds must not keep readers out.
            Dialect::Postgres => (Lane::new(url, 8, Purpose::Read, &doubt), Lane::new(url, 8, Purpose::Write, &doubt)),
            // SQLite has one writer; readers see the last commit and never wait for it (WAL).
            Dialect::Sqlite => (Lane::new(url, 4, Purpose::Read, &doubt), Lane::new(url, 1, Purpose::Write, &doubt)),
        };
        Ok(Self { reads, writes, url: url.clone(), doubt, patience: PATIENCE, _owned: owned.map(Arc::new) })
    }

    /// The same database for whoever waits no longer than this for an answer; [`Db::open`] gives 20 seconds.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The same database with `places` connections of its own for writing, where it has many writers (PostgreSQL): whoever
    /// works with it waits for no writes but its own.
    #[must_use]
    pub fn apart(&self, places: u32) -> Self {
        let writes = match self.url.dialect() {
            Dialect::Postgres => Lane::new(&self.url, places, Purpose::Write, &self.doubt),
            Dialect::Sqlite => self.writes.clone(),
        };
        Self { writes, ..self.clone() }
    }

    /// The same database with `places` connections of its own for looking up by key, where planning that costs more than doing
    /// it (PostgreSQL).
    fn for_look_ups(&self, places: u32) -> Self {
        let reads = match self.url.dialect() {
            Dialect::Postgres => Lane::new(&self.url, places, Purpose::LookUp, &self.doubt),
            Dialect::Sqlite => self.reads.clone(),
        };
        Self { reads, ..self.clone() }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be reached or a migration fails.
    pub async fn migrate(&self) -> Result<usize, OpenError> {
        let lane = match self.url.dialect() {
            Dialect::Postgres => Lane::new(&self.url, 1, Purpose::Migrate, &self.doubt),
            Dialect::Sqlite => self.writes.clone(),
        };
        lane.run(|connection| Ok(migrate::run(&mut connection.any))).await?
    }

    /// Whether every migration has been run; an error when the database does not answer.
    ///
    /// # Errors
    /// [`DbFault`] when the database is away.
    pub async fn is_migrated(&self) -> Result<bool, DbFault> {
        let answer = self.reads.run(|connection| migrate::is_complete(&mut connection.any));
        timeout(self.patience, answer).await.unwrap_or_else(|_| Err(DbFault::unavailable(SILENT)))
    }

    /// Runs `query` on a connection for reading, on a thread where it may block.
    ///
    /// # Errors
    /// What `query` returns, and [`DbFault::Unavailable`] when no connection can be had in time.
    pub async fn read<T, E>(&self, query: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        let answer = self.reads.run(|connection| {
            let began = Instant::now();
            let outcome = query(&mut connection.any);
            Ok(connection.judge(began, outcome))
        });
        timeout(self.patience, answer).await.unwrap_or_else(|_| Err(DbFault::unavailable(SILENT))).map_err(E::from)?
    }

    /// Runs `work` in a transaction: all of it happens, or, when it returns an error, none. It may run more than once.
    ///
    /// # Errors
    /// What `work` returns, and [`DbFault`] when the transaction cannot begin or commit.
    pub async fn write<T, E>(&self, work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbFault> + AsFault + Send + 'static,
    {
        let answer = self.writes.run(move |connection| Ok(persist(connection, &work)));
        timeout(self.patience, answer).await.unwrap_or_else(|_| Err(DbFault::InDoubt(SILENT.to_owned()))).map_err(E::from)?
    }

    /// [`Db::read`] on this thread, which must be one that may block. The outer error says that it was not even tried.
    fn read_here<T, E>(
        &self,
        timer: &Runtime,
        query: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<Result<T, E>, DbFault>
    where
        E: From<DbFault> + AsFault,
    {
        self.reads.run_here(timer, |connection| {
            let began = Instant::now();
            let outcome = query(&mut connection.any);
            Ok(connection.judge(began, outcome))
        })
    }

    /// [`Db::write`] on this thread, which must be one that may block. The outer error says that it was not even tried.
    fn write_here<T, E>(&self, timer: &Runtime, work: impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<Result<T, E>, DbFault>
    where
        E: From<DbFault> + AsFault,
    {
        self.writes.run_here(timer, |connection| Ok(persist(connection, &work)))
    }

    /// How many threads share commits at once: on SQLite there is one writer anyway. On PostgreSQL two, so that one batch is
    /// made up while the other one waits for the disk; with more the batches become smaller, and commits more.
    fn sharing_writers(&self) -> u32 {
        match self.url.dialect() {
            Dialect::Postgres => 2,
            Dialect::Sqlite => 1,
        }
    }
}

/// Tries a transaction until it is decided.
fn persist<T, E>(connection: &mut Pooled, work: &impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = transaction(connection, work);
        let again = match outcome.as_ref().err().and_then(AsFault::as_fault) {
            Some(DbFault::TryAgain) => tries < WRITE_TRIES,
            // A deadlock, perhaps, told in words that we do not know. A defect fails again, and is told then.
            Some(DbFault::Other(_)) => tries == 1 && connection.is_postgres(),
            _ => false,
        };
        if !again {
            return outcome;
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

fn transaction<T, E>(connection: &mut Pooled, work: impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbFault> + AsFault,
{
    let began = Instant::now();
    let outcome = attempt(&mut connection.any, work);
    connection.judge(began, outcome)
}

fn attempt<T, E>(any: &mut AnyConnection, work: impl Fn(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E>
where
    E: From<DbFault>,
{
    begin(any).map_err(fault)?;
    match work(&mut Tx(any)) {
        Ok(value) => {
            each!(any, c => AnsiTransactionManager::commit_transaction(c)).map_err(|error| E::from(undecided(error)))?;
            Ok(value)
        }
        Err(error) => match each!(any, c => AnsiTransactionManager::rollback_transaction(c)) {
            Ok(()) => Err(error),
            // Diesel no longer knows the state of this connection; it must not be lent out again.
            Err(undone) => Err(E::from(DbFault::unavailable(undone.to_string()))),
        },
    }
}

/// A COMMIT is refused in words that are known, or else nobody knows what became of it: it is not to be done again.
fn undecided(error: diesel::result::Error) -> DbFault {
    match DbFault::from(error) {
        known @ (DbFault::TryAgain | DbFault::Conflict(_)) => known,
        unknown => DbFault::InDoubt(unknown.to_string()),
    }
}

fn fault<E: From<DbFault>>(error: diesel::result::Error) -> E {
    E::from(DbFault::from(error))
}

/// `BEGIN IMMEDIATE` on SQLite: a deferred transaction that turns into a write midway fails with "database is locked".
fn begin(connection: &mut AnyConnection) -> diesel::QueryResult<()> {
    match connection {
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
    }
}
