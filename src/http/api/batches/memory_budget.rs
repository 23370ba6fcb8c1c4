//! How many bytes of batches are processed at once. Bodies beyond that wait unread, and cost a connection
//! each.
//!
//! Memory is reserved before a body is read, since bodies that each hold a part and wait for the rest would
//! all fail together. A body that never arrives therefore holds its reservation until it times out; that is
//! why one caller cannot reserve all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::body_size::BODY_LIMIT;
use crate::http::response::problem::Problem;
use crate::{domain::actor::ActorRef, services::ServiceError};

/// So many full batches, or eight times as many small ones: the answer to a thousand short items is that
/// large.
const FULL_BATCHES: usize = 4;
const MIN_RESERVATION: usize = BODY_LIMIT.bytes / 8;
/// One caller reserves at most half of it.
const FULL_BATCHES_OF_CALLER: usize = FULL_BATCHES / 2;
/// How long a batch waits before it is answered 503.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A caller, whichever token they use.
type Principal = (&'static str, String);

/// Memory for bodies, in bytes.
#[derive(Clone)]
pub struct MemoryBudget {
    bytes: Arc<Semaphore>,
    /// The share of each caller who holds a part, or waits for one.
    shares: Arc<Mutex<HashMap<Principal, Arc<Semaphore>>>>,
    timeout: Duration,
}

/// A reservation, until it is dropped.
pub(super) struct BodyPermit {
    _held: [OwnedSemaphorePermit; 2],
}

impl MemoryBudget {
    pub(in crate::http) fn new() -> Self {
        Self {
            bytes: Arc::new(Semaphore::new(FULL_BATCHES * BODY_LIMIT.bytes)),
            shares: Arc::default(),
            timeout: PERMIT_TIMEOUT,
        }
    }

    /// Waits for memory for a body of this length, and reserves it; a body of unknown length may have any.
    ///
    /// # Errors
    /// 503 when the wait is too long.
    pub(super) async fn reserve(&self, who: &ActorRef, length: Option<u64>) -> Result<BodyPermit, Problem> {
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(BODY_LIMIT.bytes);
        let bytes = u32::try_from(length.clamp(MIN_RESERVATION, BODY_LIMIT.bytes)).unwrap_or(u32::MAX);
        let (share, all) = (self.share(who), self.bytes.clone());
        let held = async {
            // The caller's own share first: waiting for that delays no other caller.
            let share = share.acquire_many_owned(bytes).await?;
            Ok::<_, AcquireError>(BodyPermit { _held: [share, all.acquire_many_owned(bytes).await?] })
        };
        match tokio::time::timeout(self.timeout, held).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                Err(ServiceError::Busy("Too many batches are being processed. Try again in a moment.").into())
            }
        }
    }

    fn share(&self, who: &ActorRef) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // A share that is held or waited for has further references.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        let share = shares.entry((who.kind.as_str(), who.id.clone()));
        share.or_insert_with(|| Arc::new(Semaphore::new(FULL_BATCHES_OF_CALLER * BODY_LIMIT.bytes))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::ActorKind;

    fn caller(id: &str) -> ActorRef {
        ActorRef { kind: ActorKind::Client, id: id.to_owned(), name: id.to_owned(), origin: None }
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
    async fn no_client_has_more_than_its_share() {
        let budget = MemoryBudget { timeout: Duration::from_millis(10), ..MemoryBudget::new() };
        let (greedy, other) = (caller("greedy"), caller("other"));
        let mut held = Vec::new();
        for _ in 0..FULL_BATCHES_OF_CALLER {
            held.push(budget.reserve(&greedy, None).await.unwrap());
        }
        assert!(budget.reserve(&greedy, Some(10)).await.is_err());
        // The same id of another kind is another caller.
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
