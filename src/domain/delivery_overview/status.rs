//! The state of a letter in the overview.

closed_set! {
    /// The state of a letter in the overview. As the state of an invitation's newest letter, but for letters
    /// that were withdrawn, which have a state of their own; where a link was handed over there is no letter.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum LetterStatus {
        /// Waits to be sent.
        Queued = "queued",
        /// Leased by a courier.
        Sending = "sending",
        /// Accepted by the relay or the provider; nothing more is known.
        Sent = "sent",
        /// Accepted by the recipient's server.
        Delivered = "delivered",
        /// The provider tries again.
        Deferred = "deferred",
        /// Returned, for a fault of the address or its mail server.
        Bounced = "bounced",
        /// Marked as spam by the recipient.
        Complained = "complained",
        /// Given up for another reason.
        Failed = "failed",
        /// Taken out of the outbox, because its link stopped working first.
        Withdrawn = "withdrawn",
    }
}

impl LetterStatus {
    /// Whether the letter did not do what it was sent for.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Bounced | Self::Complained | Self::Failed)
    }
}
