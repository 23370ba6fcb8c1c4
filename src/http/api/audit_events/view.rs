//! An audit event in an answer.

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::{
    openapi::sample_data,
    response::{
        page::List,
        views::{ActorView, Timestamp},
    },
};
use crate::{
    domain::{
        actor::ActorKind,
        audit::{AuditAction, AuditOutcome},
        ids::AuditEventId,
    },
    services::audit::StoredEvent,
};

/// What a caller did, or was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct AuditEventView {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: Timestamp,
    /// What was done, or attempted.
    pub action: AuditAction,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Who did it, with the present name, empty for an erased user; null where the caller proved no
    /// identity, as after a refused sign-in.
    pub actor: Option<ActorView>,
    /// The id of the invitation, user or other object that it was about; null where there was none.
    pub object: Option<String>,
    /// The `X-Request-Id` of the request; null for what was not done by a request.
    pub request_id: Option<String>,
    /// The network address of the client.
    pub address: Option<String>,
    /// The `User-Agent` of the client, shortened to 256 characters.
    pub user_agent: Option<String>,
    /// Further facts, by action. They contain no addresses and no tokens.
    #[schema(value_type = Object)]
    pub details: Value,
}

impl From<&StoredEvent> for AuditEventView {
    fn from(StoredEvent { event, request_id, address, user_agent }: &StoredEvent) -> Self {
        Self {
            id: event.id,
            at: Timestamp(event.at),
            action: event.action,
            outcome: event.outcome,
            actor: event.actor.as_ref().map(ActorView::from),
            object: event.object.clone(),
            request_id: request_id.clone(),
            address: address.clone(),
            user_agent: user_agent.clone(),
            details: event.details.clone(),
        }
    }
}

/// A page of audit events.
pub type AuditEvents = List<AuditEventView>;

/// Two events, for the contract.
pub(super) fn examples() -> Vec<AuditEventView> {
    let one = |number, seconds, (action, outcome), object: String, details| AuditEventView {
        id: sample_data::id(number),
        at: sample_data::at(seconds),
        action,
        outcome,
        actor: Some(ActorView {
            r#type: ActorKind::User,
            id: sample_data::id::<crate::domain::ids::UserKind>(sample_data::GRACE).to_string(),
            name: "Grace Hopper".to_owned(),
        }),
        object: Some(object),
        request_id: Some(sample_data::REQUEST_ID.to_owned()),
        address: Some("203.0.113.7".to_owned()),
        user_agent: Some("curl/8.14.1".to_owned()),
        details,
    };
    let invitation = sample_data::id::<crate::domain::ids::InvitationKind>(sample_data::FOR_ADA).to_string();
    vec![
        one(
            0x01a2_0ddf_cae0_7953_83f5_8c3c_f29d_0dab,
            sample_data::LATER,
            (AuditAction::Access, AuditOutcome::Denied),
            invitation.clone(),
            json!({ "method": "POST", "route": "/v1/invitations/{id}/revoke", "code": "forbidden" }),
        ),
        one(
            0x01a2_0ddd_fa08_7953_83f5_8c3c_f29d_0dab,
            0,
            (AuditAction::InvitationCreated, AuditOutcome::Succeeded),
            invitation,
            json!({ "roles": ["viewer", "customer_support"] }),
        ),
    ]
}
