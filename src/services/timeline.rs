//! Creates entries of the timeline.

mod entry;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub(super) use self::entry::entry;
use super::Services;
use crate::domain::{
    actor::ActorRef,
    event::{Event, EventType},
    ids::InvitationId,
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
