//! Creates entries of the timeline.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Services;
use crate::{
    clock::Clock,
    domain::{
        actor::ActorRef,
        event::{Event, EventType},
        ids::InvitationId,
    },
};

/// The detail of a revocation or reassignment that says whether the user was removed.
pub(super) const USER_REMOVED: &str = "user_removed";

impl Services {
    /// An entry for what `actor` did to `invitation_id` at `at`.
    #[must_use]
    pub fn event(
        &self,
        invitation_id: InvitationId,
        event_type: EventType,
        at: DateTime<Utc>,
        actor: ActorRef,
        details: Value,
    ) -> Event {
        entry(&self.clock, invitation_id, (event_type, at), actor, details)
    }
}

/// The same, with a clock only.
pub(super) fn entry(
    clock: &Clock,
    invitation_id: InvitationId,
    (event_type, at): (EventType, DateTime<Utc>),
    actor: ActorRef,
    details: Value,
) -> Event {
    Event { id: clock.id(), invitation_id, event_type, at, actor, details }
}
