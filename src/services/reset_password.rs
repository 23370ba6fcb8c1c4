//! Resets a forgotten password by a link that is mailed.
//!
//! A request does the same for every address: it is counted, stored, and a letter is put into the outbox. The
//! courier looks up whether an active user has the address, so that neither the answer nor its time tells.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    ServiceError, Services, audit,
    letter_quota::{Charge, Counts},
    password_rules,
    users::last_admin,
};
use crate::{
    db::{
        self, DbFault, Guarded, Tx,
        letters::{
            notices::{self, Recipient},
            outbox::{self, NewNotice},
        },
        users::{self, credentials, password_resets, sessions},
    },
    domain::{
        audit::{AuditAction, AuditOutcome},
        client_address::ClientAddress,
        email::Email,
        ids::{ResetId, UserId},
        letter::{LetterPurpose, LetterSubject},
        mail_link::DeadMailLink,
        origin::Origin,
        password::Password,
        password_reset::PasswordReset,
        token::LinkToken,
        user::{User, UserStatus},
        visibility::Visibility,
    },
};

/// What became of a request; the answer is the same for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Requested {
    /// The letter is in the outbox.
    Queued,
    /// The mailbox has had its letters of 24 hours.
    Throttled,
}

/// A link that works, and whose password it resets.
#[derive(Debug, Clone)]
pub struct Reset {
    /// The request.
    pub request: PasswordReset,
    /// The user and their language.
    pub recipient: Recipient,
    /// The user.
    pub user: User,
}

/// Requests a link for the user with this address, if there is an active one.
///
/// # Errors
/// Only when the database fails.
pub async fn request(services: &Services, email: Email, client: ClientAddress) -> Result<(), ServiceError> {
    let (writer, masked) = (services.clone(), email.masked());
    let requested = services.db.write::<_, DbFault>(move |tx| enter(&writer, tx, (&email, client))).await?;
    let outcome = if requested == Requested::Queued { "queued" } else { "throttled" };
    tracing::info!(subject = masked, outcome, "password reset");
    services.outbox_wakeup.notify_one();
    Ok(())
}

fn enter(
    services: &Services,
    tx: &mut Tx<'_>,
    (email, client): (&Email, ClientAddress),
) -> Result<Requested, DbFault> {
    let now = services.clock.now();
    let charges = [Charge::of_reset_by(&services.guess_key, email, client), Charge::of_reset(email)];
    let mut counts = Counts::lock(tx, &services.rules.letters, &charges, now)?;
    // A letter that the client may not request takes nothing from the mailbox.
    let is_spent = charges.iter().any(|charge| counts.take(charge).is_err());
    counts.write(tx)?;
    if is_spent {
        return Ok(Requested::Throttled);
    }
    let id: ResetId = services.clock.id();
    password_resets::insert(tx, id, email, now)?;
    let letter = NewNotice {
        id: services.clock.id(),
        subject: LetterSubject::Reset(id),
        recipient: email.clone(),
        purpose: LetterPurpose::PasswordReset,
        at: now,
    };
    outbox::insert_notice(tx, &letter)?;
    Ok(Requested::Queued)
}

/// What a link is for. Changes nothing.
///
/// # Errors
/// [`ServiceError::InvalidResetLink`], [`ServiceError::DeadResetLink`].
pub async fn preview(services: &Services, token: &LinkToken) -> Result<Reset, ServiceError> {
    let id = services.reset_keys.verify(token).ok_or(ServiceError::InvalidResetLink)?;
    let found = services.db.read::<_, DbFault>(move |connection| {
        let seen = notices::look(connection, LetterSubject::Reset(id))?;
        let Some((request, recipient)) = seen.reset.zip(seen.recipient) else { return Ok(None) };
        let user = users::get(connection, recipient.user, Visibility::everything())?;
        Ok(user.map(|user| Reset { request, recipient, user }))
    });
    let may_have_password = |reset: &Reset| services.rules.staff_passwords || !reset.recipient.is_staff;
    let reset = found.await?.filter(may_have_password).ok_or(ServiceError::InvalidResetLink)?;
    reset.request.check(services.clock.now()).map_err(ServiceError::DeadResetLink)?;
    Ok(reset)
}

