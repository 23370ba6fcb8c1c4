//! Group commit: concurrent writes share one transaction, and concurrent lookups share one query.
//!
//! Where a caller waits for the answer there is no timer: a free thread takes all waiting items, and while it
//! works, the next batch collects. So an idle service answers as fast as it can commit once, and a busy one
//! commits as seldom as it can. Work without a waiting caller may collect for a moment longer.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{self, Runtime},
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{trace_parents::TraceParents, work_error::WorkError};
use crate::{
    db::{AnyConnection, AsFault, Db, DbFault, NO_ANSWER, Tx},
    domain::trace_parent::TraceParent,
    otel,
};

/// The most items in the queue; more are refused, since they would only time out together.
const QUEUE: usize = 2048;
/// The number of reading threads. One, because lookups collect while it waits for the database; two threads
/// would make smaller batches.
const READERS: u32 = 1;
/// What spans of callers are called.
const WRITE: &str = "transaction";
const LOOK_UP: &str = "look-up";

/// Processes a batch, whose items have these spans: one result for each item, in their order, or an error,
/// with which the whole batch is rolled back.
type Work<I, O, E> =
    dyn Fn(&Runtime, &[I], &[Option<TraceParent>]) -> Result<Vec<O>, WorkError<E>> + Send + Sync;

#[derive(Clone, Copy)]
struct Limits {
    /// The most items in a batch.
    most: usize,
    /// How long items collect.
    gather: Duration,
    /// How long a caller waits for an answer.
    time_limit: Duration,
    /// The name of the spans of callers.
    span: &'static str,
}

/// A queue for work of one kind. Clones share it; when the last one is dropped, the threads end.
pub struct GroupCommit<I, O, E> {
    queue: mpsc::Sender<Waiting<I, O, E>>,
    /// The name of the queue, and that of the spans of its callers.
    name: &'static str,
    span: &'static str,
    time_limit: Duration,
}

struct Waiting<I, O, E> {
    item: I,
    /// The span of the caller.
    parent: Option<TraceParent>,
    answer: oneshot::Sender<Result<O, E>>,
}

impl<I, O, E> Clone for GroupCommit<I, O, E> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), name: self.name, span: self.span, time_limit: self.time_limit }
    }
}

impl<I, O, E> GroupCommit<I, O, E>
where
    I: Send + 'static,
    O: Send + 'static,
    E: From<DbFault> + AsFault + Send + 'static,
{
    /// A queue for writes: starts the threads, named `name`; a transaction takes up to `most` items.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn writing(
        db: &Db,
        name: &'static str,
        most: usize,
        work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let threads = db.sharing_writers();
        let db = db.with_own_pool(threads);
        let limits = Limits { most, gather: Duration::ZERO, time_limit: db.time_limit, span: WRITE };
        Self::start(name, threads, limits, shared(db, work))
    }

    /// A queue for writes without a waiting caller: items that arrive within `gather` of the first one share
    /// its transaction.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn gathering(
        db: &Db,
        name: &'static str,
        (most, gather): (usize, Duration),
        work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let db = db.with_own_pool(1);
        let limits = Limits { most, gather, time_limit: db.time_limit, span: WRITE };
        Self::start(name, 1, limits, shared(db, work))
    }

    /// A queue for lookups by key: starts the threads, named `name`; a query takes up to `most` items.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn reading(
        db: &Db,
        name: &'static str,
        most: usize,
        work: impl Fn(&mut AnyConnection, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let db = db.for_look_ups(READERS);
        let limits = Limits { most, gather: Duration::ZERO, time_limit: db.time_limit, span: LOOK_UP };
        Self::start(name, READERS, limits, move |timer, items, _| {
            db.read_here(timer, |connection| work(connection, items))
        })
    }

    fn start(
        name: &'static str,
        threads: u32,
        limits: Limits,
        work: impl Fn(&Runtime, &[I], &[Option<TraceParent>]) -> Result<Vec<O>, WorkError<E>>
        + Send
        + Sync
        + 'static,
    ) -> io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        let work: Arc<Work<I, O, E>> = Arc::new(work);
        for _ in 0..threads {
            let (waiting, work) = (waiting.clone(), work.clone());
            let timer = runtime::Builder::new_current_thread().enable_time().build()?;
            let worker = Worker { timer, work };
            thread::Builder::new().name(name.to_owned()).spawn(move || {
                while let Some(batch) = take(&waiting, limits) {
                    worker.work(batch);
                }
            })?;
        }
        Ok(Self { queue, name, span: limits.span, time_limit: limits.time_limit })
    }

    /// Queues one item, and returns when its batch is done (for a write: committed). The item is processed
    /// even when the caller goes away.
    ///
    /// # Errors
    /// The error of this item; [`DbFault::Unavailable`] when the queue is full; [`DbFault::InDoubt`] when the
    /// answer did not arrive in time, and the item may still be processed.
    pub async fn run(&self, item: I) -> Result<O, E> {
        let span = otel::child(self.span);
        span.set("queue", self.name);
        let (parent, (answer, answered)) = (otel::current_parent(), oneshot::channel());
        let full = |_| E::from(DbFault::unavailable("too many requests wait for the database"));
        self.queue.try_send(Waiting { item, parent, answer }).map_err(full)?;
        match timeout(self.time_limit, answered).await {
            Ok(answer) => {
                answer.unwrap_or_else(|_| Err(E::from(DbFault::Other("a database thread failed".to_owned()))))
            }
            // The item may still be processed.
            Err(_) => Err(E::from(DbFault::InDoubt(NO_ANSWER.to_owned()))),
        }
    }
}

