//! Changes a user's address: staff request it, and it counts once the person has confirmed it with a link
//! that is mailed to the new address. A letter goes to the present address, too.
//!
//! The link alone is not enough where the user has a password: a mistyped address may be a stranger's, who
//! could take the user over with it (OWASP Authentication Cheat Sheet, "Change a user's registered email
//! address").

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    ServiceError, Services, audit,
    invite::entered,
    letter_quota::{Charge, Counts, Payer},
    password_check::{self, Claim, Compared},
    password_hasher, revoke, session_token,
};
use crate::{
    db::{
        self, DbFault, Guarded, Tx, invitations,
        letters::{
            outbox::{self, NewNotice},
            suppressions,
        },
        users::{self, credentials, email_changes, password_resets},
    },
    domain::{
        actor::{Actor, ActorRef},
        audit::{AuditAction, AuditOutcome},
        email::Email,
        email_change::EmailChange,
        ids::UserId,
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
    if user.status == UserStatus::Blocked {
        return Err(ServiceError::UserBlocked);
    }
    // An address that was erased while it was suppressed is suppressed again.
    let entered = entered(&services.clock, &services.suppression_keys, std::iter::once(new));
    suppressions::restore(tx, &entered)?;
    check_address(tx, actor, new)?;
    let quotas = count_letters(services, tx, actor, (user, new))?;
    insert(services, tx, (user, new))?;
    let done = (AuditAction::EmailChangeRequested, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), user.id.to_string(), json!({}));
    db::audit::insert(tx, &[event])?;
    Ok(quotas)
}

/// Counts the letters to the present and the new address: the first one, too, could be flooded by another
/// caller.
fn count_letters(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    (user, new): (&User, &Email),
) -> Result<Vec<QuotaStatus>, ServiceError> {
    let bills = [Charge::new(new, Payer::of_caller(actor)), Charge::new(&user.email, Payer::None)];
    let mut counts = Counts::lock(tx, &services.rules.letters, &bills, services.clock.now())?;
    let [new_letter, notice] = &bills;
    let quotas = counts.take(new_letter).map_err(ServiceError::LettersSpent)?;
    counts.take(notice).map_err(ServiceError::LettersSpent)?;
    counts.write(tx)?;
    Ok(quotas)
}

/// Stores the request in place of an earlier one, and its letters.
fn insert(services: &Services, tx: &mut Tx<'_>, (user, new): (&User, &Email)) -> Result<(), DbFault> {
    let now = services.clock.now();
    let (Guarded::Applied | Guarded::Stale) = email_changes::supersede(tx, user.id, now)?;
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
    Ok(())
}

/// Withdraws the open request of a user, whose row is locked, if there is one.
pub(super) fn withdraw(
    services: &Services,
    tx: &mut Tx<'_>,
    actor: &Actor,
    user: UserId,
) -> Result<(), ServiceError> {
    if email_changes::supersede(tx, user, services.clock.now())? == Guarded::Stale {
        return Ok(());
    }
    let done = (AuditAction::EmailChangeWithdrawn, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), user.to_string(), json!({}));
    Ok(db::audit::insert(tx, &[event])?)
}

/// Refuses an address that cannot be confirmed, as far as the caller may know: of a user or an entry of the
/// suppression list whom they may not see, only the confirmation tells.
fn check_address(tx: &mut Tx<'_>, actor: &Actor, new: &Email) -> Result<(), ServiceError> {
    if let Some(holder) = email_changes::holder(tx.reading(), new)? {
        let seen = users::get(tx.reading(), holder, Visibility::reading(actor))?;
        // One who never activated does not hold an address that another person proves to be theirs.
        if seen.is_some_and(|seen| seen.status != UserStatus::Invited) {
            return Err(ServiceError::EmailTaken);
        }
    }
    let staff = Visibility::reading(actor).staff;
    if suppressions::is_listed(tx.reading(), new, staff)? {
        let words = "This address is on the suppression list and is not written to.";
        return Err(ServiceError::at("/email", "address_suppressed", words));
    }
    Ok(())
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
/// not use the link up. Pending invitations that were mailed to the old address are revoked; those that were
/// sent to the new one, before it was this user's, are theirs now.
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
        (None, Some(_)) => Err(ServiceError::at("/password", "required", "This is required.")),
        (Some(_), None) => {
            Err(ServiceError::at("/password", "not_applicable", "This person has no password here."))
        }
        (Some(password), Some(hash)) => {
            let client = source.parts().address;
            let claim = Claim { purpose: "email_change", subject: &seen.user.email, client };
            match password_check::check(services, &claim, password, Some(hash)).await? {
                Compared::Right => {
                    claim.log("confirmed");
                    Ok(())
                }
                Compared::Wrong => {
                    let denied = (AuditAction::EmailChanged, AuditOutcome::Denied);
                    let details = json!({ "reason": "wrong_password" });
                    let user = Some(seen.user.id);
                    let event = audit::anonymous(&services.clock, denied, user, source, details);
                    audit::record(services, event).await;
                    Err(password_check::wrong_present_password())
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
    let (user, change) = lock(tx, seen, hash, now)?;
    if email_changes::use_up(tx, change.id, now)? == Guarded::Stale {
        return Err(ServiceError::DeadEmailLink(DeadMailLink::Used));
    }
    email_changes::set_email(tx, &user, &change.new, now)?;
    // Links that were mailed to the old address must not work for its next holder.
    password_resets::use_up_all(tx, &user.email, now)?;
    let who = ActorRef { origin: Some(source.clone()), ..session_token::holder(&user) };
    for pending in invitations::pending_of(tx.reading(), id)? {
        if pending.email.key() == user.email.key() {
            revoke::end(services, tx, &who, &pending)?;
        }
    }
    let done = (AuditAction::EmailChanged, AuditOutcome::Succeeded);
    let event = audit::anonymous(&services.clock, done, Some(id), source, json!({}));
    Ok(db::audit::insert(tx, &[event])?)
}

/// Locks the user, and who holds the new address, and checks again what was seen. A holder who never
/// activated gives the address up.
fn lock(
    tx: &mut Tx<'_>,
    seen: &Preview,
    hash: Option<&String>,
    now: DateTime<Utc>,
) -> Result<(User, EmailChange), ServiceError> {
    let id = seen.user.id;
    // Both are locked at once, in the order of their addresses.
    let holder = email_changes::holder(tx.reading(), &seen.change.new)?;
    let ids: Vec<UserId> = holder.into_iter().chain([id]).collect();
    let locked = users::lock_many(tx, &ids)?;
    if locked.get(&id).is_none_or(|locked| locked.status != UserStatus::Active) {
        return Err(ServiceError::InvalidEmailLink);
    }
    // Read again behind the lock.
    let user =
        users::get(tx.reading(), id, Visibility::everything())?.ok_or(ServiceError::InvalidEmailLink)?;
    let change = email_changes::get(tx.reading(), seen.change.id)?.ok_or(ServiceError::InvalidEmailLink)?;
    change.check(now).map_err(ServiceError::DeadEmailLink)?;
    let stored = credentials::of(tx.reading(), id)?.password_hash;
    if stored.as_ref().filter(|hash| password_hasher::is_usable(hash)) != hash {
        return Err(password_check::wrong_present_password());
    }
    if let Some(holder) = email_changes::holder(tx.reading(), &change.new)? {
        if locked.get(&holder).is_none_or(|locked| locked.status != UserStatus::Invited) {
            return Err(ServiceError::EmailTaken);
        }
        email_changes::take_over(tx, holder, id, now)?;
    }
    Ok((user, change))
}
