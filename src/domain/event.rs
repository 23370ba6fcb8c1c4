//! The timeline of an invitation: what happened to it, when, and by whom.

use chrono::{DateTime, Utc};

use super::{
    actor::ActorRef,
    ids::{EventId, InvitationId},
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventType {
    /// The invitation was made.
    Created,
    /// A letter was put into the outbox.
    EmailQueued,
    /// Whoever invited was given the link; no letter was written.
    LinkHandedOver,
    /// The relay took the letter.
    EmailSent,
    /// The relay did not take the letter; `details` say whether it will be tried again.
    EmailFailed,
    /// The provider says that the mailbox's server took it.
    EmailDelivered,
    /// The provider says that it was not taken yet; told once a letter.
    EmailDeferred,
    /// The provider says that it came back.
    EmailBounced,
    /// The provider says that the person called it spam.
    EmailComplained,
    /// A fresh link was asked for.
    Resent,
    /// Staff or an owner changed it; `details` say what, from what to what.
    Updated,
    /// Somebody, or some mail scanner, looked at the link.
    Opened,
    /// The person activated.
    Activated,
    /// Staff took the invitation back.
    Revoked,
    /// The membership that the person had accepted ended: they left, or somebody removed them; the actor tells which.
    MembershipEnded,
}

impl EventType {
    /// Every type.
    pub const ALL: [Self; 15] = [
        Self::Created,
        Self::EmailQueued,
        Self::LinkHandedOver,
        Self::EmailSent,
        Self::EmailFailed,
        Self::EmailDelivered,
        Self::EmailDeferred,
        Self::EmailBounced,
        Self::EmailComplained,
        Self::Resent,
        Self::Updated,
        Self::Opened,
        Self::Activated,
        Self::Revoked,
        Self::MembershipEnded,
    ];

    /// The name that answers and rows use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::EmailQueued => "email_queued",
            Self::LinkHandedOver => "link_handed_over",
            Self::EmailSent => "email_sent",
            Self::EmailFailed => "email_failed",
            Self::EmailDelivered => "email_delivered",
            Self::EmailDeferred => "email_deferred",
            Self::EmailBounced => "email_bounced",
            Self::EmailComplained => "email_complained",
            Self::Resent => "resent",
            Self::Updated => "updated",
            Self::Opened => "opened",
            Self::Activated => "activated",
            Self::Revoked => "revoked",
            Self::MembershipEnded => "membership_ended",
        }
    }
}

/// One entry of a timeline. `details` holds no token and no password, ever.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, which sorts by time.
    pub id: EventId,
    /// Whose timeline.
    pub invitation_id: InvitationId,
    /// What happened.
    pub event_type: EventType,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: ActorRef,
    /// What else is worth knowing: a JSON object.
    pub details: serde_json::Value,
}
