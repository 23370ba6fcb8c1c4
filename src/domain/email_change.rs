//! Requests to change a user's address, and the links that are mailed to the new one.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    email::Email,
    ids::{EmailChangeId, EmailChangeKind, UserId},
    mail_link::{DeadMailLink, MailLinkKeys, Mailed},
};

/// How long a link works, from the request.
pub const LIFETIME: TimeDelta = TimeDelta::hours(24);
/// How long a request is kept, so that its link is known to be used or expired.
pub const KEPT: TimeDelta = TimeDelta::days(7);

impl Mailed for EmailChangeKind {
    const PURPOSE: &'static str = "email-change-link";
}

/// The keys that make and check links.
pub type EmailChangeKeys = MailLinkKeys<EmailChangeKind>;

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
    /// Whether the link works at `now`.
    ///
    /// # Errors
    /// [`DeadMailLink`] says why not.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), DeadMailLink> {
        let is_superseded = self.superseded_at.is_some();
        DeadMailLink::check(self.confirmed_at.is_some(), is_superseded, (now, self.expires_at()))
    }

    /// When the link expires.
    #[must_use]
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.created_at + LIFETIME
    }
}
