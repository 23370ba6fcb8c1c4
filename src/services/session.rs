//! The present validity of a user's access token: roles, memberships and password may have changed since
//! signing in.

use super::Services;
use crate::{
    db::{
        AnyConnection, DbFault,
        users::credentials::{self, PresentRights},
    },
    domain::{actor::Actor, token::credential_mark},
};

/// The caller with their present permissions; `None` when their session has ended: they were removed or
/// blocked, or their password was replaced. Tokens of programs, of the command line and of identity providers
/// are unchanged: the operator issued them, or trusts who did.
///
/// # Errors
/// Only when the database fails.
pub async fn current(services: &Services, actor: Actor) -> Result<Option<Actor>, DbFault> {
    if !actor.is_user() {
        return Ok(Some(actor));
    }
    let staff_passwords = services.rules.staff_passwords;
    services.db.look_up(move |connection| narrowed(connection, actor.clone(), staff_passwords)).await
}

/// The same on a given connection: within a transaction, values read after taking a lock stay valid until its
/// end.
pub(super) fn narrowed(
    connection: &mut AnyConnection,
    actor: Actor,
    staff_passwords: bool,
) -> Result<Option<Actor>, DbFault> {
    if !actor.is_user() {
        return Ok(Some(actor));
    }
    let Some(user) = actor.person() else { return Ok(None) };
    let Some(rights) = credentials::present_rights(connection, user, actor.session)? else { return Ok(None) };
    let mark = credential_mark(&rights.password_hash);
    // A session of staff from before `STAFF_PASSWORDS=off`.
    let is_barred = !staff_passwords && !rights.roles.is_empty();
    if is_barred || !is_valid(&actor, &rights, &mark) {
        return Ok(None);
    }
    let held = rights.roles.permissions();
    let Actor { permissions, accounts, .. } = actor;
    Ok(Some(Actor {
        roles: actor.roles.iter().filter(|role| rights.roles.iter().any(|held| held == *role)).collect(),
        permissions: permissions.into_iter().filter(|one| held.contains(one)).collect(),
        accounts: accounts.into_iter().filter(|one| rights.owned.contains(one)).collect(),
        credential: Some(mark),
        ..actor
    }))
}

/// Whether a token was issued with the present password (that of its session, where it has one) and not
/// before all tokens of the user were ended.
fn is_valid(actor: &Actor, rights: &PresentRights, mark: &String) -> bool {
    let credential = match actor.session {
        // It follows the password when the person changes it in this session.
        Some(_) => &rights.session_credential,
        // Issued before there were sessions.
        None => &actor.credential,
    };
    // A token has whole seconds. Those issued within the same second belong to sessions, which have ended.
    let too_old = rights.tokens_valid_from.is_some_and(|from| actor.issued_at.timestamp() < from.timestamp());
    credential.as_ref() == Some(mark) && !too_old
}
