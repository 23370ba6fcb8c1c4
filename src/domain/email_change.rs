//! Requests to change a user's address, and the links that are mailed to the new one.
//!
//! A link's token is derived from the request's id with keys of its own, as the token of an activation link
//! is (`domain/token.rs`), and stored nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use url::Url;

use super::{
    email::Email,
    ids::{EmailChangeId, UserId},
    mail_link::DeadMailLink,
    token::{ClaimKeys, LinkToken, search},
};

/// How long a link works, from the request.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long a request is kept, so that its link is known to be used or expired.
pub const KEPT: TimeDelta = TimeDelta::days(7);

/// A request to give a user another address. The address counts once its link is confirmed.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// Its id.
    pub id: EmailChangeId,
    /// The user.
    pub user: UserId,
    /// The address that the user had at the request.
    pub old: Email,
    /// The new address.
    pub new: Email,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When the new address was confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When a later request replaced it, or withdrew it.
    pub superseded_at: Option<DateTime<Utc>>,
}

impl EmailChange {
    /// Whether the link works at `now`. Where several reasons hold, the first of: used, superseded, expired.
    ///
    /// # Errors
    /// [`DeadMailLink`] says why not.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), DeadMailLink> {
        if self.confirmed_at.is_some() {
            return Err(DeadMailLink::Used);
        }
        if self.superseded_at.is_some() {
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
pub struct EmailChangeKeys(ClaimKeys);

impl EmailChangeKeys {
    /// Derives the keys from the root key, and from the previous root key while its links are valid.
    #[must_use]
    pub fn derive(root: &SecretString, previous: Option<&SecretString>) -> Self {
        Self(ClaimKeys::derive(root, previous, "email-change-link"))
    }

    /// The link that opens `page` with the token of a request. It is deterministic, so that a retry sends the
    /// same link.
    #[must_use]
    pub fn link(&self, page: &Url, change: EmailChangeId) -> SecretString {
        let mut link = page.clone();
        link.query_pairs_mut().append_pair("token", &self.0.sign(change.uuid(), GENERATION));
        SecretString::from(String::from(link))
    }

    /// The request of a genuine token, also with text that was added to it on its way.
    #[must_use]
    pub fn verify(&self, token: &LinkToken) -> Option<EmailChangeId> {
        search(token, |text| {
            let (uuid, generation) = self.0.verify(text)?;
            (generation == GENERATION).then(|| EmailChangeId::from_uuid(uuid))
        })
    }
}