/// Chooses a new password with a link. All sessions of the user end, and a letter tells them.
///
/// # Errors
/// [`ServiceError::InvalidResetLink`], [`ServiceError::DeadResetLink`], [`ServiceError::Invalid`] for a
/// password that breaks the rules. A refusal does not use the link up.
pub async fn confirm(
    services: &Services,
    token: &LinkToken,
    password: Password,
    source: Origin,
) -> Result<Recipient, ServiceError> {
    let reset = preview(services, token).await?;
    password_rules::check(services, "/password", &password, &reset.user)?;
    let hash = services.hasher.hash(services.hasher.place().await?, password).await?;
    let (writer, seen) = (services.clone(), reset.clone());
    services.db.write(move |tx| apply(&writer, tx, (&seen, &source), &hash)).await?;
    tracing::info!(user = %reset.recipient.user, "a password was reset");
    services.outbox_wakeup.notify_one();
    Ok(reset.recipient)
}

fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    (seen, source): (&Reset, &Origin),
    hash: &str,
) -> Result<(), ServiceError> {
    let (user, now) = (seen.recipient.user, services.clock.now());
    let locked = users::lock(tx, user)?.filter(|locked| locked.status == UserStatus::Active);
    let Some(locked) = locked else { return Err(ServiceError::InvalidResetLink) };
    // Read again behind the lock.
    let request =
        password_resets::get(tx.reading(), seen.request.id)?.ok_or(ServiceError::InvalidResetLink)?;
    request.check(now).map_err(ServiceError::DeadResetLink)?;
    if password_resets::use_up(tx, request.id, now)? == Guarded::Stale {
        return Err(ServiceError::DeadResetLink(DeadMailLink::Used));
    }
    credentials::set_password(tx, user, hash)?;
    // The link proves the address.
    let details = if locked.is_proven { json!({}) } else { prove(tx, user, now)? };
    sessions::end_all(tx, user, None, now)?;
    sessions::end_tokens(tx, user, now)?;
    let done = (AuditAction::PasswordReset, AuditOutcome::Succeeded);
    let event = audit::anonymous(&services.clock, done, Some(user), source, details);
    db::audit::insert(tx, &[event])?;
    tell(services, tx, (user, &seen.recipient.email), now)?;
    Ok(())
}

/// Returns what the audit trail says of it.
fn prove(tx: &mut Tx<'_>, user: UserId, now: DateTime<Utc>) -> Result<Value, ServiceError> {
    credentials::prove(tx, user, now)?;
    let whole = users::get(tx.reading(), user, Visibility::everything())?;
    last_admin::end_unproven_roles(tx, &whole.ok_or(ServiceError::InvalidResetLink)?)
}

/// Uses up the links that were requested for a user's address, and puts a letter into the outbox that tells
/// them of their new password, as far as the quota of such letters allows.
pub(super) fn tell(
    services: &Services,
    tx: &mut Tx<'_>,
    (user, email): (UserId, &Email),
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    password_resets::use_up_all(tx, email, now)?;
    let charge = Charge::of_notice(email);
    let mut counts = Counts::lock(tx, &services.rules.letters, std::slice::from_ref(&charge), now)?;
    let is_spent = counts.take(&charge).is_err();
    counts.write(tx)?;
    if is_spent {
        return Ok(());
    }
    let letter = NewNotice {
        id: services.clock.id(),
        subject: LetterSubject::User(user),
        recipient: email.clone(),
        purpose: LetterPurpose::PasswordChanged,
        at: now,
    };
    outbox::insert_notice(tx, &letter)
}
