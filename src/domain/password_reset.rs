//! Requests to reset a forgotten password, and the links that are mailed for them.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    email::Email,
    ids::{ResetId, ResetKind},
    mail_link::{DeadMailLink, MailLinkKeys, Mailed},
};

/// How long a link works, from the request.
pub const LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How long a request is kept, so that its link is known to be used or expired.
pub const KEPT: TimeDelta = TimeDelta::days(7);

impl Mailed for ResetKind {
    const PURPOSE: &'static str = "password-reset-link";
}

/// The keys that make and check links.
pub type ResetKeys = MailLinkKeys<ResetKind>;

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
    /// Whether the link works at `now`.
    ///
    /// # Errors
    /// [`DeadMailLink`] says why not.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), DeadMailLink> {
        DeadMailLink::check(self.used_at.is_some(), self.is_superseded, (now, self.expires_at()))
    }

    /// When the link expires.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + LIFETIME
    }
}
