//! Changes a user's address: staff request it, and it counts once the person has confirmed it with a link
//! that is mailed to the new address. The present address is told of the request.
//!
//! The link alone is not enough where the user has a password: a mistyped address may be a stranger's, who
//! could take the user over with it (OWASP Authentication Cheat Sheet, "Change a user's registered email
//! address").

use serde_json::json;

use super::{
    ServiceError, Services, audit,
    invite::entered,
    letter_quota::{Charge, Counts, Payer},
    password_check::{self, Claim, Compared},
    password_hasher,
};
use crate::{
    db::{
        self, DbFault, Guarded, Tx,
        letters::{
            outbox::{self, NewNotice},
            suppressions,
        },
        users::{self, credentials, email_changes, password_resets},
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        email::Email,
        email_change::EmailChange,
        field_error::{Faults, FieldError},
        letter::{LetterPurpose, LetterSubject},
        letter_quota::QuotaStatus,
        mail_link::DeadMailLink,
        origin::Origin,
        password::Password,
        token::LinkToken,
        user::{User, UserStatus},
        visibility::Visibility,
    },
};

/// Requests another address for a user, whose row is locked, and returns the states of the quotas. An earlier
/// request is superseded.
pub(super) fn request(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (user, new): (&User, &Email),
) -> Result<Vec<QuotaStatus>, ServiceError> {
    if email_changes::is_taken(tx.reading(), new)? {
        return Err(ServiceError::EmailTaken);
    }
    let entered = entered(&services.clock, &services.suppression_keys, std::iter::once(new));
    suppressions::restore(tx, &entered)?;
    if suppressions::is_suppressed(tx.reading(), new)? {
        let words = "This address is on the suppression list and is not written to.";
        return Err(at_member("/email", "address_suppressed", words));
    }
    let now = services.clock.now();
    let bill = Charge::new(new, Payer::of_caller(actor));
    let mut counts = Counts::lock(tx, &services.rules.letters, std::slice::from_ref(&bill), now)?;
    let quotas = counts.take(&bill).map_err(ServiceError::LettersSpent)?;
    counts.write(tx)?;
    email_changes::supersede(tx, user.id, now)?;
    let change = EmailChange {
        id: services.clock.id(),
        user: user.id,
        old: user.email.clone(),
        new: new.clone(),
        created_at: now,
        confirmed_at: None,
        superseded_at: None,
    };
    email_changes::insert(tx, &change)?;
    let letters =
        [(LetterPurpose::EmailChange, &change.new), (LetterPurpose::EmailChangeNotice, &change.old)];
    for (purpose, recipient) in letters {
        let (id, subject) = (services.clock.id(), LetterSubject::EmailChange(change.id));
        let letter = NewNotice { id, subject, recipient: recipient.clone(), purpose, at: now };
        outbox::insert_notice(tx, &letter)?;
    }
    let done = (AuditAction::EmailChangeRequested, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), user.id.to_string(), json!({}));
    db::audit::insert(tx, &[event])?;
    Ok(quotas)
}

/// A link that works, and whose address it changes.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The request.
    pub change: EmailChange,
    /// The user.
    pub user: User,
    /// Whether the user has a password, which the confirmation then needs.
    pub asks_password: bool,
}

/// What a link is for. Changes nothing.
///
/// # Errors
/// [`ServiceError::InvalidEmailLink`], [`ServiceError::DeadEmailLink`].
pub async fn preview(services: &Services, token: &LinkToken) -> Result<Preview, ServiceError> {
    Ok(look(services, token).await?.0)
}

/// The same, and the user's password hash.
async fn look(services: &Services, token: &LinkToken) -> Result<(Preview, Option<String>), ServiceError> {
    let id = services.email_change_keys.verify(token).ok_or(ServiceError::InvalidEmailLink)?;
    let found = services.db.read::<_, DbFault>(move |connection| {
        let Some(change) = email_changes::get(connection, id)? else { return Ok(None) };
        let user = users::get(connection, change.user, Visibility::everything())?;
        let user = user.filter(|user| user.status == UserStatus::Active);
        let hash = credentials::of(connection, change.user)?.password_hash;
        Ok(user.map(|user| (change, user, hash)))
    });
    let (change, user, hash) = found.await?.ok_or(ServiceError::InvalidEmailLink)?;
    change.check(services.clock.now()).map_err(ServiceError::DeadEmailLink)?;
    let hash = hash.filter(|hash| password_hasher::is_usable(hash));
    Ok((Preview { change, user, asks_password: hash.is_some() }, hash))
}