/// Writes of a batch, in one transaction.
#[expect(clippy::type_complexity, reason = "an `impl Fn` has no alias")]
fn shared<I, O, E>(
    db: Db,
    work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
) -> impl Fn(&Runtime, &[I], &[Option<TraceParent>]) -> Result<Vec<O>, WorkError<E>> + Send + Sync + 'static
where
    I: 'static,
    O: 'static,
    E: From<DbFault> + AsFault + 'static,
{
    move |timer, items, parents| {
        db.write_here(timer, |tx| {
            tx.set_trace_parents(TraceParents::of_items(parents));
            work(tx, items)
        })
    }
}

/// Waits for an item, and takes those that have collected behind it.
fn take<I, O, E>(
    queue: &Mutex<mpsc::Receiver<Waiting<I, O, E>>>,
    Limits { most, gather, .. }: Limits,
) -> Option<Vec<Waiting<I, O, E>>> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch = vec![queue.blocking_recv()?];
    // Callers that the last batch has answered are about to send their next item. Yielding lets them do so on
    // a busy machine, and takes no time on an idle one.
    if gather.is_zero() {
        thread::yield_now();
    } else {
        thread::sleep(gather);
    }
    while batch.len() < most
        && let Ok(next) = queue.try_recv()
    {
        batch.push(next);
    }
    Some(batch)
}

struct Worker<I, O, E> {
    timer: Runtime,
    work: Arc<Work<I, O, E>>,
}

impl<I, O, E> Worker<I, O, E>
where
    E: From<DbFault> + AsFault,
{
    /// Processes a batch. When it fails, each item is tried alone, so that a faulty one does not fail the
    /// others.
    fn work(&self, batch: Vec<Waiting<I, O, E>>) {
        let (mut items, mut parents, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for Waiting { item, parent, answer } in batch {
            items.push(item);
            parents.push(parent);
            answers.push(answer);
        }
        let outcomes = match self.attempt(&items, &parents) {
            Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
            Err(WorkError::Failed(error)) if items.len() == 1 => vec![Err(error)],
            Err(WorkError::Failed(error)) => match error.as_fault() {
                // The batch may have committed. A retry of an item would conflict with itself.
                Some(DbFault::InDoubt(why)) => {
                    items.iter().map(|_| Err(E::from(DbFault::InDoubt(why.clone())))).collect()
                }
                _ => self.alone(&items, &parents),
            },
            Err(WorkError::NotStarted(fault)) => {
                items.iter().map(|_| Err(E::from(DbFault::unavailable(fault.to_string())))).collect()
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // The receiver is gone when the caller has hung up.
            let _ = answer.send(outcome);
        }
    }

    /// Tries each item alone. After two failures of an unavailable database the rest fails without waiting.
    fn alone(&self, items: &[I], parents: &[Option<TraceParent>]) -> Vec<Result<O, E>> {
        let (mut outcomes, mut away) = (Vec::with_capacity(items.len()), 0);
        for (item, parent) in items.chunks(1).zip(parents.chunks(1)) {
            let outcome = match away {
                0 | 1 => self.attempt(item, parent).map_err(WorkError::into_inner).and_then(only),
                _ => Err(E::from(DbFault::unavailable("the database is unavailable"))),
            };
            let unavailable =
                outcome.as_ref().err().and_then(AsFault::as_fault).is_some_and(DbFault::is_temporary);
            away = if unavailable { away + 1 } else { 0 };
            outcomes.push(outcome);
        }
        outcomes
    }

    /// A panic becomes an error, so that the thread can continue.
    fn attempt(&self, items: &[I], parents: &[Option<TraceParent>]) -> Result<Vec<O>, WorkError<E>> {
        let panicked =
            |_| Err(WorkError::Failed(E::from(DbFault::Other("a database thread panicked".to_owned()))));
        catch_unwind(AssertUnwindSafe(|| (self.work)(&self.timer, items, parents))).unwrap_or_else(panicked)
    }
}

fn only<O, E: From<DbFault>>(outcomes: Vec<O>) -> Result<O, E> {
    outcomes.into_iter().next().ok_or_else(|| E::from(DbFault::Other("it had no outcome".to_owned())))
}
