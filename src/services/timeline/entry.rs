//! An entry of the timeline.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    clock::Clock,
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        ids::InvitationId,
    },
};

/// An entry for what `actor` did to `invitation_id`, and when.
pub(in crate::services) fn entry(
    clock: &Clock,
    invitation_id: InvitationId,
    (event_type, at): (EventType, DateTime<Utc>),
    actor: ActorRef,
    details: Value,
) -> Event {
    Event { id: clock.id(), invitation_id, event_type, at, actor, details }
}
