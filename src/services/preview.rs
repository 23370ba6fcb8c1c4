//! The state and the requirements of a link. Changes nothing but the timeline.

mod link_data;
mod openings;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

pub use self::{
    link_data::Preview,
    openings::{Queue, queue},
};
use super::{ServiceError, Services};
use crate::{
    db::{
        DbFault,
        invitations::lookup::{InvitationDetails, LookupKey},
    },
    domain::{
        activation::Requires,
        actor::ActorRef,
        event::EventType,
        invitation::{DeadLink, Invitation},
        token::{LinkClaim, LinkToken},
        user::UserStatus,
    },
};

/// Repeated opens by the same program within this time are recorded once.
const OPEN_DEDUP_WINDOW: TimeDelta = TimeDelta::minutes(1);
/// The stored length of a `User-Agent`.
const USER_AGENT: usize = 256;

/// Previews a link.
///
/// # Errors
/// [`ServiceError::InvalidLink`] and [`ServiceError::DeadLink`].
pub async fn link(
    services: &Services,
    token: &LinkToken,
    user_agent: Option<&str>,
) -> Result<Preview, ServiceError> {
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    let now = services.clock.now();
    let found = services
        .lookups
        .run(LookupKey { id: claim.invitation, looks_since: Some(now - OPEN_DEDUP_WINDOW) })
        .await?;
    let preview = check_preview(found.known, claim, (now, services.rules.staff_passwords));
    let agent = user_agent
        .map(|agent| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect::<String>());
    let opened = match &preview {
        Ok(_) => Some(json!({ "user_agent": agent })),
        // Opening an expired link is recorded too: the person may need a new one.
        Err(ServiceError::DeadLink(DeadLink::Expired)) => {
            Some(json!({ "user_agent": agent, "link": "expired" }))
        }
        Err(_) => None,
    };
    if let Some(details) = opened.filter(|details| !found.recent_opens.contains(&details.to_string())) {
        note(services, claim, now, details).await;
    }
    preview
}

/// Records an open. A failure is only logged, since the person's request can still be answered.
async fn note(services: &Services, claim: LinkClaim, now: DateTime<Utc>, details: Value) {
    let opened = services.event(claim.invitation, EventType::Opened, now, ActorRef::link(None), details);
    if let Err(error) = services.openings.run(opened).await {
        tracing::warn!(%error, invitation = %claim.invitation, "the opening of a link was not recorded");
    }
}

/// The invitation of a genuine link, valid or not: to show its holder whom to ask.
///
/// # Errors
/// When the database fails.
pub async fn invitation(services: &Services, token: &LinkToken) -> Result<Option<Invitation>, DbFault> {
    let Ok(claim) = services.links.verify(token) else { return Ok(None) };
    let found = services.lookups.run(LookupKey { id: claim.invitation, looks_since: None }).await?;
    Ok(found.known.map(|known| known.invitation))
}

/// The preview of a link, or its refusal. Not recorded in the timeline.
pub(super) async fn look(services: &Services, claim: LinkClaim) -> Result<Preview, ServiceError> {
    let now = services.clock.now();
    let found = services.lookups.run(LookupKey { id: claim.invitation, looks_since: None }).await?;
    check_preview(found.known, claim, (now, services.rules.staff_passwords))
}

fn check_preview(
    known: Option<InvitationDetails>,
    claim: LinkClaim,
    (now, staff_passwords): (DateTime<Utc>, bool),
) -> Result<Preview, ServiceError> {
    let InvitationDetails { invitation, person, account_status, parent_name, .. } =
        known.ok_or(ServiceError::InvalidLink)?;
    invitation.check_link(claim.generation, now)?;
    if person.status == UserStatus::Blocked {
        return Err(DeadLink::Revoked.into());
    }
    let requires = Requires::of(&invitation, person, account_status, staff_passwords);
    Ok(Preview { invitation, account_status, parent_name, person, staff_passwords, requires })
}
