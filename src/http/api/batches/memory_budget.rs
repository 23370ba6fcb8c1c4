//! How much of batches the process has in hand at once: what waits beyond it is not read yet, and costs a
//! connection.
//!
//! Room is taken before a body is read, since bodies that each hold a part and wait for the rest would all
//! fail together. So a body that never comes holds room as well, for as long as bodies are waited for; that
//! is why nobody has all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::body_size::ALLOWANCE;
use crate::http::response::problem::Problem;
use crate::{domain::actor::ActorRef, services::ServiceError};

/// So many full batches, or eight times as many small ones: a thousand short items become as much as this by
/// their answer.
const FULL_BATCHES: usize = 4;
const MIN_RESERVATION: usize = ALLOWANCE.bytes / 8;
/// One caller has at most half of it.
const FULL_BATCHES_OF_CALLER: usize = FULL_BATCHES / 2;
/// How long a batch waits for its turn before it is told to come back later.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A caller, whichever token they use.
type Principal = (&'static str, String);

/// Room for bodies, in bytes.
#[derive(Clone)]
pub struct MemoryBudget {
    bytes: Arc<Semaphore>,
    /// What each of those who have some of it, or wait for some, may have.
    shares: Arc<Mutex<HashMap<Principal, Arc<Semaphore>>>>,
    timeout: Duration,
}

/// Some of it, until it is dropped.
pub(super) struct BodyPermit {
    _held: [OwnedSemaphorePermit; 2],
}

impl MemoryBudget {
    pub(in crate::http) fn new() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(FULL_BATCHES * ALLOWANCE.bytes)),
            shares: Arc::default(),
            timeout: PERMIT_TIMEOUT,
        }
    }

    /// Waits until there is room, and reserves it, for a body of this length; one of unknown length may be of
    /// any.
    ///
    /// # Errors
    /// 503 when there is none for too long.
    pub(super) async fn reserve(&self, who: &ActorRef, length: Option<u64>) -> Result<BodyPermit, Problem> {
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(ALLOWANCE.bytes);
        let bytes = u32::try_from(length.clamp(MIN_RESERVATION, ALLOWANCE.bytes)).unwrap_or(u32::MAX);
        let (share, all) = (self.share(who), self.bytes.clone());
        let held = async {
            // Their own share first: whoever waits for that keeps nobody else waiting.
            let share = share.acquire_many_owned(bytes).await?;
            Ok::<_, AcquireError>(BodyPermit { _held: [share, all.acquire_many_owned(bytes).await?] })
        };
        match tokio::time::timeout(self.timeout, held).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                Err(ServiceError::Busy("Too many batches are being worked on. Try again in a moment.").into())
            }
        }
    }

    fn share(&self, who: &ActorRef) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // What is held or waited for is known to somebody else too.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        let share = shares.entry((who.kind.as_str(), who.id.clone()));
        share.or_insert_with(|| Arc::new(Semaphore::new(FULL_BATCHES_OF_CALLER * ALLOWANCE.bytes))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::ActorKind;

    fn caller(id: &str) -> ActorRef {
        ActorRef { kind: ActorKind::Client, id: id.to_owned(), name: id.to_owned() }
    }

    #[actix_web::test]
    async fn holds_so_much_and_no_more() {
        let budget = MemoryBudget { timeout: Duration::from_millis(10), ..MemoryBudget::new() };
        let mut held = Vec::new();
        for number in 0..FULL_BATCHES {
            held.push(budget.reserve(&caller(&number.to_string()), None).await.unwrap());
        }
        let another = caller("another");
        assert_eq!(budget.reserve(&another, Some(10)).await.err().unwrap().code.code, "unavailable");
        held.pop();
        for _ in 0..8 {
            held.push(budget.reserve(&another, Some(10)).await.unwrap());
        }
        assert!(budget.reserve(&another, Some(10)).await.is_err());
        held.clear();
        budget.reserve(&another, Some(u64::MAX)).await.unwrap();
    }

    #[actix_web::test]
    async fn nobody_has_more_than_their_share() {
        let budget = MemoryBudget { timeout: Duration::from_millis(10), ..MemoryBudget::new() };
        let (greedy, other) = (caller("greedy"), caller("other"));
        let mut held = Vec::new();
        for _ in 0..FULL_BATCHES_OF_CALLER {
            held.push(budget.reserve(&greedy, None).await.unwrap());
        }
        assert!(budget.reserve(&greedy, Some(10)).await.is_err());
        // The same id of another kind is somebody else.
        let namesake = ActorRef { kind: ActorKind::Cli, ..caller("greedy") };
        budget.reserve(&namesake, None).await.unwrap();
        for _ in FULL_BATCHES_OF_CALLER..FULL_BATCHES {
            held.push(budget.reserve(&other, None).await.unwrap());
        }
        held.clear();
        budget.reserve(&other, None).await.unwrap();
        assert_eq!(budget.shares.lock().unwrap().len(), 1, "those who have left are forgotten");
    }
}
