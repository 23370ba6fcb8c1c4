//! What the commands do that run beside a service, or instead of one.

use chrono::{DateTime, TimeDelta, Utc};

use super::StartError;
use crate::{
    clock::Clock,
    config::Config,
    db::{
        Db, DbFault, OpenError,
        letters::unread_mail::{self, UnreadMail},
    },
    domain::ids::TokenId,
    services::{
        revocations,
        withdraw::{self, Withdrawn},
    },
};

/// Brings the schema up to date, and says by how many migrations. Needs no key, and makes none.
///
/// # Errors
/// [`StartError`] when the database cannot be used or a migration fails.
pub async fn migrate(config: &Config) -> Result<usize, StartError> {
    let db = Db::open(&config.database_url)?;
    db.examine().await?;
    Ok(db.migrate().await?)
}

/// Withdraws what was queued at or before `before`, on a database that no other process uses or whose
/// couriers are held.
///
/// # Errors
/// [`StartError`] when the database cannot be used.
pub async fn withdraw_mail(
    config: &Config,
    clock: &Clock,
    before: DateTime<Utc>,
) -> Result<Withdrawn, StartError> {
    let db = Db::open(&config.database_url)?;
    db.examine().await?;
    db.migrate().await?;
    let remind_before = config.reminder_before.and_then(|before| TimeDelta::from_std(before).ok());
    Ok(withdraw::older_than(&db, clock, before, remind_before).await.map_err(OpenError::from)?)
}

/// Revokes an access token, also beside a running service, which refuses it within a second.
///
/// # Errors
/// [`StartError`] when the database cannot be used.
pub async fn revoke_token(config: &Config, token: TokenId, clock: &Clock) -> Result<(), StartError> {
    let db = Db::beside(&config.database_url)?;
    db.examine().await?;
    Ok(revocations::revoke(&db, token, clock).await.map_err(OpenError::from)?)
}

/// Returned mail that could not be read, newest first, also beside a running service.
///
/// # Errors
/// [`StartError`] when the database cannot be used.
pub async fn unread_mail(config: &Config, clock: &Clock) -> Result<Vec<UnreadMail>, StartError> {
    let db = Db::beside(&config.database_url)?;
    db.examine().await?;
    let since = clock.now() - unread_mail::TTL;
    let messages = db.read::<_, DbFault>(move |connection| unread_mail::list(connection, since));
    Ok(messages.await.map_err(OpenError::from)?)
}
