//! Self-service renewal: the holder of an expired link has a new one sent, to the same address.

use super::{
    ServiceError, Services,
    letter_quota::Payer,
    resend::{check_locked, locked, send},
};
use crate::db::{Tx, users};
use crate::domain::{
    actor::ActorRef,
    invitation::{DeadLink, DeliveryState, Invitation},
    origin::Origin,
    token::{LinkClaim, LinkToken},
    user::UserStatus,
    visibility::Visibility,
};

/// Sends a new link in place of an expired one.
///
/// # Errors
/// [`ServiceError::RenewalDisabled`], [`ServiceError::InvalidLink`], [`ServiceError::LinkStillValid`],
/// [`ServiceError::DeadLink`] for a link that is invalid for another reason, [`ServiceError::TooSoon`],
/// [`ServiceError::LettersSpent`].
pub async fn link(services: &Services, token: &LinkToken, origin: Origin) -> Result<(), ServiceError> {
    if !services.rules.self_renewal {
        return Err(ServiceError::RenewalDisabled);
    }
    let claim = services.links.verify(token).map_err(|_| ServiceError::InvalidLink)?;
    let (writer, who) = (services.clone(), ActorRef::link(Some(origin)));
    services.db.write(move |tx| renew(&writer, tx, claim, &who)).await?;
    services.outbox_wakeup.notify_one();
    Ok(())
}

fn renew(services: &Services, tx: &mut Tx<'_>, claim: LinkClaim, who: &ActorRef) -> Result<(), ServiceError> {
    let old = locked(tx, claim.invitation, Visibility::everything()).map_err(|refusal| match refusal {
        ServiceError::NotFound => ServiceError::InvalidLink,
        other => other,
    })?;
    // The user is locked.
    let user = users::get(tx.reading(), old.user_id, Visibility::everything())?;
    if user.is_some_and(|user| user.status == UserStatus::Blocked) {
        return Err(DeadLink::Revoked.into());
    }
    match old.check_link(claim.generation, services.clock.now()) {
        Ok(()) => Err(ServiceError::LinkStillValid),
        Err(DeadLink::Expired) => {
            let was_handed_over = old.delivery.state == DeliveryState::HandedOver;
            let payer = |one: &Invitation| Payer::of_renewal(one, was_handed_over);
            let checked = check_locked(services, tx, vec![old])?;
            send(services, tx, (who, payer), checked)?.into_values().try_for_each(|outcome| outcome.map(drop))
        }
        Err(dead) => Err(dead.into()),
    }
}
