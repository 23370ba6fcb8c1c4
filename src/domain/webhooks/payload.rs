//! The body of a webhook: the type, the time and the ids of what happened, and no more. It has no address, no
//! name, no token and no link: what a partner may see beyond the ids is read from the API, with the
//! partner's own permissions. So an erasure has nothing to remove from a body.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::event_type::{TEST_EVENT, WebhookEventType};
use crate::domain::{
    event::Event,
    ids::{AccountId, InvitationId, UserId, WebhookEndpointId},
    invitation::InvitationKind,
    letter::LetterPurpose,
};

/// What a body says about an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationFacts {
    /// Its id.
    pub id: InvitationId,
    /// Its kind.
    pub kind: InvitationKind,
    /// The invited user.
    pub user_id: UserId,
    /// The account that it leads to; `None` for a system user.
    pub account_id: Option<AccountId>,
}

/// The body of an event of an invitation. `event` is the timeline's entry, if the event has one.
#[must_use]
pub fn invitation_payload(
    event_type: WebhookEventType,
    at: DateTime<Utc>,
    facts: &InvitationFacts,
    event: Option<&Event>,
) -> String {
    let mut data = json!({
        "invitation_id": facts.id, "kind": facts.kind.as_str(), "user_id": facts.user_id,
        "account_id": facts.account_id,
    });
    if let (Some(data), Some(event)) = (data.as_object_mut(), event) {
        data.extend(details(event_type, &event.details));
    }
    body(event_type.as_str(), at, &data)
}

/// The body of an event of a user.
#[must_use]
pub fn user_payload(event_type: WebhookEventType, at: DateTime<Utc>, user: UserId) -> String {
    body(event_type.as_str(), at, &json!({ "user_id": user }))
}

/// The body of the event with which an endpoint is tried.
#[must_use]
pub fn test_payload(at: DateTime<Utc>, endpoint: WebhookEndpointId) -> String {
    body(TEST_EVENT, at, &json!({ "endpoint_id": endpoint }))
}

fn body(event_type: &str, at: DateTime<Utc>, data: &Value) -> String {
    let timestamp = at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "type": event_type, "timestamp": timestamp, "data": data }).to_string()
}

/// The members that an entry of the timeline adds: counts, words of closed sets, and names of members.
fn details(event_type: WebhookEventType, entry: &Value) -> Map<String, Value> {
    let copied = |name: &str| {
        let value = entry.get(name).filter(|value| !value.is_null())?;
        Some((name.to_owned(), value.clone()))
    };
    let letter = || ("letter".to_owned(), letter_of(entry).as_str().into());
    match event_type {
        WebhookEventType::InvitationResent => copied("send_count").into_iter().collect(),
        WebhookEventType::InvitationUpdated => {
            let changes = entry.get("changes").and_then(Value::as_object);
            let names: BTreeSet<&String> = changes.into_iter().flat_map(Map::keys).collect();
            [("changed".to_owned(), json!(names))].into_iter().collect()
        }
        WebhookEventType::InvitationSent | WebhookEventType::InvitationDelivered => {
            [letter()].into_iter().collect()
        }
        WebhookEventType::InvitationBounced => {
            ["fault", "status_code"].into_iter().filter_map(copied).chain([letter()]).collect()
        }
        _ => Map::new(),
    }
}

/// Which letter an entry is about: that of the invitation, unless it says otherwise.
fn letter_of(entry: &Value) -> LetterPurpose {
    let named = entry.get("letter").and_then(Value::as_str);
    named.and_then(|name| name.parse().ok()).unwrap_or(LetterPurpose::Invitation)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{actor::ActorRef, event::EventType, ids::EventId};

    fn facts() -> InvitationFacts {
        InvitationFacts {
            id: InvitationId::from_uuid(Uuid::from_u128(1)),
            kind: InvitationKind::SubAccount,
            user_id: UserId::from_uuid(Uuid::from_u128(2)),
            account_id: Some(AccountId::from_uuid(Uuid::from_u128(3))),
        }
    }

    fn shown(event_type: WebhookEventType, details: Value) -> Value {
        let at = DateTime::from_timestamp_millis(1_795_000_000_123).unwrap();
        let event = Event {
            id: EventId::from_uuid(Uuid::from_u128(4)),
            invitation_id: facts().id,
            event_type: EventType::Updated,
            at,
            actor: ActorRef::system(),
            details,
        };
        serde_json::from_str(&invitation_payload(event_type, at, &facts(), Some(&event))).unwrap()
    }

    #[test]
    fn a_body_has_ids_and_words_and_nothing_personal() {
        let changes = json!({ "changes": {
            "email": { "from": "ada@example.com", "to": "ada@corp.example" }, "roles": {}
        } });
        let updated = shown(WebhookEventType::InvitationUpdated, changes);
        assert_eq!(
            (&updated["type"], &updated["timestamp"]),
            (&json!("invitation.updated"), &json!("2026-11-18T11:06:40.123Z"))
        );
        assert_eq!(updated["data"]["changed"], json!(["email", "roles"]));
        assert_eq!(updated["data"]["account_id"], json!(facts().account_id));
        assert!(!updated.to_string().contains('@'), "{updated}");
        let bounced = json!({ "reason": "550 <ada@example.com> unknown", "status_code": "5.1.1" });
        let bounced = shown(WebhookEventType::InvitationBounced, bounced);
        assert_eq!(
            (&bounced["data"]["status_code"], &bounced["data"]["letter"]),
            (&json!("5.1.1"), &json!("invitation"))
        );
        assert!(bounced["data"].get("fault").is_none() && !bounced.to_string().contains('@'), "{bounced}");
        let reminder = shown(WebhookEventType::InvitationSent, json!({ "letter": "reminder", "attempt": 1 }));
        assert_eq!(reminder["data"]["letter"], "reminder");
        assert!(reminder["data"].get("attempt").is_none());
    }
}
