//! Requests to reset a forgotten password, and the links that are mailed for them.
//!
//! A link's token is derived from the request's id with keys of its own, as the token of an activation link
//! is (`domain/token.rs`), and stored nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use url::Url;

use super::{
    email::Email,
    ids::ResetId,
    mail_link::DeadMailLink,
    token::{ClaimKeys, LinkToken, search},
};

/// How long a link works, from the request.
pub const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How long a request is kept, so that its link is known to be used or expired.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// A request to reset the password of an address.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    /// Its id.
    pub id: ResetId,
    /// The address as typed, of a user or not.
    pub email: Email,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When a password was chosen with its link, or changed in another way.
    pub used_at: Option<DateTime<Utc>>,
    /// Whether a later request for the address exists.
    pub is_superseded: bool,
}

impl PasswordReset {
    /// Whether the link works at `now`. Where several reasons hold, the first of: used, superseded, expired.
    ///
    /// # Errors
    /// [`DeadMailLink`] says why not.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), DeadMailLink> {
        if self.used_at.is_some() {
            return Err(DeadMailLink::Used);
        }
        if self.is_superseded {
            return Err(DeadMailLink::Superseded);
        }
        if now < self.expires_at() { Ok(()) } else { Err(DeadMailLink::Expired) }
    }

    /// When the link expires.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + LIFETIME
    }
}

/// A request has one link: its token has no generations.
const GENERATION: i32 = 1;

/// The keys that make and check links.
#[derive(Debug, Clone)]
pub struct ResetKeys(ClaimKeys);

impl ResetKeys {
    /// Derives the keys from the root key, and from the previous root key while its links are valid.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        Self(ClaimKeys::derive(root, previous, "password-reset-link"))
    }

    /// The link that opens `page` with the token of a request. It is deterministic, so that a retry sends the
    /// same link.
    #[must_use]
    pub fn link(&self, page: &Url, reset: ResetId) -> SecretString {
        let mut link = page.clone();
        link.query_pairs_mut().append_pair("token", &self.0.sign(reset.uuid(), GENERATION));
        SecretString::from(String::from(link))
    }

    /// The request of a genuine token, also with text that was added to it on its way.
    #[must_use]
    pub fn verify(&self, token: &LinkToken) -> Option<ResetId> {
        search(token, |text| {
            let (uuid, generation) = self.0.verify(text)?;
            (generation == GENERATION).then(|| ResetId::from_uuid(uuid))
        })
    }
}
