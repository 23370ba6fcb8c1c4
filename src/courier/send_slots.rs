//! How many letters are under way together: few while they go quickly, and slow ones hold nobody up.
//!
//! A relay that does not answer about one recipient must not stop the mail for everybody else. So a letter
//! that takes long leaves its place to the next one, and goes on in a lane of its own; of those there are
//! more, but not many, since each is a connection.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};

use super::AT_ONCE;

/// How many letters are under way at most, the slow ones included.
const MAX_SLOTS: usize = 16;
/// How many outcomes wait to be recorded at most, before nothing more is sent, with the letters under way: so
/// many may a crash repeat.
const UNRECORDED: usize = 64;
/// Whoever takes longer than this is slow: most relays answer within a tenth of it.
const SLOW: Duration = Duration::from_secs(2);

/// The places that all letters of a courier share. Clones share them.
#[derive(Debug, Clone)]
pub struct SendSlots {
    quick: Arc<Semaphore>,
    all: Arc<Semaphore>,
    unrecorded: Arc<Semaphore>,
}

impl Default for SendSlots {
    fn default() -> Self {
        let places = |places| Arc::new(Semaphore::new(places));
        Self { quick: places(AT_ONCE), all: places(MAX_SLOTS), unrecorded: places(UNRECORDED) }
    }
}

/// A place, until it is dropped. `None` where the places are gone, which happens with the courier alone.
type Place = Option<OwnedSemaphorePermit>;

/// A letter's way to the relay.
pub(super) struct SendSlot {
    quick: Place,
    _all: Place,
}

impl SendSlots {
    /// Waits until a letter could begin. It may find its place taken all the same, and waits for it then.
    pub(super) async fn free(&self) {
        drop(self.slot().await);
    }

    /// A place among those that are under way.
    pub(super) async fn slot(&self) -> SendSlot {
        SendSlot {
            quick: self.quick.clone().acquire_owned().await.ok(),
            _all: self.all.clone().acquire_owned().await.ok(),
        }
    }

    /// A place among those whose outcome is not recorded yet.
    pub(super) async fn unrecorded(&self) -> Place {
        self.unrecorded.clone().acquire_owned().await.ok()
    }
}

impl SendSlot {
    /// Does the work of a letter, and lets the next one begin when it takes long.
    pub(super) async fn carry<T>(self, work: impl Future<Output = T>) -> T {
        self.carry_within(SLOW, work).await
    }

    async fn carry_within<T>(mut self, time: Duration, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = sleep(time) => self.quick = None,
        }
        work.await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_slow_hold_nobody_up_and_are_not_many() {
        let slots = SendSlots::default();
        let mut silent = Vec::new();
        for _ in 0..MAX_SLOTS {
            // That it comes at all is the test: nobody before it ever ends.
            let slot = slots.slot().await;
            silent.push(tokio::spawn(slot.carry_within(Duration::ZERO, pending::<()>())));
        }
        assert!(slots.free().now_or_never().is_none(), "there are connections without end");
        silent.remove(0).abort();
        slots.free().await;
    }
}
