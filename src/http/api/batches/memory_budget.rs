//! How much of batches the process has in hand at once: what waits beyond it is not read yet, and costs a connection.
//!
//! Room is taken before a body is read, since bodies that each hold a part and wait for the rest would all fail together. So a body
//! that never comes holds room as well, for as long as bodies are waited for; that is why nobody has all of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::body_size::ALLOWANCE;
use crate::http::response::problem::Problem;
use crate::{domain::actor::ActorRef, services::ServiceError};

/// So many of the largest, or eight times as many small ones: a thousand short items become as much as this by their answer.
const LARGEST: usize = 4;
const LEAST: usize = ALLOWANCE.bytes / 8;
/// So many of the largest are one caller's at most.
const LARGEST_OF_ONE: usize = LARGEST / 2;
/// How long a batch waits for its turn before it is told to come back later.
const PERMIT_TIMEOUT: Duration = Duration::from_secs(5);

/// A caller, whichever token they use.
type Principal = (&'static str, String);

/// Room for bodies, in bytes.
#[derive(Clone)]
pub struct MemoryBudget {
    room: Arc<Semaphore>,
    /// What each of those who have some of it, or wait for some, may have.
    shares: Arc<Mutex<HashMap<Principal, Arc<Semaphore>>>>,
    patience: Duration,
}

/// Some of it, until it is dropped.
pub(super) struct BodyPermit {
    _held: [OwnedSemaphorePermit; 2],
}

impl MemoryBudget {
    pub(in crate::http) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(LARGEST * ALLOWANCE.bytes)), shares: Arc::default(), patience: PERMIT_TIMEOUT }
    }

    /// Waits for room for a body of this length; one of unknown length may be of any.
    ///
    /// # Errors
    /// 503 when there is none for too long.
    pub(super) async fn room(&self, who: &ActorRef, length: Option<u64>) -> Result<BodyPermit, Problem> {
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(ALLOWANCE.bytes);
        let bytes = u32::try_from(length.clamp(LEAST, ALLOWANCE.bytes)).unwrap_or(u32::MAX);
        let (share, room) = (self.share(who), self.room.clone());
        let held = async {
            // Their own share first: whoever waits for that keeps nobody else waiting.
            let share = share.acquire_many_owned(bytes).await?;
            Ok::<_, AcquireError>(BodyPermit { _held: [share, room.acquire_many_owned(bytes).await?] })
        };
        match tokio::time::timeout(self.patience, held).await {
            Ok(Ok(room)) => Ok(room),
            _ => Err(ServiceError::Busy("Too many batches are being worked on. Try again in a moment.").into()),
        }
    }

    fn share(&self, who: &ActorRef) -> Arc<Semaphore> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        // What is held or waited for is known to somebody else too.
        shares.retain(|_, share| Arc::strong_count(share) > 1);
        let share = shares.entry((who.kind.as_str(), who.id.clone()));
        share.or_insert_with(|| Arc::new(Semaphore::new(LARGEST_OF_ONE * ALLOWANCE.bytes))).clone()
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
        let capacity = MemoryBudget { patience: Duration::from_millis(10), ..MemoryBudget::new() };
        let mut held = Vec::new();
        for number in 0..LARGEST {
            held.push(capacity.room(&caller(&number.to_string()), None).await.unwrap());
        }
        let another = caller("another");
        assert_eq!(capacity.room(&another, Some(10)).await.err().unwrap().code.code, "unavailable");
        held.pop();
        for _ in 0..8 {
            held.push(capacity.room(&another, Some(10)).await.unwrap());
        }
        assert!(capacity.room(&another, Some(10)).await.is_err());
        held.clear();
        capacity.room(&another, Some(u64::MAX)).await.unwrap();
    }

    #[actix_web::test]
    async fn nobody_has_more_than_their_share() {
        let capacity = MemoryBudget { patience: Duration::from_millis(10), ..MemoryBudget::new() };
        let (greedy, other) = (caller("greedy"), caller("other"));
        let mut held = Vec::new();
        for _ in 0..LARGEST_OF_ONE {
            held.push(capacity.room(&greedy, None).await.unwrap());
        }
        assert!(capacity.room(&greedy, Some(10)).await.is_err());
        // The same id of another kind is somebody else.
        let namesake = ActorRef { kind: ActorKind::Cli, ..caller("greedy") };
        capacity.room(&namesake, None).await.unwrap();
        for _ in LARGEST_OF_ONE..LARGEST {
            held.push(capacity.room(&other, None).await.unwrap());
        }
        held.clear();
        capacity.room(&other, None).await.unwrap();
        assert_eq!(capacity.shares.lock().unwrap().len(), 1, "those who have left are forgotten");
    }
}
