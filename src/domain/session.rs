//! Sessions: how long they last, and the refresh tokens that continue them (OAuth 2.0 Security Best Current
//! Practice, RFC 9700 §4.14: rotation, and the end of the session when a spent token is used again).

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use super::{
    ids::{SessionId, UserId},
    token::ClaimKeys,
};

/// A session ends so long after signing in, whatever is done with it.
pub const LIFETIME: TimeDelta = TimeDelta::days(30);
/// A session ends so long after its last refresh.
pub const IDLE: TimeDelta = TimeDelta::days(7);
/// So long after a refresh the token before it gets the same answer again: the first may have been lost.
pub const GRACE: TimeDelta = TimeDelta::seconds(10);

/// A session of a person.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The person.
    pub user: UserId,
    /// The generation of the refresh token that continues it, 1 for the first.
    pub generation: i32,
    /// The mark of the password with which the person signed in ([`super::token::credential_mark`]).
    pub credential: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last refreshed.
    pub refreshed_at: DateTime<Utc>,
    /// When it was ended, if it was.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Session {
    /// When it ends if it is not refreshed again.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        (self.created_at + LIFETIME).min(self.refreshed_at + IDLE)
    }

    /// Whether it goes on at `now`.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.ended_at.is_none() && now < self.expires_at()
    }
}

closed_set! {
    /// How a refresh token is given.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RefreshTransport {
        /// In the answer.
        Body = "body",
        /// As a cookie that scripts cannot read.
        Cookie = "cookie",
    }
}

/// A refresh token. Only [`RefreshToken::expose`] gives its text.
#[derive(Clone)]
pub struct RefreshToken(SecretString);

impl RefreshToken {
    /// A token as received.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text. Use it only in the answer.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken")
    }
}

/// The keys that make and check refresh tokens.
#[derive(Debug, Clone)]
pub struct RefreshKeys(ClaimKeys);

impl RefreshKeys {
    /// Derives the keys from the root key, and from the previous root key while its tokens are valid.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        Self(ClaimKeys::derive(root, previous, "refresh-token"))
    }

    /// The token of a session's generation. It is deterministic, so that a lost answer can be given again.
    #[must_use]
    pub fn sign(&self, session: SessionId, generation: i32) -> RefreshToken {
        RefreshToken::from_text(self.0.sign(session.uuid(), generation))
    }

    /// The session and the generation of a genuine token.
    #[must_use]
    pub fn verify(&self, token: &RefreshToken) -> Option<(SessionId, i32)> {
        let (uuid, generation) = self.0.verify(token.expose().trim().as_bytes())?;
        Some((SessionId::from_uuid(uuid), generation))
    }
}
