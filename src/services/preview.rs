//! What a link is worth and what it asks for. Changes nothing but the timeline.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Refusal, Services};
use crate::{
    db::{AnyConnection, DbFault, accounts, events, invitations, users},
    domain::{
        account::{Account, AccountStatus},
        activation::Requires,
        actor::ActorRef,
        event::{Event, EventType},
        ids::AccountId,
        invitation::{DeadLink, Invitation},
        sight::Sight,
        token::{LinkClaim, LinkToken},
        user::UserStatus,
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
    /// The account that it leads to.
    pub account: Option<Account>,
    /// The name of the account above that one.
    pub parent_name: Option<String>,
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
    let seen = services.event(claim.invitation, EventType::Opened, now, ActorRef::link(), json!({ "user_agent": agent }));
    let (preview, opened) = services
        .db
        .read::<_, Refusal>(move |connection| {
            let preview = look(connection, claim, now)?;
            let looked = match &preview {
                Ok(_) => Some(seen),
                // Somebody who comes too late is worth knowing of: they want to be sent a fresh link.
                Err(Refusal::DeadLink(DeadLink::Expired)) => {
                    let details = json!({ "user_agent": seen.details["user_agent"], "link": "expired" });
                    Some(Event { details, ..seen })
                }
                Err(_) => None,
            };
            let before = |looked: &Event, connection| events::seen_since(connection, looked, now - ONE_LOOK);
            let looked = match looked {
                Some(looked) if !before(&looked, connection)? => Some(looked),
                _ => None,
            };
            Ok((preview, looked))
        })
        .await?;
    if let Some(opened) = opened {
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
    services.db.read(move |connection| invitations::get(connection, claim.invitation, Sight::everything())).await
}

/// Who a link belongs to; the outer error is the database's, the inner one says why the link is refused.
pub(super) fn look(
    connection: &mut AnyConnection,
    claim: LinkClaim,
    now: DateTime<Utc>,
) -> Result<Result<Preview, Refusal>, DbFault> {
    let Some(invitation) = invitations::get(connection, claim.invitation, Sight::everything())? else {
        return Ok(Err(Refusal::InvalidLink));
    };
    if let Err(dead) = invitation.check_link(claim.generation, now) {
        return Ok(Err(dead.into()));
    }
    let user = users::get(connection, invitation.user_id, Sight::everything())?;
    let find = |connection: &mut AnyConnection, id: Option<AccountId>| match id {
        Some(id) => accounts::get(connection, id, &Sight::everything()),
        None => Ok(None),
    };
    let account = find(connection, invitation.account.as_ref().map(|target| target.id))?;
    let parent = find(connection, account.as_ref().and_then(|account| account.parent_account_id))?;
    let settled = user.as_ref().is_some_and(|user| user.status == UserStatus::Invited)
        && account.is_some() == invitation.account.is_some()
        && !(account.as_ref().is_some_and(|account| account.status == AccountStatus::Active)
            && invitation.account.as_ref().is_some_and(|target| target.is_new));
    if !settled {
        // Perhaps the link was used or revoked between the looks, and user or account show it already: a further look tells.
        let again = invitations::get(connection, claim.invitation, Sight::everything())?;
        if let Some(dead) = again.and_then(|found| found.check_link(claim.generation, now).err()) {
            return Ok(Err(dead.into()));
        }
    }
    let Some(user) = user else { return Ok(Err(Refusal::InvalidLink)) };
    let requires = Requires::of(&invitation, &user, account.as_ref());
    Ok(Ok(Preview { invitation, account, parent_name: parent.and_then(|parent| parent.name), requires }))
}
