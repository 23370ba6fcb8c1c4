//! Why an access token of ours is refused.

use jsonwebtoken::errors::ErrorKind;

/// Why a token is refused; logged, and not returned to the caller.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Malformed, wrong algorithm or type, unknown key, wrong signature, issuer or audience.
    #[error(transparent)]
    Jwt(#[from] jsonwebtoken::errors::Error),
    /// Not of the type `at+jwt`.
    #[error("not an access token")]
    Type,
    /// The header has a member that changes the meaning of the token and is not supported (RFC 7515 §4.1.11).
    #[error("its header has the member {0}")]
    Header(&'static str),
    /// Its lifetime exceeds the maximum.
    #[error("its lifetime is too long")]
    Lifetime,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Issued in the future.
    #[error("not valid yet")]
    NotYet,
    /// Names an unknown role, permission, account or kind of holder.
    #[error("names an unknown {0}")]
    Unknown(&'static str),
}

impl TokenError {
    /// The reason in one word, for the log. It contains nothing of the token, whose text is untrusted.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Jwt(error) => match error.kind() {
                ErrorKind::InvalidSignature => "signature",
                ErrorKind::InvalidIssuer => "issuer",
                ErrorKind::InvalidAudience => "audience",
                ErrorKind::InvalidAlgorithm
                | ErrorKind::InvalidAlgorithmName
                | ErrorKind::UnsupportedAlgorithm => "algorithm",
                ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) => "claims",
                _ => "malformed",
            },
            Self::Type => "type",
            Self::Header(name) => name,
            Self::Lifetime => "lifetime",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::Unknown(what) => what,
        }
    }
}
