//! The cooldown between two changes of address.
//!
//! The first change is immediate: it goes to another mailbox, and a mistyped address is noticed within
//! seconds. The next one waits as a resend does, since changing back would write to the first mailbox twice.

use crate::{
    db::{Tx, invitations::timeline},
    domain::{
        event::{Event, EventType},
        ids::InvitationId,
    },
    services::{ServiceError, Services, resend::wait, timeline::USER_REMOVED},
};

/// Checks that the address may be changed now. `updated` entries with [`USER_REMOVED`] mark earlier changes:
/// [`ServiceError::MovedTooSoon`] until the cooldown after the last one has passed.
pub(super) fn check_cooldown(
    services: &Services,
    tx: &mut Tx<'_>,
    id: InvitationId,
) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let since = now - services.rules.resend_cooldown;
    let updates = timeline::since(tx.reading(), id, EventType::Updated, since)?;
    let is_move = |event: &&Event| event.details.get(USER_REMOVED).is_some();
    let left = updates.iter().find(is_move).and_then(|last| wait(services, last.at, now));
    left.map_or(Ok(()), |seconds| Err(ServiceError::MovedTooSoon(seconds)))
}
