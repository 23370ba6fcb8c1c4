//! A pool behind a gate: waiting for a connection is asynchronous and bounded, the query runs where it may
//! block.

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
};
use crate::db::{AsFault, error::DbFault};

/// How long a request waits for its turn before it is told to come back later.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a database that is away before it says so.
const CONNECT: Duration = Duration::from_secs(2);
/// More requests than this in the queue are turned away at once: they would only time out together.
const QUEUE: usize = 2048;
/// A connection that has lain idle for longer than this is asked for a sign of life before it is used, and a
/// busy one as often: the server may have been restarted meanwhile, or be another one. Asked each time, the
/// question costs a fifth of the throughput.
const FRESH: Duration = Duration::from_secs(1);

/// How often work is done anew whose connection was cut under it, before anything was committed.
const CUT_TRIES: usize = 3;
/// Work that took longer is not done anew: whoever waits for it has not much time left.
const BRIEF: Duration = Duration::from_secs(5);

/// A bounded number of connections, and a bounded queue for them.
#[derive(Clone)]
pub(in crate::db) struct BoundedPool {
    pool: Pool<Manager>,
    turn: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    doubt: SuspectSince,
    suitability: Suitability,
}

/// When a connection was last found dead, in whichever lane. Those that have not answered since are suspect:
/// they were made for the same server, and each of them would fail the request that it is lent to.
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
        doubt: &SuspectSince,
        suitability: &Suitability,
    ) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            // `check_out` asks where there is reason to.
            .test_on_check_out(false)
            .connection_timeout(CONNECT)
            .error_handler(Box::new(Quiet))
            .build_unchecked(manager);
        let places = size as usize;
        let (turn, queue) = (Arc::new(Semaphore::new(places)), Arc::new(Semaphore::new(places + QUEUE)));
        Self { pool, turn, queue, doubt: doubt.clone(), suitability: suitability.clone() }
    }

    /// Waits for a turn, then runs `work` on a blocking thread with a connection of its own; once more where
    /// that one was cut. The outer error says that it was not even tried.
    pub(in crate::db) async fn run<T, E>(
        &self,
        work: impl Fn(&mut Pooled) -> Result<T, E> + Send + 'static,
    ) -> Result<Result<T, E>, DbFault>
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
        let lane = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            // Moved in: a request whose caller hangs up still holds its turn until its work is done.
            let _turn = turn;
            lane.work(work)
        });
        task.await.map_err(|error| DbFault::Other(format!("the database thread failed: {error}")))?
    }

    /// The same on this thread, which must be one that may block; `timer` is its own.
    pub(in crate::db) fn run_here<T, E>(
        &self,
        timer: &Runtime,
        work: impl Fn(&mut Pooled) -> Result<T, E>,
    ) -> Result<Result<T, E>, DbFault>
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
            .map_err(|_| DbFault::unavailable("no database connection came free in time"))?
            .map_err(|_| DbFault::unavailable("the service is stopping"))
    }
}

impl BoundedPool {
    fn work<T, E>(&self, work: impl Fn(&mut Pooled) -> Result<T, E>) -> Result<Result<T, E>, DbFault>
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
                self.doubt.begins();
            } else {
                connection.answered();
            }
            let Some(DbFault::Disconnected(words)) = outcome.as_ref().err().and_then(AsFault::as_fault)
            else {
                return Ok(outcome);
            };
            // To whoever asked, it is no more than that.
            let away = DbFault::unavailable(words);
            if tries == CUT_TRIES || first.elapsed() > BRIEF {
                return Ok(Err(E::from(away)));
            }
            tries += 1;
            drop(connection);
            let Ok(other) = self.check_out() else { return Ok(Err(E::from(away))) };
            connection = other;
        }
    }

    /// A connection that works, as far as can be told. Those that turn out to be dead are taken out of the
    /// pool.
    fn check_out(&self) -> Result<PooledConnection<Manager>, DbFault> {
        // As many dead ones as there can be, and one that is new.
        for _ in 0..=self.pool.max_size() {
            let mut connection = self.pool.get().map_err(|error| DbFault::unavailable(error.to_string()))?;
            if connection.has_answered_since(self.doubt.since(), FRESH) || connection.ping() {
                return Ok(connection);
            }
            self.doubt.begins();
        }
        Err(DbFault::unavailable("no connection to the database lasts"))
    }
}

/// r2d2 tells its logger of every failed attempt to connect; the request that waits says it once, in its own
/// words.
#[derive(Debug)]
struct Quiet;

impl<E: std::fmt::Display> diesel::r2d2::HandleError<E> for Quiet {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "no connection to the database");
    }
}
