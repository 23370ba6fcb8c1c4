//! The states of a letter.

use crate::domain::closed_set::closed_set;

closed_set! {
    /// The state of a letter.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LetterState {
        /// To be tried, or retried, at `next_attempt_at`.
        Queued = "queued",
        /// The relay accepted it.
        Sent = "sent",
        /// Given up.
        Failed = "failed",
        /// Its link became invalid before it was sent.
        Withdrawn = "withdrawn",
        /// It is never sent: the link was handed over to the inviter.
        HandedOver = "handed_over",
    }
}
