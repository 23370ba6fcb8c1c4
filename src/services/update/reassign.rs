//! The person at a new address, who takes the invitation over.

use crate::{
    db::{
        DbFault, Tx,
        invitations::{
            self, Place,
            update::{self, Heir},
        },
        users::{Newcomer, memberships},
    },
    domain::{email::Email, invitation::Invitation},
    services::{
        Refusal, Services,
        invite::{judge, replace},
        resend::fresh,
    },
};

/// Locks the person who has the invitation, and the one at `email`, who is entered unless they are known.
pub(super) fn lock(services: &Services, tx: &mut Tx<'_>, seen: &Invitation, email: &Email) -> Result<Heir, DbFault> {
    let newcomer = Newcomer { id: services.clock.id(), email: email.clone(), at: services.clock.now() };
    update::lock_both(tx, &seen.email, &newcomer)
}

/// The invitation as theirs, sent anew, unless something stands in the way that would stand in the way of an invite.
pub(super) fn take_over(services: &Services, tx: &mut Tx<'_>, heir: &Heir, wanted: &Invitation) -> Result<Invitation, Refusal> {
    let now = services.clock.now();
    let (mut members, mut pending) = (Vec::new(), Vec::new());
    if !heir.is_new {
        members = memberships::places(tx.reading(), &[heir.user.id])?.remove(&heir.user.id).unwrap_or_default();
        pending = invitations::pending(tx.reading(), &[wanted.email.key()])?;
    }
    let place = Place::of(wanted);
    let live = pending.into_iter().find(|one| one.place == place);
    let theirs = judge(&heir.user, &members, live.as_ref(), wanted, now).into_result()?.invitation;
    replace(tx, live.as_slice(), now)?;
    Ok(fresh(services, &theirs, now))
}
