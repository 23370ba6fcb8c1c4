//! Changes a person's password.

use serde_json::json;

use super::{
    ServiceError, Services, audit,
    password_check::{self, Claim, Compared},
    password_rules, reset_password,
};
use crate::{
    db::{
        self, DbFault, Guarded, Tx,
        users::{self, credentials, sessions},
    },
    domain::{
        actor::Actor,
        audit::{AuditAction, AuditOutcome},
        client_address::ClientAddress,
        ids::UserId,
        password::Password,
        token::credential_mark,
        user::User,
        visibility::Visibility,
    },
};

/// The hash of the present password, and of the new one.
struct Hashes {
    old: String,
    new: String,
}

/// Replaces the caller's password, given the present one. The caller's session continues, and their other
/// sessions end. A letter tells them of the change.
///
/// # Errors
/// [`ServiceError::NotAPerson`]; [`ServiceError::Invalid`] for a new password that breaks the rules, and then
/// for a wrong present one; [`ServiceError::TooManyGuesses`].
pub async fn change(
    services: &Services,
    actor: &Actor,
    (old, new): (Password, Password),
    client: ClientAddress,
) -> Result<(), ServiceError> {
    let id = actor.person().ok_or(ServiceError::NotAPerson)?;
    let (user, stored) = look(services, id).await?;
    password_rules::check(services, "/new_password", &new, &user)?;
    let claim = Claim { purpose: "password", subject: &user.email, client };
    if password_check::check(services, &claim, old, Some(stored.clone())).await? != Compared::Right {
        record_denial(services, actor, id).await;
        return Err(password_check::wrong_present_password());
    }
    let new = services.hasher.hash(services.hasher.place().await?, new).await?;
    let (session, hashes, now) = (actor.session, Hashes { old: stored, new }, services.clock.now());
    let (writer, email) = (services.clone(), user.email.clone());
    let done = (AuditAction::PasswordChanged, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), id.to_string(), json!({}));
    let work = move |tx: &mut Tx<'_>| {
        replace(tx, id, &hashes, |tx| {
            sessions::end_all(tx, id, session, now)?;
            db::audit::insert(tx, std::slice::from_ref(&event))?;
            reset_password::tell(&writer, tx, (id, &email), now)
        })
    };
    match services.db.write::<_, DbFault>(work).await? {
        Guarded::Applied => {
            claim.log("changed");
            services.outbox_wakeup.notify_one();
            Ok(())
        }
        // It was changed meanwhile, so the one that was given is wrong by now.
        Guarded::Stale => Err(password_check::wrong_present_password()),
    }
}

/// Records that the present password was wrong.
async fn record_denial(services: &Services, actor: &Actor, id: UserId) {
    let denied = (AuditAction::PasswordChanged, AuditOutcome::Denied);
    let details = json!({ "reason": "wrong_password" });
    let event = audit::event(&services.clock, denied, actor.who.clone(), id.to_string(), details);
    audit::record(services, event).await;
}

async fn look(services: &Services, id: UserId) -> Result<(User, String), ServiceError> {
    let found = services.db.read::<_, DbFault>(move |connection| {
        let user = users::get(connection, id, Visibility::everything())?;
        Ok(user.zip(credentials::of(connection, id)?.password_hash))
    });
    found.await?.ok_or(ServiceError::NotAPerson)
}

/// Stores a new hash in place of the old one, and binds the sessions that `before` leaves to it.
fn replace(
    tx: &mut Tx<'_>,
    user: UserId,
    hashes: &Hashes,
    before: impl FnOnce(&mut Tx<'_>) -> Result<(), DbFault>,
) -> Result<Guarded, DbFault> {
    if credentials::change(tx, user, (&hashes.old, &hashes.new))? == Guarded::Stale {
        return Ok(Guarded::Stale);
    }
    before(tx)?;
    let marks = (credential_mark(&hashes.old), credential_mark(&hashes.new));
    sessions::rebind(tx, user, (&marks.0, &marks.1))?;
    Ok(Guarded::Applied)
}

/// Hashes the right password anew where the parameters have grown since it was hashed. All sessions
/// continue. Returns the hash that is stored; one that cannot be replaced now is replaced at another time.
pub(super) async fn rehash(services: &Services, user: UserId, password: Password, old: String) -> String {
    let kept = old.clone();
    match rehashed(services, user, password, old).await {
        Ok(Some(new)) => new,
        Ok(None) => kept,
        Err(error) => {
            tracing::warn!(%error, "a password was not hashed anew");
            kept
        }
    }
}

async fn rehashed(
    services: &Services,
    user: UserId,
    password: Password,
    old: String,
) -> Result<Option<String>, ServiceError> {
    let new = services.hasher.hash(services.hasher.place().await?, password).await?;
    let (stored, hashes) = (new.clone(), Hashes { old, new });
    let replaced: Result<_, DbFault> =
        services.db.write(move |tx| replace(tx, user, &hashes, |_| Ok(()))).await;
    Ok((replaced? == Guarded::Applied).then_some(stored))
}
