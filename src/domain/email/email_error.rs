//! Why a text is no e-mail address.

/// Why a text is no acceptable address; each message says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but blanks.
    #[error("An e-mail address is required.")]
    Empty,
    /// More than 254 characters in the ASCII form.
    #[error("An e-mail address has at most 254 characters, and at most 64 before the @.")]
    TooLong,
    /// No `@`, or no domain name with a dot after it.
    #[error(
        "This is not an e-mail address: it needs one @ and a domain name with a dot, as in ada@example.com."
    )]
    Malformed,
    /// Text after the address.
    #[error("There is more here than an e-mail address. Give the address alone, as in ada@example.com.")]
    MoreText,
    /// More than one address.
    #[error("These are several addresses. Give one.")]
    Several,
    /// Quoted local parts, non-ASCII ones, control characters, two dots in a row.
    #[error(
        "The part before the @ may hold ASCII letters, digits, single dots and any of !#$%&'*+-/=?^_`{{|}}~ \
        only."
    )]
    LocalPart,
}
