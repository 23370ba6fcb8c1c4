//! What a link is worth and what it asks for. Changes nothing but the timeline.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{ServiceError, Services};
use crate::{
    db::{
        DbFault,
        invitations::{
            lookup::{InvitationDetails, LookupKey},
            timeline,
        },
    },
    domain::{
        account::AccountStatus,
        activation::{ActivationPath, Person, Requires},
        actor::ActorRef,
        event::EventType,
        invitation::{DeadLink, Invitation},
        token::{LinkClaim, LinkToken},
    },
};

/// Looks within this time by the same program count as one.
const ONE_LOOK: TimeDelta = TimeDelta::minutes(1);
/// As much of a `User-Agent` as is kept.
const USER_AGENT: usize = 256;

/// What the holder of a live link is shown.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The invitation, with the account that it leads to.
    pub invitation: Invitation,
    /// How far that account has come.
    pub account_status: Option<AccountStatus>,
    /// The name of the account above that one.
    pub parent_name: Option<String>,
    /// How far the person has come. Not for answers: it would tell the inviter who holds the link.
    pub(super) person: Person,
    /// What activating asks for.
    pub requires: Requires,
}

impl Preview {
    /// What the holder of the link has to do. Not for answers either.
    pub(super) fn path(&self) -> ActivationPath {
        ActivationPath::of(&self.invitation, self.person)
    }
}

/// Shows what a link is for.
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
    let found =
        services.lookups.run(LookupKey { id: claim.invitation, looks_since: Some(now - ONE_LOOK) }).await?;
    let preview = check_preview(found.known, claim, now);
    let agent = user_agent
        .map(|agent| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect::<String>());
    let opened = match &preview {
        Ok(_) => Some(json!({ "user_agent": agent })),
        // Somebody who comes too late is worth knowing of: they want to be sent a fresh link.
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

/// Writes a look down. One that cannot be is still answered: the person came to activate, not to be counted.
async fn note(services: &Services, claim: LinkClaim, now: DateTime<Utc>, details: Value) {
    let opened = services.event(claim.invitation, EventType::Opened, now, ActorRef::link(), details);
    let written =
        services.db.write::<_, DbFault>(move |tx| timeline::insert(tx, std::slice::from_ref(&opened))).await;
    if let Err(error) = written {
        tracing::warn!(%error, invitation = %claim.invitation, "a look at a link was not recorded");
    }
}

/// The invitation that a genuine link belongs to, dead or alive: for telling its holder whom to ask.
///
/// # Errors
/// When the database fails.
pub async fn invitation(services: &Services, token: &LinkToken) -> Result<Option<Invitation>, DbFault> {
    let Ok(claim) = services.links.verify(token) else { return Ok(None) };
    let found = services.lookups.run(LookupKey { id: claim.invitation, looks_since: None }).await?;
    Ok(found.known.map(|known| known.invitation))
}

/// Who a link belongs to, or why it is refused. Leaves no trace in the timeline.
pub(super) async fn look(services: &Services, claim: LinkClaim) -> Result<Preview, ServiceError> {
    let now = services.clock.now();
    let found = services.lookups.run(LookupKey { id: claim.invitation, looks_since: None }).await?;
    check_preview(found.known, claim, now)
}

fn check_preview(
    known: Option<InvitationDetails>,
    claim: LinkClaim,
    now: DateTime<Utc>,
) -> Result<Preview, ServiceError> {
    let InvitationDetails { invitation, person, account_status, parent_name, .. } =
        known.ok_or(ServiceError::InvalidLink)?;
    invitation.check_link(claim.generation, now)?;
    let requires = Requires::of(&invitation, person, account_status);
    Ok(Preview { invitation, account_status, parent_name, person, requires })
}
