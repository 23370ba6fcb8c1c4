//! A connection pool with a bounded queue: callers wait asynchronously, queries run on blocking threads.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use diesel::r2d2::{Pool, PooledConnection};
use tokio::{
    runtime::Runtime,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{
    pooled_connection::{Manager, Pooled},
    pooler_check::Suitability,
    work_error::WorkError,
};
use crate::db::error::{AsFault, DbFault};

/// How long a request waits in the queue before it fails.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a connection to an unreachable database.
const CONNECT: Duration = Duration::from_secs(2);
/// The most requests in the queue; more are refused at once, since they would only time out together.
const QUEUE: usize = 2048;
/// A connection is checked before use when it was idle, or last checked, longer ago than this: the server may
/// have been restarted meanwhile, or be another one. Checking each time costs a fifth of the throughput.
const FRESH: Duration = Duration::from_secs(1);

/// How often work is tried whose connection was cut before anything was committed.
const CUT_TRIES: usize = 3;
/// Work that took longer is not retried, since its caller has little time left.
const BRIEF: Duration = Duration::from_secs(5);

/// A bounded number of connections, and a bounded queue for them.
#[derive(Clone)]
pub(in crate::db) struct BoundedPool {
    pool: Pool<Manager>,
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    suspect: SuspectSince,
    suitability: Suitability,
}

/// When a connection was last found dead, in any pool. Connections that have not answered since are suspect:
/// they lead to the same server, and each would fail the next request that uses it.
#[derive(Clone)]
pub(in crate::db) struct SuspectSince(Arc<Mutex<Instant>>);

impl SuspectSince {
    pub(in crate::db) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn since(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begins(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl BoundedPool {
    pub(in crate::db) fn new(
        manager: Manager,
        size: u32,
        suspect: &SuspectSince,
        suitability: &Suitability,
    ) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            // `check_out` tests only where there is a reason to.
            .test_on_check_out(false)
            .connection_timeout(CONNECT)
            .error_handler(Box::new(LogConnectErrors))
            .build_unchecked(manager);
        let places = size as usize;
        let (turn, queue) = (Arc::new(Semaphore::new(places)), Arc::new(Semaphore::new(places + QUEUE)));
        Self { pool, turn, queue, suspect: suspect.clone(), suitability: suitability.clone() }
    }

    /// Waits for a permit, then runs `work` on a blocking thread with a connection; again when the connection
    /// was cut.
    pub(in crate::db) async fn run<T, E>(
        &self,
        work: impl Fn(&mut Pooled) -> Result<T, E> + Send + 'static,
    ) -> Result<T, WorkError<E>>
    where
        T: Send + 'static,
        E: AsFault + Send + 'static,
        E: From<DbFault>,
    {
        let place = self
            .queue
            .try_acquire()
            .map_err(|_| DbFault::unavailable("too many requests wait for the database"))?;
        let turn = self.turn().await?;
        drop(place);
        let pool = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            // Moved in: the permit is held until the work is done, even when the caller has gone.
            let _turn = turn;
            pool.work(work)
        });
        let panicked = |error| DbFault::Other(format!("the database thread failed: {error}"));
        task.await.unwrap_or_else(|error| Err(WorkError::Failed(E::from(panicked(error)))))
    }

    /// The same on the current thread, which must be one that may block; `timer` is the thread's own runtime.
    pub(in crate::db) fn run_here<T, E>(
        &self,
        timer: &Runtime,
        work: impl Fn(&mut Pooled) -> Result<T, E>,
    ) -> Result<T, WorkError<E>>
    where
        E: From<DbFault> + AsFault,
    {
        let _turn = timer.block_on(self.turn())?;
        self.work(work)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, DbFault> {
        if let Ok(turn) = self.turn.clone().try_acquire_owned() {
            return Ok(turn);
        }
        tokio::time::timeout(CHECKOUT_TIMEOUT, self.turn.clone().acquire_owned())
            .await
            .map_err(|_| DbFault::unavailable("no database connection became available in time"))?
            .map_err(|_| DbFault::unavailable("the service is stopping"))
    }
}

impl BoundedPool {
    fn work<T, E>(&self, work: impl Fn(&mut Pooled) -> Result<T, E>) -> Result<T, WorkError<E>>
    where
        E: From<DbFault> + AsFault,
    {
        self.suitability.check()?;
        let mut connection = self.check_out()?;
        let first = Instant::now();
        let mut tries = 1;
        loop {
            let began = Instant::now();
            let outcome = work(&mut connection);
            let outcome = connection.classify_error(began, outcome);
            if connection.is_broken() {
                self.suspect.begins();
            } else {
                connection.answered();
            }
            let Some(DbFault::Disconnected(words)) = outcome.as_ref().err().and_then(AsFault::as_fault)
            else {
                return outcome.map_err(WorkError::Failed);
            };
            // For the caller, a lost connection means an unavailable database.
            let away = DbFault::unavailable(words);
            if tries == CUT_TRIES || first.elapsed() > BRIEF {
                return Err(WorkError::Failed(E::from(away)));
            }
            tries += 1;
            drop(connection);
            let Ok(other) = self.check_out() else {
                return Err(WorkError::Failed(E::from(away)));
            };
            connection = other;
        }
    }

    /// A connection that works, as far as known. Dead connections are removed from the pool.
    fn check_out(&self) -> Result<PooledConnection<Manager>, DbFault> {
        // Every pooled connection may be dead, and one more is new.
        for _ in 0..=self.pool.max_size() {
            let mut connection = self.pool.get().map_err(|error| DbFault::unavailable(error.to_string()))?;
            if connection.has_answered_since(self.suspect.since(), FRESH) || connection.ping() {
                return Ok(connection);
            }
            self.suspect.begins();
        }
        Err(DbFault::unavailable("every connection to the database fails at once"))
    }
}

/// Logs every failed attempt to connect. The waiting request reports the failure in its own error.
#[derive(Debug)]
struct LogConnectErrors;

impl<E: std::fmt::Display> diesel::r2d2::HandleError<E> for LogConnectErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "cannot connect to the database");
    }
}
