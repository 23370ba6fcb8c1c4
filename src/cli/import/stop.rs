//! Ending early: whoever finds a reason says so, and nothing new is begun.

use tokio::sync::watch;

/// Why an import ends before its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// Some rows are faulty, so that none was sent.
    Faulty,
    /// A signal.
    Interrupted,
    /// The service does not take the token, or it allows too little.
    Denied(String),
    /// The service gave no answer for as long as one waits.
    Unanswered(String),
    /// The service answered in a way that no row is to blame for.
    Refused(String),
    /// Nobody reads the results any more.
    Unread(String),
}

/// A sign that all parts of an import see. Clones are the same sign.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Sender<Option<Reason>>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Puts the sign up; the first reason stays.
    pub(super) fn because(&self, reason: Reason) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(reason);
            first
        });
    }

    /// The reason, once there is one.
    pub(super) fn reason(&self) -> Option<Reason> {
        self.0.borrow().clone()
    }

    /// Waits for a reason.
    pub(super) async fn told(self) {
        // It cannot be closed while we hold a sender.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }
}
