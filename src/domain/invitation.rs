//! An invitation, its states, and the validity of its link.

mod delivery;

use chrono::{DateTime, Utc};

pub use self::delivery::{Delivery, DeliveryMethod, DeliveryState};
use super::{
    account::AccountType,
    actor::ActorRef,
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    locale::Locale,
    reimbursement::Rate,
    role::Roles,
    sub_account::{MemberRole, UsedBy},
};

closed_set! {
    /// The kind of invitation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum InvitationKind {
        /// A colleague: a user with system roles.
        SystemUser = "system_user",
        /// The owner of a top-level account.
        AccountOwner = "account_owner",
        /// A user of a sub-account of a business customer.
        SubAccount = "sub_account",
    }
}

closed_set! {
    /// The stored state: only events that happened. Expiry is not stored, since it follows from the clock.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum InvitationState {
        /// Not yet activated.
        Pending = "pending",
        /// Expired, and replaced by a new invitation. Shown as `expired`.
        Replaced = "replaced",
        /// The person activated.
        Activated = "activated",
        /// Staff revoked it.
        Revoked = "revoked",
    }
}

closed_set! {
    /// The status that callers see.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum InvitationStatus {
        /// The link is valid.
        Pending = "pending",
        /// The link has expired.
        Expired = "expired",
        /// The person activated.
        Activated = "activated",
        /// Staff revoked it.
        Revoked = "revoked",
    }
}

/// Why a genuine link no longer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadLink {
    /// Staff revoked the invitation.
    #[error("the invitation was revoked")]
    Revoked,
    /// The invitation was activated.
    #[error("the link was used")]
    Used,
    /// A newer link was sent.
    #[error("a newer link was sent")]
    Superseded,
    /// The time of its validity is over.
    #[error("the link has expired")]
    Expired,
}

/// An invitation with the delivery status of its newest letter.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// The id, which a resend does not change.
    pub id: InvitationId,
    /// The kind.
    pub kind: InvitationKind,
    /// The invited user.
    pub user_id: UserId,
    /// The recipient of the letters.
    pub email: Email,
    /// The roles of a system user; empty otherwise.
    pub roles: Roles,
    /// The language of letters and page, if the inviter set one.
    pub locale: Option<Locale>,
    /// The inviter.
    pub invited_by: ActorRef,
    /// The stored state.
    pub state: InvitationState,
    /// The current generation of the link.
    pub generation: i32,
    /// 1 after the invite, one more with each resend and each new address.
    pub send_count: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last sent.
    pub last_sent_at: DateTime<Utc>,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
    /// When the person activated.
    pub activated_at: Option<DateTime<Utc>>,
    /// When staff revoked it.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The delivery status of the newest letter.
    pub delivery: Delivery,
    /// The account that it leads to; `None` for a system user.
    pub account: Option<InvitedTo>,
}

/// The account of an invitation, and the role in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitedTo {
    /// The account.
    pub id: AccountId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The parent account.
    pub parent_account_id: Option<AccountId>,
    /// Who uses it, below a parent.
    pub used_by: Option<UsedBy>,
    /// Business or consumer, if known.
    pub account_type: Option<AccountType>,
    /// The reimbursement for private charging.
    pub rate: Option<Rate>,
    /// The role to which the person is invited.
    pub role: MemberRole,
    /// Whether the account was created for this invitation, and is removed if the person never activates.
    pub is_new: bool,
}

impl Invitation {
    /// A pending invitation that is sent by letter for the first time at `now`. It has no roles, no account
    /// and no language.
    #[must_use]
    pub fn new(
        (id, user_id): (InvitationId, UserId),
        (kind, email): (InvitationKind, Email),
        invited_by: ActorRef,
        (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Self {
        Self {
            id,
            kind,
            user_id,
            email,
            roles: Roles::default(),
            locale: None,
            invited_by,
            state: InvitationState::Pending,
            generation: 1,
            send_count: 1,
            created_at: now,
            last_sent_at: now,
            expires_at,
            activated_at: None,
            revoked_at: None,
            delivery: Delivery::queued(),
            account: None,
        }
    }

    /// The status at `now`.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> InvitationStatus {
        match self.state {
            InvitationState::Pending if self.expires_at > now => InvitationStatus::Pending,
            InvitationState::Pending | InvitationState::Replaced => InvitationStatus::Expired,
            InvitationState::Activated => InvitationStatus::Activated,
            InvitationState::Revoked => InvitationStatus::Revoked,
        }
    }

    /// Whether the current link is sent by letter: only then does using it prove access to the mailbox.
    #[must_use]
    pub fn is_mailed(&self) -> bool {
        self.delivery.state != DeliveryState::HandedOver
    }

    /// The names of the roles: system roles, or the one role of a member. Never empty.
    #[must_use]
    pub fn role_names(&self) -> Vec<&'static str> {
        self.account.as_ref().map_or_else(|| self.roles.names(), |account| vec![account.role.as_str()])
    }

    /// Checks whether a link of `generation` is valid at `now`.
    ///
    /// # Errors
    /// Where several reasons apply, the first of: revoked, used, superseded, expired.
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
