//! An invitation: who is invited to what, and what its link is worth at a given moment.

use chrono::{DateTime, Utc};

use super::{
    account::AccountType,
    actor::ActorRef,
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    locale::Locale,
    mail_fault::MailFault,
    reimbursement::Rate,
    role::Roles,
    sub_account::{MemberRole, UsedBy},
};

closed_set! {
    /// What the person is invited to become.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    pub enum InvitationKind {
        /// A colleague.
        SystemUser = "system_user",
        /// The owner of a top-level account.
        AccountOwner = "account_owner",
        /// Somebody below a business customer's account.
        SubAccount = "sub_account",
    }
}

closed_set! {
    /// What is stored: facts that happened. That a pending invitation has expired is no such fact, it follows
    /// from the clock.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum InvitationState {
        /// Awaits the person.
        Pending = "pending",
        /// Expired, and a new invitation took its place. Shown as `expired`.
        Replaced = "replaced",
        /// The person came.
        Activated = "activated",
        /// Staff took it back.
        Revoked = "revoked",
    }
}

closed_set! {
    /// What callers see.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum InvitationStatus {
        /// The link lives.
        Pending = "pending",
        /// Nobody came in time.
        Expired = "expired",
        /// The person came.
        Activated = "activated",
        /// Staff took it back.
        Revoked = "revoked",
    }
}

/// Why a genuine link no longer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadLink {
    /// Staff took the invitation back.
    #[error("the invitation was revoked")]
    Revoked,
    /// Somebody activated with this invitation.
    #[error("the link was used")]
    Used,
    /// A newer link was sent.
    #[error("a newer link was sent")]
    Superseded,
    /// Nobody came in time.
    #[error("the link has expired")]
    Expired,
}

/// How far the newest letter of an invitation has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where the letter is, but for whether a courier has it in hand: see [`Delivery::state_at`].
    pub state: DeliveryState,
    /// Until when a courier has it in hand; one that died has it no longer, then.
    pub leased_until: Option<DateTime<Utc>>,
    /// How often it was offered to the relay.
    pub attempts: i32,
    /// What the relay, or the way to it, said last.
    pub last_error: Option<String>,
    /// When the relay took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why it was deferred, bounced, complained of or given up; or, while it waits, what the operator has to
    /// put right.
    pub reason: Option<String>,
    /// What is at fault in place of the address, where that is known.
    pub fault: Option<MailFault>,
    /// When the provider said what became of it.
    pub reported_at: Option<DateTime<Utc>>,
    /// When it was given up.
    pub failed_at: Option<DateTime<Utc>>,
}

impl Delivery {
    /// Of an invitation that was just made, by the way that its link goes.
    #[must_use]
    pub fn by(way: DeliveryMethod) -> Self {
        match way {
            DeliveryMethod::Email => Self::queued(),
            DeliveryMethod::Link => Self { state: DeliveryState::HandedOver, ..Self::queued() },
        }
    }

    /// Of a letter that was just put into the outbox.
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
            reported_at: None,
            failed_at: None,
        }
    }

    /// Where it is at `now`.
    #[must_use]
    pub fn state_at(&self, now: DateTime<Utc>) -> DeliveryState {
        match self.state {
            // Taken out when it was on its way already: that is still so, until it is known what became of
            // it.
            DeliveryState::Queued | DeliveryState::Failed
                if self.leased_until.is_some_and(|end| end > now) =>
            {
                DeliveryState::Sending
            }
            state => state,
        }
    }

    /// What was said last of where it is at `now`.
    #[must_use]
    pub fn last_error_at(&self, now: DateTime<Utc>) -> Option<&str> {
        self.last_error.as_deref().filter(|_| !self.is_taken_out_on_its_way(now))
    }

    /// Why it is where it is at `now`.
    #[must_use]
    pub fn reason_at(&self, now: DateTime<Utc>) -> Option<&str> {
        self.reason.as_deref().filter(|_| !self.is_taken_out_on_its_way(now))
    }

    /// What staff should do about it at `now`, where there is something to do.
    #[must_use]
    pub fn advice_at(&self, now: DateTime<Utc>) -> Option<&'static str> {
        self.state_at(now).advice(self.fault)
    }

    fn is_taken_out_on_its_way(&self, now: DateTime<Utc>) -> bool {
        self.state == DeliveryState::Failed && self.state_at(now) == DeliveryState::Sending
    }
}

closed_set! {
    /// The way that a link goes to the person invited.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub enum DeliveryMethod {
        /// By letter.
        #[default]
        Email = "email",
        /// By whoever invites: they are given the link, once, and no letter is sent.
        Link = "link",
    }
}

closed_set! {
    /// Where a letter is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum DeliveryState {
        /// In the outbox, to be tried or tried again.
        Queued = "queued",
        /// In a courier's hands.
        Sending = "sending",
        /// With the relay or the provider.
        Sent = "sent",
        /// In the mailbox, as the provider says.
        Delivered = "delivered",
        /// With the provider, which tries again.
        Deferred = "deferred",
        /// Returned: the mailbox does not take it.
        Bounced = "bounced",
        /// Called spam by the person.
        Complained = "complained",
        /// Given up, or taken out of the outbox because its link died before it was sent.
        Failed = "failed",
        /// No letter: whoever invited was given the link.
        HandedOver = "handed_over",
    }
}

