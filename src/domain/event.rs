//! The timeline of an invitation: what happened, when, and by whom.

use chrono::{DateTime, Utc};

use super::{
    actor::ActorRef,
    ids::{EventId, InvitationId},
};

closed_set! {
    /// The type of an event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum EventType {
        /// The invitation was created.
        Created = "created",
        /// A letter was put into the outbox.
        EmailQueued = "email_queued",
        /// The link was handed over to the inviter; no letter was written.
        LinkHandedOver = "link_handed_over",
        /// The relay accepted the letter.
        EmailSent = "email_sent",
        /// The relay did not accept the letter; `details` say whether it will be retried.
        EmailFailed = "email_failed",
        /// The provider reports that the recipient's mail server accepted it.
        EmailDelivered = "email_delivered",
        /// The provider reports a temporary refusal; recorded once a letter.
        EmailDeferred = "email_deferred",
        /// The provider reports a bounce.
        EmailBounced = "email_bounced",
        /// The provider reports that the recipient marked it as spam.
        EmailComplained = "email_complained",
        /// A new link was requested.
        Resent = "resent",
        /// Staff or an owner changed it; `details` have the old and the new values.
        Updated = "updated",
        /// The link was opened, by a person or a mail scanner.
        Opened = "opened",
        /// The person activated.
        Activated = "activated",
        /// Staff revoked the invitation.
        Revoked = "revoked",
        /// The membership that the person had accepted ended: they left, or were removed; the actor shows
        /// which.
        MembershipEnded = "membership_ended",
    }
}

/// One entry of a timeline. `details` must never contain a token or a password.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id, which sorts by time.
    pub id: EventId,
    /// The invitation.
    pub invitation_id: InvitationId,
    /// The type of event.
    pub event_type: EventType,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub actor: ActorRef,
    /// Further facts: a JSON object.
    pub details: serde_json::Value,
}
