//! Sessions of people: a refresh token continues one, signing out ends it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{ServiceError, Services, audit, session_token};
use crate::{
    db::{
        self, DbFault, Guarded, Tx,
        users::{self, credentials, sessions},
    },
    domain::{
        actor::{Actor, ActorRef},
        audit::{AuditAction, AuditEvent, AuditOutcome},
        ids::{SessionId, UserId},
        origin::Origin,
        session::{GRACE, RefreshToken, Session},
        token::credential_mark,
        user::{User, UserStatus},
        visibility::Visibility,
    },
};

/// What a person gets by signing in, and by each refresh.
pub struct SignedIn {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Continues the session, once.
    pub refresh_token: RefreshToken,
    /// How long the refresh token is valid.
    pub refresh_lifetime: Duration,
}

/// What came of a refresh token.
enum Continued {
    /// The session goes on, with the token of its present generation.
    Yes(Session),
    /// The token was spent before: the session has ended.
    Reused(UserId),
    /// There is no such session, or it has ended.
    No,
}

/// Begins a session for a person who has just proven who they are.
///
/// # Errors
/// [`ServiceError::InvalidCredentials`] when the user was blocked, or the password replaced, meanwhile.
pub(super) async fn begin(
    services: &Services,
    user: &User,
    credential: String,
    source: &Origin,
) -> Result<Session, ServiceError> {
    let now = services.clock.now();
    let session = Session {
        id: services.clock.id(),
        user: user.id,
        generation: 1,
        credential,
        created_at: now,
        refreshed_at: now,
        ended_at: None,
    };
    let who = ActorRef { origin: Some(source.clone()), ..session_token::holder(user) };
    let done = (AuditAction::SignIn, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, who, user.id.to_string(), json!({}));
    let new = session.clone();
    services.db.write(move |tx| insert(tx, &new, &event)).await?;
    Ok(session)
}

fn insert(tx: &mut Tx<'_>, new: &Session, event: &AuditEvent) -> Result<(), ServiceError> {
    // A block that comes between the look and this lock ends the sessions that it finds.
    let user = users::lock(tx, new.user)?.filter(|user| user.status == UserStatus::Active);
    let hash = credentials::of(tx.reading(), new.user)?.password_hash;
    if user.is_none() || hash.as_deref().map(credential_mark).as_ref() != Some(&new.credential) {
        return Err(ServiceError::InvalidCredentials);
    }
    sessions::insert(tx, new)?;
    Ok(db::audit::insert(tx, std::slice::from_ref(event))?)
}

/// Spends a refresh token for a new pair. The same token gets the same answer for some seconds more, since
/// the first may have been lost; used later, it ends the session.
///
/// # Errors
/// [`ServiceError::SessionEnded`], [`ServiceError::RefreshReused`].
pub async fn refresh(
    services: &Services,
    token: RefreshToken,
    source: &Origin,
) -> Result<SignedIn, ServiceError> {
    let claim = services.refresh_keys.verify(&token).ok_or(ServiceError::SessionEnded)?;
    let now = services.clock.now();
    let continued = services.db.write::<_, ServiceError>(move |tx| Ok(continued(tx, claim, now)?)).await?;
    let session = match continued {
        Continued::Yes(session) => session,
        Continued::Reused(user) => {
            let session = claim.0;
            tracing::warn!(%user, %session, "a spent refresh token was used again: its session is ended");
            let denied = (AuditAction::RefreshReused, AuditOutcome::Denied);
            let event = audit::anonymous(&services.clock, denied, Some(user), source, json!({}));
            audit::record(services, event).await;
            return Err(ServiceError::RefreshReused);
        }
        Continued::No => return Err(ServiceError::SessionEnded),
    };
    let (id, credential) = (session.user, session.credential.clone());
    let found = services.db.read::<_, DbFault>(move |connection| {
        let user = users::get(connection, id, Visibility::everything())?;
        let stored = credentials::of(connection, id)?.password_hash;
        Ok((user, stored.filter(|hash| credential_mark(hash) == credential)))
    });
    let (user, stored) = found.await?;
    let user: User = user
        .filter(|user| user.status == UserStatus::Active && stored.is_some())
        .filter(|user| services.rules.staff_passwords || user.system_roles.is_empty())
        .ok_or(ServiceError::SessionEnded)?;
    signed_in(services, &user, &session).await
}

fn continued(
    tx: &mut Tx<'_>,
    (id, generation): (SessionId, i32),
    now: DateTime<Utc>,
) -> Result<Continued, DbFault> {
    let Some(session) = sessions::get(tx.reading(), id)? else { return Ok(Continued::No) };
    if !session.is_live(now) {
        return Ok(Continued::No);
    }
    if sessions::refresh(tx, (id, generation), now)? == Guarded::Applied {
        return Ok(Continued::Yes(Session { generation: generation + 1, refreshed_at: now, ..session }));
    }
    // Another request spent it, before or at this moment.
    let Some(session) = sessions::get(tx.reading(), id)?.filter(|session| session.is_live(now)) else {
        return Ok(Continued::No);
    };
    if session.generation == generation + 1 && now - session.refreshed_at <= GRACE {
        return Ok(Continued::Yes(session));
    }
    let _ = sessions::end(tx, id, now)?;
    Ok(Continued::Reused(session.user))
}

/// The pair of tokens of a session.
pub(super) async fn signed_in(
    services: &Services,
    user: &User,
    session: &Session,
) -> Result<SignedIn, ServiceError> {
    let now = services.clock.now();
    Ok(SignedIn {
        access_token: session_token::access_token(services, user, session).await?,
        refresh_token: services.refresh_keys.sign(session.id, session.generation),
        refresh_lifetime: (session.expires_at() - now).to_std().unwrap_or_default(),
    })
}

/// Ends the session of a refresh token, if there is one.
///
/// # Errors
/// Only when the database fails.
pub async fn sign_out(services: &Services, token: &RefreshToken, source: Origin) -> Result<(), ServiceError> {
    let Some((id, _)) = services.refresh_keys.verify(token) else { return Ok(()) };
    let (clock, now) = (services.clock.clone(), services.clock.now());
    let end = move |tx: &mut Tx<'_>| -> Result<(), ServiceError> {
        let user = sessions::get(tx.reading(), id)?.map(|session| session.user);
        if sessions::end(tx, id, now)? == Guarded::Applied {
            let done = (AuditAction::SignOut, AuditOutcome::Succeeded);
            db::audit::insert(tx, &[audit::anonymous(&clock, done, user, &source, json!({}))])?;
        }
        Ok(())
    };
    services.db.write(end).await
}

/// Ends all sessions of the caller, and so every access token of theirs.
///
/// # Errors
/// [`ServiceError::NotAPerson`].
pub async fn sign_out_everywhere(services: &Services, actor: &Actor) -> Result<(), ServiceError> {
    let user = actor.person().ok_or(ServiceError::NotAPerson)?;
    let now = services.clock.now();
    let done = (AuditAction::SignOutEverywhere, AuditOutcome::Succeeded);
    let event = audit::event(&services.clock, done, actor.who.clone(), user.to_string(), json!({}));
    let end = move |tx: &mut Tx<'_>| -> Result<(), ServiceError> {
        sessions::end_all(tx, user, None, now)?;
        sessions::end_tokens(tx, user, now)?;
        Ok(db::audit::insert(tx, std::slice::from_ref(&event))?)
    };
    services.db.write(end).await
}
