//! Proof that an active person is the one who follows a link: their password, or their own access token.
//!
//! Both give the stored hash that the proof was made with. It is compared once more behind the person's lock,
//! so that a password that is replaced meanwhile proves nothing.

use super::Preview;
use crate::{
    db::{DbFault, users::credentials},
    domain::{
        actor::{Actor, ActorKind},
        client_address::ClientAddress,
        field_error::{Faults, FieldError},
        ids::UserId,
        password::Password,
        token::credential_mark,
    },
    services::{
        ServiceError, Services,
        password_check::{self, Claim},
    },
};

/// Whether `caller` is this person: the token names them, and was got with the password that they still have.
///
/// Anybody else's token proves nothing, and is no fault: staff and inviters may be signed in where they open
/// a link.
pub(super) async fn by_token(
    services: &Services,
    user: UserId,
    caller: Option<&Actor>,
) -> Result<Option<String>, ServiceError> {
    let Some(actor) =
        caller.filter(|actor| actor.who.kind == ActorKind::User && actor.who.id == user.to_string())
    else {
        return Ok(None);
    };
    let stored = services.db.read::<_, DbFault>(move |connection| credentials::of(connection, user)).await?;
    Ok(stored.password_hash.filter(|hash| actor.credential.as_ref() == Some(&credential_mark(hash))))
}

/// Compares a password with the one that the person has, and gives its hash; none for a wrong one, which
/// consumes nothing.
///
/// This is the one place where the holder of a link can try passwords of somebody else.
pub(super) async fn by_password(
    services: &Services,
    seen: &Preview,
    client: ClientAddress,
    password: Password,
) -> Result<Option<String>, ServiceError> {
    let user = seen.invitation.user_id;
    let stored = services.db.read::<_, DbFault>(move |connection| credentials::of(connection, user)).await?;
    let hash = stored.password_hash.ok_or(ServiceError::Changed)?;
    let tried = Claim { purpose: "activation", subject: &seen.invitation.email, client };
    let is_right = password_check::check(services, &tried, password, Some(hash.clone())).await?;
    if is_right {
        tried.log("matched");
    }
    Ok(is_right.then_some(hash))
}

/// The answer to a wrong password. One that could not be chosen is refused before it is compared, as somebody
/// unknown is who chooses it: only one that would have been taken tells that the address is known.
pub(super) fn wrong() -> ServiceError {
    let detail = "A user with this address is active, and this is not their password. Whoever does not know it has the \
                  invitation resent by e-mail.";
    let mut faults = Faults::default();
    faults.push(FieldError::new("/password", "password_wrong", detail));
    ServiceError::Invalid(faults)
}