impl DeliveryState {
    /// What staff should do about it, where there is something to do.
    #[must_use]
    pub fn advice(self, fault: Option<MailFault>) -> Option<&'static str> {
        match (self, fault) {
            (Self::Queued, Some(fault)) if fault.is_operators() => Some(
                "Nothing is wrong with the address. The operator of this service has to put the reason right; the letter then \
                 goes by itself, within a quarter of an hour.",
            ),
            (Self::Failed, Some(fault)) if fault.is_operators() => Some(
                "Nothing is wrong with the address. The operator of this service has to put the reason right; then resend the \
                 invitation.",
            ),
            (Self::Bounced, Some(MailFault::SpamFilter)) => Some(
                "The address is right, but its mail server took the letter for spam. Ask the person to look into their spam folder \
                 and to allow the sender, then resend the invitation, or hand its link over.",
            ),
            (Self::Bounced, Some(MailFault::Blocked)) => Some(
                "The mail server refused the letter, and says nothing against the address. See to the reason, then resend the \
                 invitation, or hand its link over.",
            ),
            (Self::Bounced, Some(MailFault::Suppressed)) => Some(
                "The mail provider no longer writes to this address, because of earlier letters that bounced or were called spam. \
                 Make sure that it is right and wanted, take it off the provider's suppression list, then resend the invitation.",
            ),
            (Self::Bounced, Some(MailFault::Unavailable)) => Some(
                "The mailbox is full, or its mail server did not take the letter in time; nothing is said against the address. \
                 Resend the invitation later, or hand its link over.",
            ),
            (Self::Bounced, _) => Some(
                "The letter came back. Unless the reason says otherwise, the address is wrong: correct it, or revoke the \
                 invitation and invite the person at another one.",
            ),
            (Self::Complained, _) => {
                Some("The person called the letter spam. Speak to them before anything more is sent there.")
            }
            (Self::Failed, _) => {
                Some("No letter was delivered. See to the reason, then resend the invitation.")
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

/// An invitation with the delivery status of its newest letter.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The id, which stays through every resend.
    pub id: InvitationId,
    /// What the person is invited to become.
    pub kind: InvitationKind,
    /// Who is invited.
    pub user_id: UserId,
    /// Where the letters go.
    pub email: Email,
    /// The roles of a system user; empty otherwise.
    pub roles: Roles,
    /// The language of letters and page, when the inviter named one.
    pub locale: Option<Locale>,
    /// Who invited.
    pub invited_by: ActorRef,
    /// What happened to it.
    pub state: InvitationState,
    /// Which sending the live link belongs to.
    pub generation: i32,
    /// 1 after the invite, one more with each resend and each new address.
    pub send_count: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last sent.
    pub last_sent_at: DateTime<Utc>,
    /// When the link dies.
    pub expires_at: DateTime<Utc>,
    /// When the person came.
    pub activated_at: Option<DateTime<Utc>>,
    /// When staff took it back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The delivery status of the newest letter.
    pub delivery: Delivery,
    /// The account that it leads to; none for a system user.
    pub account: Option<InvitedTo>,
}

/// The account that an invitation leads to, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitedTo {
    /// The account.
    pub id: AccountId,
    /// Its name, once it has one.
    pub name: Option<String>,
    /// The account above it.
    pub parent_account_id: Option<AccountId>,
    /// By whom it is used, below a parent.
    pub used_by: Option<UsedBy>,
    /// Business or consumer, once somebody has said so.
    pub account_type: Option<AccountType>,
    /// What private charging is reimbursed with.
    pub rate: Option<Rate>,
    /// As what the person is invited.
    pub role: MemberRole,
    /// Whether the account was made for this invitation, and goes with it when nobody comes.
    pub is_new: bool,
}

impl Invitation {
    /// What callers see at `now`.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> InvitationStatus {
        match self.state {
            InvitationState::Pending if self.expires_at > now => InvitationStatus::Pending,
            InvitationState::Pending | InvitationState::Replaced => InvitationStatus::Expired,
            InvitationState::Activated => InvitationStatus::Activated,
            InvitationState::Revoked => InvitationStatus::Revoked,
        }
    }

    /// Whether the live link goes by letter: only then does it tell anything of who reads the mail at the
    /// address.
    #[must_use]
    pub fn is_mailed(&self) -> bool {
        self.delivery.state != DeliveryState::HandedOver
    }

    /// What the person is invited to become, by name: system roles, or the one role of a member. Never empty.
    #[must_use]
    pub fn role_names(&self) -> Vec<&'static str> {
        self.account.as_ref().map_or_else(|| self.roles.names(), |account| vec![account.role.as_str()])
    }

    /// Whether a link of `generation` works at `now`.
    ///
    /// # Errors
    /// Where several reasons hold, the first of: revoked, used, superseded, expired.
    pub fn check_link(&self, generation: i32, now: DateTime<Utc>) -> Result<(), DeadLink> {
        match self.state {
            InvitationState::Revoked => Err(DeadLink::Revoked),
            InvitationState::Activated => Err(DeadLink::Used),
            InvitationState::Replaced => Err(DeadLink::Superseded),
            InvitationState::Pending if generation != self.generation => Err(DeadLink::Superseded),
            InvitationState::Pending if self.expires_at <= now => Err(DeadLink::Expired),
            InvitationState::Pending => Ok(()),
        }
    }
}
