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

/// What became of the opening of a genuine link.
#[derive(Debug)]
pub struct Opening {
    /// What the link leads to, or why nothing.
    pub preview: Result<Preview, ServiceError>,
    /// Whether this is the first opening of the invitation, and is recorded.
    pub is_first: bool,
}

/// Opens a link.
///
/// # Errors
/// [`ServiceError::InvalidLink`] for a token that is not genuine, and when the database fails. The preview
/// has [`ServiceError::InvalidLink`] and [`ServiceError::DeadLink`].
pub async fn link(
    services: &Services,
    token: &LinkToken,
    user_agent: Option<&str>,
) -> Result<Opening, ServiceError> {
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
    let is_first = match opened.filter(|details| !found.recent_opens.contains(&details.to_string())) {
        Some(details) => note(services, claim, now, details).await,
        None => false,
    };
    Ok(Opening { preview, is_first })
}

/// Records an open, and returns whether it is the first one. A failure is only logged, since the person's
/// request can still be answered.
async fn note(services: &Services, claim: LinkClaim, now: DateTime<Utc>, details: Value) -> bool {
    let opened = services.event(claim.invitation, EventType::Opened, now, ActorRef::link(None), details);
    services.openings.run(opened).await.unwrap_or_else(|error| {
        tracing::warn!(%error, invitation = %claim.invitation, "the opening of a link was not recorded");
        false
    })
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
