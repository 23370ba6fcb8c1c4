//! Why a text is no usable `DATABASE_URL`.

/// Why a text is no usable URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither of the two schemes.
    #[error("must begin with sqlite:// or postgres://")]
    Scheme,
    /// A SQLite URL without a file.
    #[error("names no file: use sqlite://PATH, as in sqlite://data/invitations.db")]
    NoFile,
    /// An in-memory database, which would lose invitations.
    #[error("an in-memory database would lose every invitation at the next start")]
    InMemory,
    /// SQLite would interpret the parameters after the question mark, and the lock would be for another file.
    #[error("takes a path alone, without file: and without a ?")]
    NotAPath,
    /// A PostgreSQL URL that cannot be parsed.
    #[error("is no PostgreSQL URL: {0}")]
    Malformed(&'static str),
    /// An invalid percent-encoding, which libpq would report with the password in its message.
    #[error(
        "has a % without two hexadecimal digits after it (or %00): write %25 for a % in the user name or \
        password"
    )]
    Percent,
    /// A character that ends the password early, so that the rest of it would be taken for a host or a
    /// database.
    #[error(
        "has an @, a # or a blank that must be percent-encoded: %40, %23, %20 (and %2F for a /, %3F for a ?)"
    )]
    Unencoded,
}
