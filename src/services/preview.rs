//! What a link is worth and what it asks for. Changes nothing but the timeline.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Refusal, Services};
use crate::{
    db::{AnyConnection, DbFault, events, invitations, users},
    domain::{
        activation::Requires,
        actor::ActorRef,
        event::EventType,
        invitation::{Invitation, InvitationKind},
        token::{LinkClaim, LinkToken},
        user::{User, UserKind, UserStatus},
    },
};

/// Looks within this time by the same program count as one.
const ONE_LOOK: TimeDelta = TimeDelta::minutes(1);
/// As much of a `User-Agent` as is kept.
const USER_AGENT: usize = 256;

/// What the holder of a live link is shown.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The invitation.
    pub invitation: Invitation,
    /// What activating asks for.
    pub requires: Requires,
}

/// Shows what a link is for.
///
/// # Errors
/// [`Refusal::InvalidLink`] and [`Refusal::DeadLink`].
pub async fn link(services: &Services, token: &LinkToken, user_agent: Option<&str>) -> Result<Preview, Refusal> {
    let claim = services.links.verify(token).map_err(|_| Refusal::InvalidLink)?;
    let now = services.clock.now();
    let agent = user_agent.map(|agent| agent.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect::<String>());
    let opened = services.event(claim.invitation, EventType::Opened, now, ActorRef::link(), json!({ "user_agent": agent }));
    let seen = opened.clone();
    let (preview, seen_before) = services
        .db
        .read::<_, Refusal>(move |connection| {
            let preview = look(connection, claim, now)?;
            let seen_before = preview.is_err() || events::seen_since(connection, &seen, now - ONE_LOOK)?;
            Ok((preview, seen_before))
        })
        .await?;
    if !seen_before {
        // A look that cannot be written down is still answered: the person came to activate, not to be counted.
        let written = services.db.write::<_, DbFault>(move |tx| events::insert(tx, std::slice::from_ref(&opened))).await;
        if let Err(error) = written {
            tracing::warn!(%error, invitation = %claim.invitation, "a look at a link was not recorded");
        }
    }
    preview
}

/// The invitation that a genuine link belongs to, dead or alive: for telling its holder whom to ask.
///
/// # Errors
/// When the database fails.
pub async fn invitation(services: &Services, token: &LinkToken) -> Result<Option<Invitation>, DbFault> {
    let Ok(claim) = services.links.verify(token) else { return Ok(None) };
    services.db.read(move |connection| invitations::get(connection, claim.invitation, &InvitationKind::ALL)).await
}

/// Who a link belongs to; the outer error is the database's, the inner one says why the link is refused.
pub(super) fn look(
    connection: &mut AnyConnection,
    claim: LinkClaim,
    now: DateTime<Utc>,
) -> Result<Result<Preview, Refusal>, DbFault> {
    let Some(invitation) = invitations::get(connection, claim.invitation, &InvitationKind::ALL)? else {
        return Ok(Err(Refusal::InvalidLink));
    };
    if let Err(dead) = invitation.check_link(claim.generation, now) {
        return Ok(Err(dead.into()));
    }
    let user = invitee(connection, &invitation)?;
    if user.as_ref().is_none_or(|user| user.status != UserStatus::Invited) {
        // Active before, perhaps. Or this very invitation was activated or revoked between the two looks, which changed or
        // removed the person: then what it would ask of them is not the question any more.
        let again = invitations::get(connection, claim.invitation, &InvitationKind::ALL)?;
        if let Some(dead) = again.and_then(|found| found.check_link(claim.generation, now).err()) {
            return Ok(Err(dead.into()));
        }
    }
    let Some(user) = user else { return Ok(Err(Refusal::InvalidLink)) };
    let requires = Requires::of(&invitation, &user);
    Ok(Ok(Preview { invitation, requires }))
}

fn invitee(connection: &mut AnyConnection, invitation: &Invitation) -> Result<Option<User>, DbFault> {
    users::get(connection, invitation.user_id, &UserKind::ALL)
}
