//! Rechecks a letter whose outcome is unknown: asks the provider that accepted it, or may have.
//!
//! The provider is asked outside any transaction. Its answer is applied as its reports are
//! (`delivery_reports`), so that the graver status stays and nothing counts twice.

use chrono::TimeDelta;
use serde_json::json;

use super::{
    ServiceError, Services, audit, delivery_reports, idempotency::Ticket, resend::authority::over_invitation,
};
use crate::{
    db::{
        DbFault, Guarded, Tx, invitations,
        letters::{
            outbox::LetterState,
            status_check::{self, CheckedLetter},
        },
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditEvent, AuditOutcome},
        delivery_reports::{DeliveryStatus, Provider},
        ids::InvitationId,
        invitation::Invitation,
        letter_status::{StatusError, StatusQuery},
        visibility::Visibility,
    },
};

/// The shortest time between two questions about a letter.
const COOLDOWN: TimeDelta = TimeDelta::seconds(10);

/// Asks the provider what became of the newest letter of an invitation, and gives the invitation as it is
/// then. A provider that knows nothing new changes nothing; that it was asked is an audit event.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`] as for a
/// resend; [`ServiceError::NotCheckable`], [`ServiceError::CheckedTooSoon`],
/// [`ServiceError::ProviderUnavailable`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    id: InvitationId,
    ticket: Option<Ticket>,
) -> Result<Invitation, ServiceError> {
    over_invitation(services, actor, id).await?;
    let newest = move |connection: &mut _| status_check::newest(connection, id);
    let letter = services.db.read::<_, DbFault>(newest).await?.ok_or(ServiceError::NotFound)?;
    let (provider, query) = question(services, &letter)?;
    begin(services, &letter).await?;
    match services.letter_status.status(&query).await {
        Ok(known) => {
            let asked = audited(services, actor, (id, provider));
            delivery_reports::record_check(services, provider, letter.id, (known, asked)).await?;
        }
        Err(StatusError::Refused(words)) => return Err(ServiceError::NotCheckable(words)),
        Err(StatusError::Unavailable(seconds)) => {
            return Err(ServiceError::ProviderUnavailable { title: provider.title, seconds });
        }
    }
    let work = move |tx: &mut Tx<'_>| {
        let found = invitations::get(tx.reading(), id, Visibility::everything())?;
        let found = found.ok_or(ServiceError::NotFound)?;
        if let Some(ticket) = &ticket {
            ticket.store(tx, &found)?;
        }
        Ok(found)
    };
    services.db.write(work).await
}

/// That a caller asked, whatever the answer changes.
fn audited(services: &Services, actor: &Actor, (id, provider): (InvitationId, Provider)) -> AuditEvent {
    let done = (AuditAction::InvitationRechecked, AuditOutcome::Succeeded);
    let details = json!({ "provider": provider.name });
    audit::event(&services.clock, done, actor.who.clone(), id.to_string(), details)
}

/// Whom to ask about a letter.
fn provider(services: &Services, letter: &CheckedLetter) -> Result<Provider, ServiceError> {
    let no = |words: &str| Err(ServiceError::NotCheckable(words.to_owned()));
    match letter.state {
        LetterState::HandedOver => {
            return no("No letter was sent: the link was handed over to the inviter.");
        }
        LetterState::Queued | LetterState::Failed | LetterState::Withdrawn if letter.attempts == 0 => {
            return no("The letter was never handed to a provider.");
        }
        _ if letter.status > Some(DeliveryStatus::Deferred) => {
            return no("What became of the letter is known, and final.");
        }
        _ => {}
    }
    let Some(provider) = services.letter_status.provider() else {
        return no("Letters go through a relay or into a folder, which cannot be asked what became of them.");
    };
    match (&letter.provider, letter.state) {
        (Some(other), _) if other != provider.name => {
            no("Another provider accepted the letter than the one that is configured now.")
        }
        (None, LetterState::Sent) => {
            no("The letter did not go through a provider's HTTP interface, which could be asked.")
        }
        _ => Ok(provider),
    }
}

/// Whom to ask about a letter, and what.
fn question(services: &Services, letter: &CheckedLetter) -> Result<(Provider, StatusQuery), ServiceError> {
    let provider = provider(services, letter)?;
    let (message_id, now) = (letter.message_id.clone(), services.clock.now());
    let query = StatusQuery { letter: letter.id, message_id, now };
    if services.letter_status.can_tell(&query) {
        return Ok((provider, query));
    }
    let words = match query.message_id {
        Some(_) => format!("{} has no interface that tells what became of a letter.", provider.title),
        None => format!(
            "{} did not say that it accepted the letter, and cannot be searched for it.",
            provider.title
        ),
    };
    Err(ServiceError::NotCheckable(words))
}

/// Takes the turn to ask about a letter.
async fn begin(services: &Services, letter: &CheckedLetter) -> Result<(), ServiceError> {
    let (id, now) = (letter.id, services.clock.now());
    let begun = move |tx: &mut Tx<'_>| status_check::begin(tx, id, (now - COOLDOWN, now));
    match services.db.write::<_, DbFault>(begun).await? {
        Guarded::Applied => Ok(()),
        Guarded::Stale => {
            // Where another request has begun since the letter was read, the whole time is left.
            let left =
                letter.checked_at.map(|at| at + COOLDOWN - now).filter(|left| *left > TimeDelta::zero());
            let left = left.unwrap_or(COOLDOWN).min(COOLDOWN).num_milliseconds().unsigned_abs();
            Err(ServiceError::CheckedTooSoon(left.div_ceil(1000)))
        }
    }
}
