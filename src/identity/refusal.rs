//! Why a token of an identity provider is refused.

/// The reason in one word, for the log. It contains nothing of the token, whose text is untrusted.
pub(super) type Reason = &'static str;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It is not valid; the reason in one word, for the log.
    #[error("{0}")]
    Invalid(&'static str),
    /// No keys could be fetched yet: the token may be valid.
    #[error("no keys yet")]
    KeysUnavailable,
}
