//! Applies what returned mail reports of a letter.

use super::{EVENT_TTL, EventApplier, Outcome};
use crate::{
    db::{DbFault, Tx, letters::webhook_events},
    domain::returned_mail::{RETURNED_MAIL, ReturnedMail},
    services::{ServiceError, Services},
};

/// The number of old events that are deleted with each message.
const MAX_DELETED: usize = 2;

/// Applies what a message reports: the first of each kind that a letter gets. Of the others nothing is
/// stored: a sender who knows the letter's return address can write any number of them.
///
/// # Errors
/// [`ServiceError::Db`].
pub async fn record_returned_mail(services: &Services, mail: ReturnedMail) -> Result<Outcome, ServiceError> {
    let writer = services.clone();
    let work = move |tx: &mut Tx<'_>| apply(&writer, tx, &mail);
    Ok(services.db.write::<_, DbFault>(work).await?)
}

fn apply(services: &Services, tx: &mut Tx<'_>, mail: &ReturnedMail) -> Result<Outcome, DbFault> {
    let (Some(id), Some(status)) = (mail.letter, mail.verdict.status()) else { return Ok(Outcome::Ignored) };
    webhook_events::delete_old(tx, MAX_DELETED, services.clock.now() - EVENT_TTL)?;
    let mut applier = EventApplier::lock(services, tx, RETURNED_MAIL, (&[id], &[]))?;
    let Some(letter) = applier.letters.first() else { return Ok(Outcome::Unknown) };
    let event = mail.event_for(letter.recipient.as_ref());
    if letter.status >= Some(status) {
        let is_repeated = webhook_events::is_received(tx, RETURNED_MAIL, &event.event_id)?;
        return Ok(if is_repeated { Outcome::Repeated } else { Outcome::Outranked });
    }
    let outcome = applier.apply(tx, &event)?;
    applier.finish(tx)?;
    Ok(outcome)
}
