//! Resends: the same invitation, a new link; the old link becomes invalid in the same transaction.

pub mod authority;
pub mod batch;
mod core;

pub(super) use self::core::{MOVED, authorise, awaits_answer, check_locked, fresh, locked, send, wait};

use self::core::lock_and_check;
use super::{
    ServiceError, Services,
    idempotency::Ticket,
    invite::{Sent, may_invite},
    letter_quota::Payer,
};
use crate::{
    db::{
        invitations::{self, InvitationFilter, resend},
        users,
    },
    domain::{
        actor::Actor,
        ids::{InvitationId, UserId},
        locale::Locale,
        visibility::Visibility,
    },
};

/// Sends a new link for a pending invitation, expired or not; in another language if `locale` is set.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`], [`ServiceError::RoleExceedsYours`],
/// [`ServiceError::NotPending`], [`ServiceError::InvitationPending`] when a newer invitation replaced it,
/// [`ServiceError::TooSoon`], [`ServiceError::LettersSpent`].
pub async fn invitation(
    services: &Services,
    actor: &Actor,
    (id, locale): (InvitationId, Option<Locale>),
    ticket: Option<Ticket>,
) -> Result<Sent, ServiceError> {
    let (writer, caller) = (services.clone(), actor.clone());
    let resent = services
        .db
        .write::<_, ServiceError>(move |tx| {
            let mut checked = lock_and_check(&writer, tx, &caller, &[id])?;
            if let (Some((invitation, Ok(()))), Some(locale)) = (checked.first_mut(), locale) {
                resend::set_locale(tx, id, locale)?;
                invitation.locale = Some(locale);
            }
            let sent = send(&writer, tx, (&caller.who, |one| Payer::of(&caller, one)), checked)?.remove(&id);
            // A refusal rolls everything back, including the language.
            let sent = sent.unwrap_or(Err(ServiceError::NotFound))?;
            if let Some(ticket) = &ticket {
                ticket.store(tx, &sent.invitation)?;
            }
            Ok(sent)
        })
        .await?;
    services.outbox_wakeup.notify_one();
    Ok(resent)
}

/// Sends a new link for the only pending invitation of a user: the button on the user's page.
///
/// # Errors
/// As [`invitation`]; [`ServiceError::Ambiguous`] when several are pending, [`ServiceError::NotPending`] when
/// none is, [`ServiceError::Forbidden`] when this caller could resend none anyway.
pub async fn user(
    services: &Services,
    actor: &Actor,
    (user, locale): (UserId, Option<Locale>),
    ticket: Option<Ticket>,
) -> Result<Sent, ServiceError> {
    let visibility = Visibility::acting(actor);
    let pending = services
        .db
        .read::<_, ServiceError>(move |connection| {
            users::get(connection, user, visibility.clone())?.ok_or(ServiceError::NotFound)?;
            let filter = InvitationFilter {
                user: Some(user),
                unanswered: true,
                ..InvitationFilter::all(visibility.clone(), 200)
            };
            Ok(invitations::list(connection, &filter)?)
        })
        .await?;
    match pending.as_slice() {
        [] => {
            may_invite(actor)?;
            Err(ServiceError::NotPending)
        }
        [one] => invitation(services, actor, (one.id, locale), ticket).await,
        _ => Err(ServiceError::Ambiguous(pending)),
    }
}
