//! The states of a letter.

/// The state of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// To be tried, or retried, at `next_attempt_at`.
    Queued,
    /// The relay accepted it.
    Sent,
    /// Given up.
    Failed,
    /// Its link became invalid before it was sent.
    Withdrawn,
    /// It is never sent: the link was returned to the inviter.
    HandedOver,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Failed, Self::Withdrawn, Self::HandedOver];

    /// The name in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
            Self::HandedOver => "handed_over",
        }
    }
}
