//! Entries of an invitation's timeline, with the audit events of those that callers made.

use chrono::{DateTime, SecondsFormat, Utc};
use invitation_service::domain::{
    actor::{ActorKind, ActorRef},
    audit::{AuditAction, AuditEvent, AuditOutcome},
    delivery_reports::Provider,
    event::{Event, EventType},
    ids::{InvitationId, UserId},
    mail_fault::MailFault,
    origin::Origin,
};
use serde_json::{Value, json};

use super::{
    batch::Batch,
    chance::Chance,
    tables::{AuditRow, EventRow},
};

/// The provider that reports on letters: one installation has one.
pub const PROVIDER: Provider = Provider { name: "postmark", title: "Postmark" };

/// Adds entries to the timeline of one invitation.
pub struct Timeline<'a> {
    /// Makes ids.
    pub chance: &'a mut Chance,
    /// Where rows go.
    pub batch: &'a mut Batch,
    /// The invitation.
    pub invitation: InvitationId,
}

impl Timeline<'_> {
    /// What `actor` did at `at`.
    pub fn add(&mut self, event_type: EventType, at: DateTime<Utc>, actor: &ActorRef, details: Value) {
        let (id, invitation_id, actor) = (self.chance.id(at), self.invitation, actor.clone());
        let event = Event { id, invitation_id, event_type, at, actor, details };
        if let Some(audited) = AuditEvent::of(&event) {
            audit(self.batch, audited);
        }
        self.batch.push(EventRow {
            id: event.id.into(),
            invitation_id: event.invitation_id.into(),
            event_type: event.event_type.as_str().into(),
            at: event.at.into(),
            actor_kind: event.actor.kind.as_str().into(),
            actor_id: event.actor.id.into(),
            actor_name: event.actor.name.into(),
            details: event.details.to_string().into(),
        });
    }

    /// What the courier did.
    pub fn by_courier(&mut self, event_type: EventType, at: DateTime<Utc>, details: Value) {
        self.add(event_type, at, &ActorRef::system(), details);
    }

    /// What the provider reported.
    pub fn by_provider(
        &mut self,
        event_type: EventType,
        at: DateTime<Utc>,
        (reason, fault): (Option<&str>, Option<MailFault>),
    ) {
        let reported_at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut details = json!({ "reported_at": reported_at, "superseded": false });
        if let Some(reason) = reason {
            details["reason"] = reason.into();
        }
        if let Some(fault) = fault {
            details["fault"] = fault.as_str().into();
        }
        self.add(event_type, at, &ActorRef::provider(PROVIDER), details);
    }
}

/// Adds the event of a user who was blocked.
pub fn blocked(chance: &mut Chance, batch: &mut Batch, user: UserId, by: &ActorRef, at: DateTime<Utc>) {
    audit(
        batch,
        AuditEvent {
            id: chance.id(at),
            at,
            action: AuditAction::UserBlocked,
            outcome: AuditOutcome::Succeeded,
            actor: Some(by.clone()),
            object: Some(user.to_string()),
            origin: by.origin.clone(),
            details: json!({}),
        },
    );
}

fn audit(batch: &mut Batch, event: AuditEvent) {
    let origin = event.origin.as_ref().map(Origin::parts);
    let actor = event.actor;
    let named = actor.as_ref().filter(|actor| actor.kind != ActorKind::User);
    batch.push(AuditRow {
        id: event.id.into(),
        at: event.at.into(),
        action: event.action.as_str().into(),
        outcome: event.outcome.as_str().into(),
        actor_kind: actor.as_ref().map(|actor| actor.kind.as_str()).into(),
        actor_name: named.map(|actor| actor.name.clone()).into(),
        actor_id: actor.map(|actor| actor.id).into(),
        object: event.object.into(),
        request_id: origin.map(|origin| origin.request_id.clone()).into(),
        address: origin.map(|origin| origin.address.address().to_string()).into(),
        user_agent: origin.and_then(|origin| origin.user_agent.clone()).into(),
        details: event.details.to_string().into(),
    });
}
