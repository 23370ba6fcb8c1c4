//! The states of a letter.

/// Where a letter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// To be tried, or tried again, at `next_attempt_at`.
    Queued,
    /// With the relay.
    Sent,
    /// Given up.
    Failed,
    /// Its link died before it was sent.
    Withdrawn,
    /// It is never sent: whoever invited was given the link.
    HandedOver,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Failed, Self::Withdrawn, Self::HandedOver];

    /// The name that rows use.
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
