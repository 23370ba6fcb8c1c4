//! Reassigns an invitation to the person at a new address.

use crate::{
    db::{
        DbFault, Tx,
        invitations::{
            self, PendingKey,
            update::{self, NewRecipient},
        },
        letters::suppressions,
        users::{NewUser, memberships},
    },
    domain::{actor::Actor, email::Email, invitation::Invitation, visibility::Visibility},
    services::{
        ServiceError, Services,
        invite::{entered, find_conflict, replace},
        resend::fresh,
    },
};

/// Locks the present user of the invitation, and the one at `email`, who is inserted if unknown.
pub(super) fn lock(
    services: &Services,
    tx: &mut Tx<'_>,
    seen: &Invitation,
    email: &Email,
) -> Result<NewRecipient, DbFault> {
    let new_user = NewUser {
        id: services.clock.id(),
        email: email.clone(),
        invited_to: seen.kind,
        at: services.clock.now(),
    };
    update::lock_both(tx, &seen.email, &new_user)
}

/// The invitation for the new user, sent again, unless there is a conflict that would also refuse an invite.
pub(super) fn take_over(
    services: &Services,
    tx: &mut Tx<'_>,
    (recipient, actor): (&NewRecipient, &Actor),
    wanted: &Invitation,
) -> Result<Invitation, ServiceError> {
    let now = services.clock.now();
    let (mut members, mut pending) = (Vec::new(), Vec::new());
    if !recipient.is_new {
        members = memberships::places(tx.reading(), &[recipient.user.id])?
            .remove(&recipient.user.id)
            .unwrap_or_default();
        pending = invitations::pending(tx.reading(), &[wanted.email.key()])?;
    }
    let key = PendingKey::of(wanted);
    let live = pending.into_iter().find(|one| one.key == key);
    let user = (&recipient.user, Visibility::inviting(actor).shows(wanted.kind));
    let theirs = find_conflict(user, &members, live.as_ref(), wanted, now).into_result()?.invitation;
    replace(tx, live.as_slice(), now)?;
    if recipient.is_new {
        let new = std::iter::once(&wanted.email);
        suppressions::restore(tx, &entered(&services.clock, &services.suppression_keys, new))?;
    }
    Ok(fresh(services, &theirs, now))
}
