//! Audit events as log lines.

use crate::domain::{audit::AuditEvent, origin::Origin};

/// Logs committed events, for systems that collect logs. The client's network is logged and not its address.
pub(super) fn write(events: &[AuditEvent]) {
    for event in events {
        let (actor, origin) = (event.actor.as_ref(), event.origin.as_ref().map(Origin::parts));
        tracing::info!(
            target: "invitation_service::audit",
            event = %event.id,
            action = event.action.as_str(),
            outcome = event.outcome.as_str(),
            actor_type = actor.map(|actor| actor.kind.as_str()),
            actor = actor.map(|actor| actor.id.as_str()),
            object = event.object.as_deref(),
            request_id = origin.map(|origin| origin.request_id.as_str()),
            client = origin.map(|origin| tracing::field::display(origin.address)),
            details = %event.details,
            "audit"
        );
    }
}
