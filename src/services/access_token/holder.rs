//! The caller for whom a token of ours stands.

use chrono::DateTime;

use super::{claims::Claims, error::TokenError};
use crate::{
    domain::{
        actor::{Actor, ActorKind, ActorRef, Reach, TokenIssuer},
        ids::{AccountId, ClientId},
        networks::Networks,
        role::{Role, Roles},
    },
    services::idempotency::principal,
};

/// The longest subject or name, in characters.
const LONGEST_SUBJECT: usize = 255;

/// Whether a text is usable as a name in rows, letters and log lines.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_SUBJECT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The caller.
///
/// # Errors
/// [`TokenError::Unknown`] for a claim that cannot be read.
pub(super) fn actor(claims: Claims) -> Result<Actor, TokenError> {
    if !is_name(&claims.sub) || !claims.name.as_deref().is_none_or(is_name) {
        return Err(TokenError::Unknown("subject"));
    }
    let kind = [ActorKind::User, ActorKind::Client, ActorKind::Cli]
        .into_iter()
        .find(|kind| kind.as_str() == claims.actor);
    let roles: Result<Roles, _> = claims.roles.iter().map(|role| role.parse::<Role>()).collect();
    let roles = roles.map_err(|_| TokenError::Unknown("role"))?;
    let mut permissions = roles.permissions();
    for name in claims.scope.split_ascii_whitespace() {
        permissions.insert(name.parse().map_err(|_| TokenError::Unknown("permission"))?);
    }
    let accounts: Result<Vec<_>, _> = claims.account_ids.iter().map(|id| id.parse()).collect();
    let accounts = accounts.map_err(|_| TokenError::Unknown("account"))?;
    let name = claims.name.unwrap_or_else(|| claims.sub.clone());
    let kind = kind.ok_or(TokenError::Unknown("kind of holder"))?;
    let who = ActorRef { kind, id: claims.sub, name, origin: None };
    let grant = principal(&claims.iss, &who, &permissions, &accounts);
    let instant = |seconds| DateTime::from_timestamp(seconds, 0).ok_or(TokenError::Lifetime);
    let session = claims.sid.map(|id| id.parse()).transpose().map_err(|_| TokenError::Unknown("session"))?;
    let networks = claims.networks.iter().map(|text| Networks::parse_one(text)).collect();
    let networks: Result<Networks, _> = networks;
    Ok(Actor {
        reach: reach(&who, &accounts),
        networks: networks.map_err(|_| TokenError::Unknown("network"))?,
        who,
        issuer: TokenIssuer::Own,
        credential: claims.credential,
        session,
        token: claims.jti.and_then(|id| id.parse().ok()),
        issued_at: instant(claims.iat)?,
        grant,
        permissions,
        roles,
        expires_at: instant(claims.exp)?,
        accounts,
    })
}

/// A client that was made for an account has its permissions below that account alone.
fn reach(who: &ActorRef, accounts: &[AccountId]) -> Reach {
    if is_api_client(who) && !accounts.is_empty() { Reach::Accounts } else { Reach::Everywhere }
}

/// Whether this is an API client. Programs with a token of the command line have other ids.
pub(super) fn is_api_client(who: &ActorRef) -> bool {
    who.kind == ActorKind::Client && who.id.parse::<ClientId>().is_ok()
}
