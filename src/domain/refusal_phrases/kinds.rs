//! What refusals say, and where their phrases count.

/// What a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The mailbox is full.
    MailboxFull,
    /// The letter goes round in circles.
    Loop,
    /// The letter is too large.
    TooLarge,
    /// The domain does not exist, or has no mail server.
    NoDomain,
    /// The mailbox is closed or disabled.
    MailboxClosed,
    /// The address is not of the form of one.
    AddressSyntax,
    /// There is no such mailbox.
    NoMailbox,
    /// The mail server did not answer.
    NoAnswer,
    /// All attempts failed.
    TooLate,
    /// A policy, or a filter.
    Policy,
}

/// A text in which a phrase counts by itself, whatever else stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The reply of a mail server: it concerns the recipient.
    Reply,
    /// The text of returned mail: the letter was not delivered.
    Notice,
    /// The subject of returned mail, likewise.
    Subject,
    /// The text of returned mail: no attempt will follow.
    End,
    /// A provider's reason: the mailbox is full.
    Reason,
}
