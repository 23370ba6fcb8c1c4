//! Ending early: the first reason to stop is shared, and no new request starts after it.

use tokio::sync::watch;

/// Why an import ends before its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// Some rows are faulty, so none was sent.
    Faulty,
    /// A signal arrived.
    Interrupted,
    /// The service refuses the token, or it lacks permissions.
    Denied(String),
    /// The service gave no final answer within the retry time.
    Unanswered(String),
    /// The service gave an answer that no row caused.
    Refused(String),
    /// The results cannot be written.
    Unwritable(String),
}

/// The shared reason to stop. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Sender<Option<Reason>>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Sets the reason; the first one stays.
    pub(super) fn set_reason(&self, reason: Reason) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
    }

    /// The reason, if one is set.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.0.borrow().clone()
    }

    /// Waits until a reason is set.
    pub(super) async fn wait(self) {
        // The channel cannot close while `self` holds a sender.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}
