//! How far the newest letter of an invitation has come, and what staff should do about it.

use chrono::{DateTime, Utc};

use crate::domain::{
    enhanced_status::{Judgement, StatusCode, judge},
    mail_fault::MailFault,
};

/// The delivery status of the newest letter of an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The state of the letter, without regard to a lease: see [`Delivery::state_at`].
    pub state: DeliveryState,
    /// The end of a courier's lease; a courier that died loses it then.
    pub leased_until: Option<DateTime<Utc>>,
    /// The number of attempts.
    pub attempts: i32,
    /// The last error of the relay, or of the connection to it.
    pub last_error: Option<String>,
    /// When the relay accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it was deferred, bounced, marked as spam or given up; or, while it is queued, what the operator
    /// must correct.
    pub reason: Option<String>,
    /// The cause other than the address, where known.
    pub fault: Option<MailFault>,
    /// The enhanced status code of the failure (RFC 3463), where one was given or the words stand for one.
    pub status_code: Option<StatusCode>,
    /// When the provider reported the state.
    pub reported_at: Option<DateTime<Utc>>,
    /// When it was given up.
    pub failed_at: Option<DateTime<Utc>>,
}

impl Delivery {
    /// For a new invitation with this delivery method.
    #[must_use]
    pub fn by(way: DeliveryMethod) -> Self {
        match way {
            DeliveryMethod::Email => Self::queued(),
            DeliveryMethod::Link => Self { state: DeliveryState::HandedOver, ..Self::queued() },
        }
    }

    /// For a letter that was just put into the outbox.
    #[must_use]
    pub fn queued() -> Self {
        Self {
            state: DeliveryState::Queued,
            leased_until: None,
            attempts: 0,
            last_error: None,
            sent_at: None,
            reason: None,
            fault: None,
            status_code: None,
            reported_at: None,
            failed_at: None,
        }
    }

    /// The state at `now`.
    #[must_use]
    pub fn state_at(&self, now: DateTime<Utc>) -> DeliveryState {
        match self.state {
            // A letter withdrawn with a valid lease is still being sent, until its outcome is recorded.
            DeliveryState::Queued | DeliveryState::Failed
                if self.leased_until.is_some_and(|end| end > now) =>
            {
                DeliveryState::Sending
            }
            state => state,
        }
    }

    /// The last error that applies at `now`.
    #[must_use]
    pub fn last_error_at(&self, now: DateTime<Utc>) -> Option<&str> {
        self.last_error.as_deref().filter(|_| !self.is_withdrawn_while_sending(now))
    }

    /// The reason that applies at `now`.
    #[must_use]
    pub fn reason_at(&self, now: DateTime<Utc>) -> Option<&str> {
        self.reason.as_deref().filter(|_| !self.is_withdrawn_while_sending(now))
    }

    /// What staff should do about the state at `now`, if anything.
    #[must_use]
    pub fn advice_at(&self, now: DateTime<Utc>) -> Option<&'static str> {
        let state = self.state_at(now);
        let has_ended = matches!(state, DeliveryState::Bounced | DeliveryState::Failed);
        // A provider may know better than the code, and a fault of the operator's has advice of its own.
        let agrees = |judged: &Judgement| {
            judged.fault() == self.fault && !self.fault.is_some_and(MailFault::is_operator_fault)
        };
        let by_code = self.status_code.filter(|_| has_ended).and_then(judge).filter(agrees);
        by_code.map(|judged| judged.advice()).or_else(|| state.advice(self.fault))
    }

    fn is_withdrawn_while_sending(&self, now: DateTime<Utc>) -> bool {
        self.state == DeliveryState::Failed && self.state_at(now) == DeliveryState::Sending
    }
}

closed_set! {
    /// How a link gets to the invited person.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum DeliveryMethod {
        /// By letter.
        #[default]
        Email = "email",
        /// By the inviter: the link is returned to them once, and no letter is sent.
        Link = "link",
    }
}

closed_set! {
    /// The state of a letter.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum DeliveryState {
        /// In the outbox, to be tried or retried.
        Queued = "queued",
        /// Leased by a courier.
        Sending = "sending",
        /// Accepted by the relay or the provider.
        Sent = "sent",
        /// In the mailbox, as the provider reports.
        Delivered = "delivered",
        /// Temporarily refused; the provider retries.
        Deferred = "deferred",
        /// Returned: the recipient's mail server refused it.
        Bounced = "bounced",
        /// Marked as spam by the recipient.
        Complained = "complained",
        /// Given up, or withdrawn because its link became invalid before it was sent.
        Failed = "failed",
        /// No letter: the link was handed over to the inviter.
        HandedOver = "handed_over",
    }
}

impl DeliveryState {
    /// What staff should do about it, if anything.
    #[must_use]
    pub fn advice(self, fault: Option<MailFault>) -> Option<&'static str> {
        match (self, fault) {
            (Self::Queued, Some(fault)) if fault.is_operator_fault() => Some(
                "Nothing is wrong with the address. The operator of this service must correct the reason; \
                the letter is then sent automatically within a quarter of an hour.",
            ),
            (Self::Failed, Some(fault)) if fault.is_operator_fault() => Some(
                "Nothing is wrong with the address. The operator of this service must correct the reason; \
                then resend the invitation.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::SpamFilter)) => Some(
                "The address is right, but its mail server took the letter for spam. Ask the person to look \
                into their spam folder and to allow the sender, then resend the invitation, or give them the \
                link yourself.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::Blocked)) => Some(
                "The mail server refused the letter, and says nothing against the address. Correct the \
                reason, then resend the invitation, or give the person the link yourself.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::Suppressed)) => Some(
                "The mail provider no longer writes to this address, because of earlier letters that bounced \
                or were called spam. Make sure that it is right and wanted, take it off the provider's \
                suppression list, then resend the invitation.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::Unavailable)) => Some(
                "The mailbox is full, or its mail server did not take the letter in time; nothing is said \
                against the address. Resend the invitation later, or give the person the link yourself.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::Mailbox)) => Some(
                "The mailbox is closed, or does not accept this letter. Ask the person for another address, \
                or give them the link yourself.",
            ),
            (Self::Bounced | Self::Failed, Some(MailFault::Network)) => Some(
                "The letter did not reach the person's mail server; nothing is said against the address. \
                Resend the invitation later, or give the person the link yourself.",
            ),
            (Self::Bounced, _) => Some(
                "The letter came back. Unless the reason says otherwise, the address is wrong: correct it, \
                or revoke the invitation and invite the person at another one.",
            ),
            (Self::Complained, _) => Some(
                "The person marked the letter as spam. Speak to them before any other letter is sent there.",
            ),
            (Self::Failed, _) => {
                Some("No letter was delivered. Correct the reason, then resend the invitation.")
            }
            (
                Self::Queued
                | Self::Sending
                | Self::Sent
                | Self::Delivered
                | Self::Deferred
                | Self::HandedOver,
                _,
            ) => None,
        }
    }
}
