//! A letter: what the mail module needs to know to write and send it. It holds the live link, and so shows
//! itself to nobody.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

use super::{
    email::Email, ids::LetterId, invitation::InvitationKind, locale::Locale, mail_fault::MailFault,
    sub_account::MemberRole,
};

/// A letter that is about to be written and sent.
pub struct Letter {
    /// The outbox row; also the left half of the `Message-ID`, so that every attempt carries the same one.
    pub id: LetterId,
    /// What it is for.
    pub purpose: LetterPurpose,
    /// Whom it goes to.
    pub to: Email,
    /// The language it is written in.
    pub locale: Locale,
    /// What the person is invited to become.
    pub kind: InvitationKind,
    /// Who invites, by name.
    pub inviter: String,
    /// The operator's name.
    pub organisation: String,
    /// The names of the roles, for a system user.
    pub roles: Vec<&'static str>,
    /// The account that the link leads to; none for a system user.
    pub account: Option<LetterAccount>,
    /// The activation link, whole.
    pub link: SecretString,
    /// The moment at which this attempt is made: the letter's `Date`.
    pub now: DateTime<Utc>,
    /// When the link dies.
    pub expires_at: DateTime<Utc>,
}

/// What a letter says of the account that its link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterAccount {
    /// Its name, once it has one.
    pub name: Option<String>,
    /// The name of the account above it.
    pub parent_name: Option<String>,
    /// As what the person is invited.
    pub role: MemberRole,
    /// Whether it was made for this invitation: nobody is invited to open what others have already.
    pub is_new: bool,
}

/// `Debug` ends in logs: no address, no link.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

closed_set! {
    /// What a letter is for. Both carry the same link.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LetterPurpose {
        /// It invites.
        Invitation = "invitation",
        /// It reminds of an invitation whose link dies soon.
        Reminder = "reminder",
    }
}

/// That a letter was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The name of the provider that accepted it, where that provider reports on it later.
    pub provider: Option<&'static str>,
    /// The provider's id for it.
    pub message_id: Option<String>,
}

impl Receipt {
    /// The provider's name for it, where there is a provider that it means something to.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.message_id.as_deref().filter(|_| self.provider.is_some())
    }
}

/// How long to stay away from now on, as the relay asked: `Retry-After`, or a greylisting reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// For so long.
    pub time: TimeDelta,
    /// With every letter, not with this one alone.
    pub every_letter: bool,
}

/// What to do with a letter that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The relay, or the way to it, may do better later: keep the letter.
    #[error("{text}")]
    Later {
        /// What happened.
        text: String,
        /// How long to stay away, where that was said.
        wait: Option<Wait>,
        /// What the operator has to put right first, where that was said.
        fault: Option<MailFault>,
    },
    /// The relay will never take it: a 5xx for this recipient, an address it cannot reach.
    #[error("{0}")]
    Never(String),
}

impl SendError {
    /// To be tried again whenever we like.
    #[must_use]
    pub fn later(text: String) -> Self {
        Self::Later { text, wait: None, fault: None }
    }
}
