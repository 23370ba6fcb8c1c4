//! How many letters are sent at the same time: few while the relay is quick, more when some letters are slow.
//!
//! A relay that does not answer about one recipient must not stop the mail to the others. A letter that takes
//! long therefore leaves its quick slot to the next letter, and keeps only its place among all of them. These
//! are more, but not many, since each is a connection.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

/// How many letters are sent at once while each goes quickly: as many as the relay is offered connections.
const MAX_QUICK: usize = 4;
/// How many letters are sent at once at most, the slow ones included.
const MAX_SENDING: usize = 16;
/// The most letters that were sent and are not recorded, those being sent included: a crash may send so many
/// again.
const MAX_UNRECORDED: usize = 64;
/// A letter that takes longer than this is slow. Most relays answer within a tenth of it.
const SLOW: Duration = Duration::from_secs(2);

/// The limits that all letters of a courier share. Clones share them.
#[derive(Debug, Clone)]
pub struct SendSlots {
    quick: Arc<Semaphore>,
    sending: Arc<Semaphore>,
    unrecorded: Arc<Semaphore>,
}

impl Default for SendSlots {
    fn default() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            quick: semaphore(MAX_QUICK),
            sending: semaphore(MAX_SENDING),
            unrecorded: semaphore(MAX_UNRECORDED),
        }
    }
}

/// A permit, until it is dropped. `None` would mean a closed semaphore, and these are never closed.
type Permit = Option<OwnedSemaphorePermit>;

async fn permit(semaphore: &Arc<Semaphore>) -> Permit {
    semaphore.clone().acquire_owned().await.ok()
}

/// What a letter needs to be sent.
pub(super) struct SendPermits {
    quick: Permit,
    sending: Permit,
    unrecorded: Permit,
}

impl SendSlots {
    /// Waits until a letter could be sent. Another one may be faster, so [`Self::acquire`] may wait again.
    pub(super) async fn available(&self) {
        drop((permit(&self.quick).await, permit(&self.sending).await));
    }

    /// Waits for the permits of one letter.
    pub(super) async fn acquire(&self) -> SendPermits {
        // In this order: a letter that waits for its record must not hold a slot.
        let unrecorded = permit(&self.unrecorded).await;
        SendPermits { quick: permit(&self.quick).await, sending: permit(&self.sending).await, unrecorded }
    }
}

impl SendPermits {
    /// Sends, and lets the next letter start when that takes long. Comes back with what is to be kept until
    /// the outcome is recorded.
    pub(super) async fn send<T>(self, sending: impl Future<Output = T>) -> (T, Permit) {
        self.send_within(SLOW, sending).await
    }

    async fn send_within<T>(mut self, time: Duration, sending: impl Future<Output = T>) -> (T, Permit) {
        let mut sending = pin!(sending);
        let done = tokio::select! {
            done = &mut sending => Some(done),
            () = sleep(time) => None,
        };
        self.quick = None;
        let done = match done {
            Some(done) => done,
            None => sending.await,
        };
        self.sending = None;
        (done, self.unrecorded)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn slow_letters_delay_no_other_and_are_limited() {
        let slots = SendSlots::default();
        let mut silent = Vec::new();
        for _ in 0..MAX_SENDING {
            // None of the sends before it ever ends: the loop would stop here if it waited for one.
            let permits = slots.acquire().await;
            silent.push(tokio::spawn(permits.send_within(Duration::ZERO, pending::<()>())));
        }
        assert!(slots.available().now_or_never().is_none(), "the number of connections is not limited");
        silent.remove(0).abort();
        slots.available().await;
    }
}
