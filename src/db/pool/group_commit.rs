//! Shared commits: writes that arrive together become one transaction, and looks that arrive together one
//! query.
//!
//! Where somebody waits for the answer there is no timer: a thread that is free takes whatever is waiting,
//! and while it works, the next batch gathers. So an idle service answers as fast as it can commit once, and
//! a busy one commits as seldom as it can. Work that nobody waits for may gather for a moment longer.

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

use crate::db::{AnyConnection, AsFault, Db, DbFault, SILENT, Tx};

/// More items than this in the queue are turned away: they would only time out together.
const QUEUE: usize = 2048;
/// Threads that read. One: looks gather while it waits for the database, and two would share them to both
/// their loss.
const READERS: u32 = 1;

/// Does a batch: one result for each item, in their order, or an error that undoes them all. The outer error
/// says that it was not even tried.
type Work<I, O, E> = dyn Fn(&Runtime, &[I]) -> Result<Result<Vec<O>, E>, DbFault> + Send + Sync;

#[derive(Clone, Copy)]
struct Limits {
    /// The most items that are done together.
    most: usize,
    /// How long they gather.
    gather: Duration,
    /// How long an answer is waited for.
    patience: Duration,
}

/// Work of one sort. Clones share the queue; when the last one is dropped, the threads end.
pub struct GroupCommit<I, O, E> {
    queue: mpsc::Sender<Waiting<I, O, E>>,
    patience: Duration,
}

struct Waiting<I, O, E> {
    item: I,
    answer: oneshot::Sender<Result<O, E>>,
}

impl<I, O, E> Clone for GroupCommit<I, O, E> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), patience: self.patience }
    }
}

impl<I, O, E> GroupCommit<I, O, E>
where
    I: Send + 'static,
    O: Send + 'static,
    E: From<DbFault> + AsFault + Send + 'static,
{
    /// For writing: starts the threads, named `name`; a transaction takes up to `most` items.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn writing(
        db: &Db,
        name: &str,
        most: usize,
        work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let threads = db.sharing_writers();
        let db = db.apart(threads);
        let limits = Limits { most, gather: Duration::ZERO, patience: db.patience };
        Self::start(name, threads, limits, move |timer, items| db.write_here(timer, |tx| work(tx, items)))
    }

    /// The same for work that nobody waits for: what arrives within `gather` of the first item shares its
    /// transaction.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn gathering(
        db: &Db,
        name: &str,
        (most, gather): (usize, Duration),
        work: impl Fn(&mut Tx<'_>, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let db = db.apart(1);
        let limits = Limits { most, gather, patience: db.patience };
        Self::start(name, 1, limits, move |timer, items| db.write_here(timer, |tx| work(tx, items)))
    }

    /// For looking up by key: starts the threads, named `name`; a query takes up to `most` items.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn reading(
        db: &Db,
        name: &str,
        most: usize,
        work: impl Fn(&mut AnyConnection, &[I]) -> Result<Vec<O>, E> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let db = db.for_look_ups(READERS);
        let limits = Limits { most, gather: Duration::ZERO, patience: db.patience };
        Self::start(name, READERS, limits, move |timer, items| {
            db.read_here(timer, |connection| work(connection, items))
        })
    }

    fn start(
        name: &str,
        threads: u32,
        limits: Limits,
        work: impl Fn(&Runtime, &[I]) -> Result<Result<Vec<O>, E>, DbFault> + Send + Sync + 'static,
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
        Ok(Self { queue, patience: limits.patience })
    }

    /// Has one item done, with others that wait at the same moment, and returns when it is (a write: after
    /// the commit). It happens whether or not the caller stays.
    ///
    /// # Errors
    /// What the work says of this item; [`DbFault::Unavailable`] when too many wait; [`DbFault::InDoubt`]
    /// when it was not done in time, and may still be.
    pub async fn run(&self, item: I) -> Result<O, E> {
        let (answer, answered) = oneshot::channel();
        let full = |_| E::from(DbFault::unavailable("too many requests wait for the database"));
        self.queue.try_send(Waiting { item, answer }).map_err(full)?;
        match timeout(self.patience, answered).await {
            Ok(answer) => {
                answer.unwrap_or_else(|_| Err(E::from(DbFault::Other("a database thread failed".to_owned()))))
            }
            // It may still happen.
            Err(_) => Err(E::from(DbFault::InDoubt(SILENT.to_owned()))),
        }
    }
}

/// Waits for an item, and takes what waits behind it once it has gathered.
fn take<I, O, E>(
    queue: &Mutex<mpsc::Receiver<Waiting<I, O, E>>>,
    Limits { most, gather, .. }: Limits,
) -> Option<Vec<Waiting<I, O, E>>> {
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch = vec![queue.blocking_recv()?];
    // Callers whom the last batch has answered are about to ask again: on a busy machine they do so first, on
    // an idle one this takes no time.
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
    /// Does a batch. When it is refused, each item is tried alone, so that a faulty one fails nobody else.
    fn work(&self, batch: Vec<Waiting<I, O, E>>) {
        let (items, answers): (Vec<I>, Vec<_>) = batch.into_iter().map(|one| (one.item, one.answer)).unzip();
        let outcomes = match self.attempt(&items) {
            Ok(Ok(outcomes)) => outcomes.into_iter().map(Ok).collect(),
            Ok(Err(error)) if items.len() == 1 => vec![Err(error)],
            Ok(Err(error)) => match error.as_fault() {
                // It may have happened, to all of them. Tried again, each would meet itself.
                Some(DbFault::InDoubt(why)) => {
                    items.iter().map(|_| Err(E::from(DbFault::InDoubt(why.clone())))).collect()
                }
                _ => self.alone(&items),
            },
            Err(fault) => {
                items.iter().map(|_| Err(E::from(DbFault::unavailable(fault.to_string())))).collect()
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // Whoever has hung up does not hear it.
            let _ = answer.send(outcome);
        }
    }

    /// Tries each item by itself. Of a database that is away only two of them find out by waiting.
    fn alone(&self, items: &[I]) -> Vec<Result<O, E>> {
        let (mut outcomes, mut away) = (Vec::with_capacity(items.len()), 0);
        for item in items.chunks(1) {
            let outcome = match away {
                0 | 1 => self.attempt(item).map_err(E::from).flatten().and_then(only),
                _ => Err(E::from(DbFault::unavailable("the database is away"))),
            };
            let unavailable =
                outcome.as_ref().err().and_then(AsFault::as_fault).is_some_and(DbFault::is_temporary);
            away = if unavailable { away + 1 } else { 0 };
            outcomes.push(outcome);
        }
        outcomes
    }

    /// A panic is an error like any other: the thread has more to do.
    fn attempt(&self, items: &[I]) -> Result<Result<Vec<O>, E>, DbFault> {
        let panicked = |_| Ok(Err(E::from(DbFault::Other("a database thread panicked".to_owned()))));
        catch_unwind(AssertUnwindSafe(|| (self.work)(&self.timer, items))).unwrap_or_else(panicked)
    }
}

fn only<O, E: From<DbFault>>(outcomes: Vec<O>) -> Result<O, E> {
    outcomes.into_iter().next().ok_or_else(|| E::from(DbFault::Other("it had no outcome".to_owned())))
}
