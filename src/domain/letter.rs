//! A letter, with all data that the mail module needs to write and send it. It contains the link, so its
//! `Debug` form omits it.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    email::Email,
    ids::{EmailChangeId, InvitationId, LetterId, ResetId, UserId, WebhookEndpointId},
    invitation::InvitationKind,
    locale::Locale,
    refusal_cause::RefusalCause,
    sub_account::MemberRole,
};

/// A letter to be written and sent.
pub struct Letter {
    /// The outbox row; also the local part of the `Message-ID`, so that every attempt has the same one.
    pub id: LetterId,
    /// Its purpose.
    pub purpose: LetterPurpose,
    /// The recipient.
    pub to: Email,
    /// Its language.
    pub locale: Locale,
    /// The kind of invitation; `None` for a letter about a password or an address.
    pub kind: Option<InvitationKind>,
    /// The inviter's name; the operator's in a letter that is about no invitation.
    pub inviter: String,
    /// The operator's name.
    pub organisation: String,
    /// The names of the roles, for a system user.
    pub roles: Vec<&'static str>,
    /// The account of the invitation; `None` for a system user.
    pub account: Option<LetterAccount>,
    /// The webhook endpoints that it is about; empty for every other letter.
    pub endpoints: Vec<WebhookEndpointId>,
    /// The API's URL with its base path, without a slash at its end.
    pub api_url: String,
    /// The whole activation link; in a letter about a password, the page where one is chosen; in one about an
    /// address, the page where it is confirmed.
    pub link: SecretString,
    /// The time of this attempt: the letter's `Date`.
    pub now: DateTime<Utc>,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
}

/// The account, as far as the letter mentions it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterAccount {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The name of its parent.
    pub parent_name: Option<String>,
    /// The role to which the person is invited.
    pub role: MemberRole,
    /// Whether it was created for this invitation; the letter's wording differs for an existing account.
    pub is_new: bool,
}

impl Letter {
    /// The names in the letter that people chose: inviter, operator and accounts. A reply that quotes them
    /// says nothing by them.
    #[must_use]
    pub fn chosen_names(&self) -> Vec<&str> {
        let accounts = self.account.iter().flat_map(|account| [&account.name, &account.parent_name]);
        [&self.inviter, &self.organisation]
            .into_iter()
            .chain(accounts.flatten())
            .map(String::as_str)
            .collect()
    }
}

/// Without address and link, since `Debug` output gets into logs.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

closed_set! {
    /// The purpose of a letter. The first two have the same link.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LetterPurpose {
        /// It invites.
        Invitation = "invitation",
        /// It reminds of an invitation whose link expires soon.
        Reminder = "reminder",
        /// It has the link with which a forgotten password is reset.
        PasswordReset = "password_reset",
        /// It tells that the password was changed.
        PasswordChanged = "password_changed",
        /// It has the link that confirms a new address, and goes there.
        EmailChange = "email_change",
        /// It tells the present address that another one was requested.
        EmailChangeNotice = "email_change_notice",
        /// It tells the owner of a webhook endpoint that this service disabled it.
        WebhookDisabled = "webhook_disabled",
    }
}

impl LetterPurpose {
    /// Whether it is about a person's password, address or webhook endpoint, and not about an invitation.
    #[must_use]
    pub fn is_notice(self) -> bool {
        !matches!(self, Self::Invitation | Self::Reminder)
    }

    /// Whether a notice has a link with a token.
    #[must_use]
    pub fn has_own_link(self) -> bool {
        matches!(self, Self::PasswordReset | Self::EmailChange)
    }
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterSubject {
    /// An invitation.
    Invitation(InvitationId),
    /// A request to reset a password.
    Reset(ResetId),
    /// A request to change an address.
    EmailChange(EmailChangeId),
    /// A user.
    User(UserId),
}

impl LetterSubject {
    /// The invitation, if it is about one.
    #[must_use]
    pub fn invitation(self) -> Option<InvitationId> {
        match self {
            Self::Invitation(id) => Some(id),
            Self::Reset(_) | Self::EmailChange(_) | Self::User(_) => None,
        }
    }

    /// The subject from its id.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        let invitation = id.parse().ok().map(Self::Invitation);
        invitation
            .or_else(|| id.parse().ok().map(Self::Reset))
            .or_else(|| id.parse().ok().map(Self::EmailChange))
            .or_else(|| id.parse().ok().map(Self::User))
    }
}

impl std::fmt::Display for LetterSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invitation(id) => id.fmt(f),
            Self::Reset(id) => id.fmt(f),
            Self::EmailChange(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
        }
    }
}

/// The acceptance of a letter by a relay or provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the provider that accepted it, where that provider reports on it later.
    pub provider: Option<&'static str>,
    /// The provider's id for it.
    pub message_id: Option<String>,
}

impl Receipt {
    /// The provider's message id, if the provider reports by it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.message_id.as_deref().filter(|_| self.provider.is_some())
    }
}

/// A pause that the relay asked for: `Retry-After`, or a greylisting reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Its length.
    pub time: TimeDelta,
    /// Whether it applies to all letters, not only to this one.
    pub every_letter: bool,
}

/// Why a letter was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// A temporary error of the relay or of the connection to it: keep the letter.
    #[error("{text}")]
    Temporary {
        /// The error.
        text: String,
        /// The pause that the relay asked for, if any.
        wait: Option<Wait>,
        /// Its cause, as far as it is known.
        cause: RefusalCause,
    },
    /// A permanent error: a 5xx for this recipient or letter, or an address that the relay cannot reach.
    #[error("{text}")]
    Permanent {
        /// The error.
        text: String,
        /// Its cause. Without a fault it is the address.
        cause: RefusalCause,
    },
}

impl SendError {
    /// A temporary error, to be retried at any time.
    #[must_use]
    pub fn temporary(text: String) -> Self {
        Self::Temporary { text, wait: None, cause: RefusalCause::default() }
    }

    /// A permanent error whose cause is the address.
    #[must_use]
    pub fn permanent(text: String) -> Self {
        Self::Permanent { text, cause: RefusalCause::default() }
    }
}
