//! The timeline of an invitation: what happened to it, when, and by whom.

use chrono::{DateTime, Utc};

use super::{
    actor::ActorRef,
    ids::{EventId, InvitationId},
};

closed_set! {
    /// What happened.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum EventType {
        /// The invitation was made.
        Created = "created",
        /// A letter was put into the outbox.
        EmailQueued = "email_queued",
        /// Whoever invited was given the link; no letter was written.
        LinkHandedOver = "link_handed_over",
        /// The relay took the letter.
        EmailSent = "email_sent",
        /// The relay did not take the letter; `details` say whether it will be tried again.
        EmailFailed = "email_failed",
        /// The provider says that the mailbox's server took it.
        EmailDelivered = "email_delivered",
        /// The provider says that it was not taken yet; told once a letter.
        EmailDeferred = "email_deferred",
        /// The provider says that it came back.
        EmailBounced = "email_bounced",
        /// The provider says that the person called it spam.
        EmailComplained = "email_complained",
        /// A fresh link was asked for.
        Resent = "resent",
        /// Staff or an owner changed it; `details` say what, from what to what.
        Updated = "updated",
        /// Somebody, or some mail scanner, looked at the link.
        Opened = "opened",
        /// The person activated.
        Activated = "activated",
        /// Staff took the invitation back.
        Revoked = "revoked",
        /// The membership that the person had accepted ended: they left, or somebody removed them; the actor
        /// tells which.
        MembershipEnded = "membership_ended",
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
