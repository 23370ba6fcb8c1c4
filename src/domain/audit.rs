//! Audit events: who did what, to what, when, and from where.
//!
//! They name users by id alone and contain no token, so that a person can be erased while the record of what
//! happened stays whole. Callers that are no users of ours have the id and the name of their token: a
//! program, a subject of the command line, and the subject of an identity provider, which may be an address
//! there.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    actor::{ActorKind, ActorRef},
    event::{Event, EventType},
    ids::AuditEventId,
    origin::Origin,
};

closed_set! {
    /// What was done, or attempted.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum AuditAction {
        /// An invitation was created.
        InvitationCreated = "invitation_created",
        /// An invitation was resent, or its expired link renewed by its holder.
        InvitationResent = "invitation_resent",
        /// A mail provider was asked what became of an invitation's letter, and answered.
        InvitationRechecked = "invitation_rechecked",
        /// An invitation was changed.
        InvitationUpdated = "invitation_updated",
        /// An invitation was revoked.
        InvitationRevoked = "invitation_revoked",
        /// An invitation was accepted.
        InvitationActivated = "invitation_activated",
        /// A membership ended: the person left, or was removed.
        MembershipEnded = "membership_ended",
        /// An address was put on the suppression list by its reader.
        AddressSuppressed = "address_suppressed",
        /// An address was removed from the suppression list.
        SuppressionLifted = "suppression_lifted",
        /// A user was blocked.
        UserBlocked = "user_blocked",
        /// A user was unblocked.
        UserUnblocked = "user_unblocked",
        /// The names or the roles of a user were changed.
        UserUpdated = "user_updated",
        /// Another address was requested for a user.
        EmailChangeRequested = "email_change_requested",
        /// A request for another address was withdrawn before it was confirmed.
        EmailChangeWithdrawn = "email_change_withdrawn",
        /// A user confirmed their new address.
        EmailChanged = "email_changed",
        /// A user was erased.
        UserErased = "user_erased",
        /// All that is held about a user was exported.
        UserExported = "user_exported",
        /// A person signed in, or was refused.
        SignIn = "sign_in",
        /// A session ended: its person signed out.
        SignOut = "sign_out",
        /// A person ended all of their sessions and tokens.
        SignOutEverywhere = "sign_out_everywhere",
        /// A refresh token was used twice, which ended its session.
        RefreshReused = "refresh_reused",
        /// A person changed their password.
        PasswordChanged = "password_changed",
        /// A password was reset by a mailed link.
        PasswordReset = "password_reset",
        /// An API client was made.
        ApiClientCreated = "api_client_created",
        /// An API client got a new secret.
        ApiClientRotated = "api_client_rotated",
        /// An API client was revoked.
        ApiClientRevoked = "api_client_revoked",
        /// A webhook endpoint was made.
        WebhookEndpointCreated = "webhook_endpoint_created",
        /// A webhook endpoint was changed, paused or activated.
        WebhookEndpointUpdated = "webhook_endpoint_updated",
        /// A webhook endpoint got a new secret.
        WebhookEndpointRotated = "webhook_endpoint_rotated",
        /// A webhook endpoint was deleted.
        WebhookEndpointDeleted = "webhook_endpoint_deleted",
        /// Events were sent to a webhook endpoint again.
        WebhooksReplayed = "webhooks_replayed",
        /// An API client got an access token, or was refused.
        ClientToken = "client_token",
        /// An access token was revoked on the command line.
        TokenRevoked = "token_revoked",
        /// An authenticated caller asked for something that the token does not allow.
        Access = "access",
    }
}

closed_set! {
    /// How it ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum AuditOutcome {
        /// It was done.
        Succeeded = "succeeded",
        /// It was refused.
        Denied = "denied",
    }
}

/// One entry of the audit log.
#[derive(Debug, Clone)]
pub struct AuditEvent {
    /// Its id, which sorts by time.
    pub id: AuditEventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub action: AuditAction,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// By whom; `None` where the caller proved no identity.
    pub actor: Option<ActorRef>,
    /// The id of what it was about.
    pub object: Option<String>,
    /// From where; `None` for what is not a request.
    pub origin: Option<Origin>,
    /// Further facts: a JSON object without personal data.
    pub details: Value,
}

impl AuditEvent {
    /// The audit event of a timeline's entry; `None` for entries that no caller made.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let action = match event.event_type {
            EventType::Created => AuditAction::InvitationCreated,
            EventType::Resent => AuditAction::InvitationResent,
            EventType::Updated => AuditAction::InvitationUpdated,
            EventType::Revoked => AuditAction::InvitationRevoked,
            EventType::Activated => AuditAction::InvitationActivated,
            EventType::MembershipEnded => AuditAction::MembershipEnded,
            _ => return None,
        };
        if event.actor.kind == ActorKind::System {
            return None;
        }
        Some(Self {
            id: AuditEventId::from_uuid(event.id.uuid()),
            at: event.at,
            action,
            outcome: AuditOutcome::Succeeded,
            actor: Some(event.actor.clone()),
            object: Some(event.invitation_id.to_string()),
            origin: event.actor.origin.clone(),
            details: facts(&event.details),
        })
    }
}

/// The details of a timeline's entry without personal data: of changes the names of the members.
fn facts(details: &Value) -> Value {
    let mut facts = serde_json::Map::new();
    for name in ["roles", "account_id", "send_count"] {
        if let Some(value) = details.get(name) {
            facts.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(changes) = details.get("changes").and_then(Value::as_object) {
        facts.insert("changed".to_owned(), json!(changes.keys().collect::<Vec<_>>()));
    }
    facts.into()
}
