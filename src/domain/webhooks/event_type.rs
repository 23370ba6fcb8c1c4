//! The types of webhook events.

use serde_json::Value;

use crate::domain::event::{Event, EventType};

/// The type of the event with which an endpoint is tried; every endpoint takes it.
pub const TEST_EVENT: &str = "webhook.test";

closed_set! {
    /// The type of a webhook event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WebhookEventType {
        /// A person was invited.
        InvitationCreated = "invitation.created",
        /// The relay or the provider accepted a letter.
        InvitationSent = "invitation.sent",
        /// The provider reports that the recipient's mail server accepted a letter.
        InvitationDelivered = "invitation.delivered",
        /// A letter came back, or was given up.
        InvitationBounced = "invitation.bounced",
        /// The link was opened, by a person or a mail scanner.
        InvitationOpened = "invitation.opened",
        /// The person activated.
        InvitationActivated = "invitation.activated",
        /// The link expired before it was used.
        InvitationExpired = "invitation.expired",
        /// The invitation was revoked.
        InvitationRevoked = "invitation.revoked",
        /// A new link was requested.
        InvitationResent = "invitation.resent",
        /// The invitation was changed.
        InvitationUpdated = "invitation.updated",
        /// A user was blocked.
        UserBlocked = "user.blocked",
        /// A user was erased.
        UserErased = "user.erased",
    }
}

impl WebhookEventType {
    /// The type of the event that a timeline's new entry stands for, if it stands for one. A report on a
    /// letter whose link was replaced meanwhile says nothing about the invitation as it is.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let says = |name: &str, value: bool| event.details.get(name).and_then(Value::as_bool) == Some(value);
        let of_letter = |event_type| (!says("superseded", true)).then_some(event_type);
        match event.event_type {
            EventType::Created => Some(Self::InvitationCreated),
            EventType::Resent => Some(Self::InvitationResent),
            EventType::Updated => Some(Self::InvitationUpdated),
            EventType::Opened => Some(Self::InvitationOpened),
            EventType::Activated => Some(Self::InvitationActivated),
            EventType::Revoked => Some(Self::InvitationRevoked),
            EventType::EmailSent => of_letter(Self::InvitationSent),
            EventType::EmailDelivered => of_letter(Self::InvitationDelivered),
            EventType::EmailBounced => of_letter(Self::InvitationBounced),
            EventType::EmailFailed if says("will_retry", false) => of_letter(Self::InvitationBounced),
            EventType::EmailFailed
            | EventType::EmailQueued
            | EventType::EmailDeferred
            | EventType::EmailComplained
            | EventType::LinkHandedOver
            | EventType::MembershipEnded => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        actor::ActorRef,
        ids::{EventId, InvitationId},
    };

    fn event(event_type: EventType, details: Value) -> Event {
        Event {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            invitation_id: InvitationId::from_uuid(Uuid::from_u128(2)),
            event_type,
            at: DateTime::from_timestamp(1_795_000_000, 0).unwrap(),
            actor: ActorRef::system(),
            details,
        }
    }

    #[test]
    fn a_letter_that_is_tried_again_or_was_replaced_is_no_event() {
        let of = |event_type, details| WebhookEventType::of(&event(event_type, details));
        let bounced = Some(WebhookEventType::InvitationBounced);
        assert_eq!(of(EventType::EmailFailed, json!({ "will_retry": false })), bounced);
        assert_eq!(of(EventType::EmailFailed, json!({ "will_retry": true })), None);
        assert_eq!(of(EventType::EmailBounced, json!({ "superseded": false })), bounced);
        assert_eq!(of(EventType::EmailBounced, json!({ "superseded": true })), None);
        assert_eq!(of(EventType::EmailSent, json!({})), Some(WebhookEventType::InvitationSent));
        assert_eq!(of(EventType::EmailQueued, json!({})), None);
    }

    #[test]
    fn names_are_those_of_the_specification() {
        for name in WebhookEventType::ALL.map(WebhookEventType::as_str).into_iter().chain([TEST_EVENT]) {
            let parts: Vec<&str> = name.split('.').collect();
            assert!(
                parts.len() == 2 && parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_lowercase()))
            );
        }
    }
}
