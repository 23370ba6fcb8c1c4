//! How much of batches the process has in hand at once: what waits beyond it is not read yet, and costs a connection.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{super::problem::Problem, receive::ALLOWANCE};
use crate::services::Refusal;

/// So many of the largest, or eight times as many small ones: a thousand short items become as much as this by their answer.
const LARGEST: usize = 4;
const LEAST: usize = ALLOWANCE.bytes / 8;
/// How long a batch waits for its turn before it is told to come back later.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room for bodies, in bytes.
#[derive(Clone)]
pub struct Capacity {
    room: Arc<Semaphore>,
    patience: Duration,
}

/// Some of it, until it is dropped.
pub(super) struct Room {
    _held: OwnedSemaphorePermit,
}

impl Capacity {
    pub(in crate::http) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(LARGEST * ALLOWANCE.bytes)), patience: PATIENCE }
    }

    /// Waits for room for a body of this length; one of unknown length may be of any.
    ///
    /// # Errors
    /// 503 when there is none for too long.
    pub(super) async fn room(&self, length: Option<u64>) -> Result<Room, Problem> {
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(ALLOWANCE.bytes);
        let bytes = u32::try_from(length.clamp(LEAST, ALLOWANCE.bytes)).unwrap_or(u32::MAX);
        let held = tokio::time::timeout(self.patience, self.room.clone().acquire_many_owned(bytes)).await;
        match held {
            Ok(Ok(held)) => Ok(Room { _held: held }),
            _ => Err(Refusal::Busy("Too many batches are being worked on. Try again in a moment.").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn holds_so_much_and_no_more() {
        let capacity = Capacity { patience: Duration::from_millis(10), ..Capacity::new() };
        let mut held = Vec::new();
        for _ in 0..LARGEST {
            held.push(capacity.room(None).await.unwrap());
        }
        assert_eq!(capacity.room(Some(10)).await.err().unwrap().code.code, "unavailable");
        held.pop();
        for _ in 0..8 {
            held.push(capacity.room(Some(10)).await.unwrap());
        }
        assert!(capacity.room(Some(10)).await.is_err());
        held.clear();
        capacity.room(Some(u64::MAX)).await.unwrap();
    }
}