/// Confirms the new address, with the user's present password where they have one.
///
/// # Errors
/// [`ServiceError::InvalidEmailLink`], [`ServiceError::DeadEmailLink`], [`ServiceError::Invalid`] for a
/// missing or wrong password, [`ServiceError::TooManyGuesses`], [`ServiceError::EmailTaken`]. A refusal does
/// not use the link up.
pub async fn confirm(
    services: &Services,
    token: &LinkToken,
    password: Option<Password>,
    source: Origin,
) -> Result<Email, ServiceError> {
    let (seen, hash) = look(services, token).await?;
    prove(services, &seen, (password, hash.clone()), &source).await?;
    let (writer, new) = (services.clone(), seen.change.new.clone());
    let applied = services.db.write(move |tx| apply(&writer, tx, &seen, (hash.as_ref(), &source))).await;
    match applied {
        // Another user was given the address between the look and the write.
        Err(ServiceError::Db(DbFault::Conflict(_))) => return Err(ServiceError::EmailTaken),
        applied => applied?,
    }
    Ok(new)
}

async fn prove(
    services: &Services,
    seen: &Preview,
    (password, hash): (Option<Password>, Option<String>),
    source: &Origin,
) -> Result<(), ServiceError> {
    match (password, hash) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(at_member("/password", "required", "This is required.")),
        (Some(_), None) => Err(at_member("/password", "not_applicable", "This person has no password here.")),
        (Some(password), Some(hash)) => {
            let client = source.parts().address;
            let claim = Claim { purpose: "email_change", subject: &seen.user.email, client };
            match password_check::check(services, &claim, password, Some(hash)).await? {
                Compared::Right => {
                    claim.log("confirmed");
                    Ok(())
                }
                Compared::Wrong => {
                    Err(at_member("/password", "password_wrong", "This is not your present password."))
                }
            }
        }
    }
}

fn apply(
    services: &Services,
    tx: &mut Tx<'_>,
    seen: &Preview,
    (hash, source): (Option<&String>, &Origin),
) -> Result<(), ServiceError> {
    let (id, now) = (seen.user.id, services.clock.now());
    let locked = users::lock(tx, id)?.filter(|locked| locked.status == UserStatus::Active);
    if locked.is_none() {
        return Err(ServiceError::InvalidEmailLink);
    }
    // Read again behind the lock.
    let user =
        users::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::InvalidEmailLink)?;
    let change = email_changes::get(tx.reading(), seen.change.id)?.ok_or(ServiceError::InvalidEmailLink)?;
    change.check(now).map_err(ServiceError::DeadEmailLink)?;
    let stored = credentials::of(tx.reading(), id)?.password_hash;
    if hash.is_some_and(|hash| stored.as_ref() != Some(hash)) {
        return Err(at_member("/password", "password_wrong", "This is not your present password."));
    }
    if email_changes::is_taken(tx.reading(), &change.new)? {
        return Err(ServiceError::EmailTaken);
    }
    if email_changes::use_up(tx, change.id, now)? == Guarded::Stale {
        return Err(ServiceError::DeadEmailLink(DeadMailLink::Used));
    }
    email_changes::set_email(tx, &user, &change.new, now)?;
    // Links to reset the password that were mailed to the old address must not work for its next holder.
    password_resets::use_up_all(tx, &user.email, now)?;
    let done = (AuditAction::EmailChanged, AuditOutcome::Succeeded);
    let event = audit::anonymous(&services.clock, done, Some(id), source, json!({}));
    Ok(db::audit::insert(tx, &[event])?)
}

fn at_member(path: &str, code: &'static str, words: &str) -> ServiceError {
    let mut faults = Faults::default();
    faults.push(FieldError::new(path, code, words));
    ServiceError::Invalid(faults)
}
