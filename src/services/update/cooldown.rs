//! How soon after a change of address the next one may follow.
//!
//! The first goes at once: it is another mailbox that is written to, and a mistyped address is noticed within
//! seconds. The next one waits as a resend does, since there and back again would write to the first mailbox
//! twice.

use chrono::TimeDelta;

use crate::{
    db::{Tx, invitations::timeline},
    domain::{
        event::{Event, EventType},
        ids::InvitationId,
    },
    services::{ServiceError, Services, resend::wait, timeline::USER_REMOVED},
};

/// Whether the address may be changed now, of which an `updated` entry tells by whether the person before has
/// left: [`ServiceError::MovedTooSoon`] until the cooldown after the last such change is over.
pub(super) fn check_cooldown(
    services: &Services,
    tx: &mut Tx<'_>,
    id: InvitationId,
) -> Result<(), ServiceError> {
    let now = services.clock.now();
    let since = now - TimeDelta::from_std(services.rules.resend_cooldown).unwrap_or_default();
    let updates = timeline::since(tx.reading(), id, EventType::Updated, since)?;
    let is_move = |event: &&Event| event.details.get(USER_REMOVED).is_some();
    let left = updates.iter().find(is_move).and_then(|last| wait(services, last.at, now));
    left.map_or(Ok(()), |seconds| Err(ServiceError::MovedTooSoon(seconds)))
}
