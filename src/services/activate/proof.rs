//! Proof that an active user is the holder of a link: by password, or by access token.
//!
//! Both give the stored hash on which the proof is based. It is compared again after the user is locked, so
//! that a password that was replaced meanwhile proves nothing.

use crate::{
    db::{DbFault, users::credentials},
    domain::{
        actor::Actor, client_address::ClientAddress, ids::UserId, password::Password, token::credential_mark,
    },
    services::{
        ServiceError, Services,
        password_check::{self, Claim, Compared},
        preview::Preview,
    },
};

/// The proof by access token: `caller` must be this user, and the token must have been obtained with the
/// present password.
///
/// Another user's token proves nothing, and is no error: staff and inviters may be signed in where they open
/// a link.
pub(super) async fn by_token(
    services: &Services,
    user: UserId,
    caller: Option<&Actor>,
) -> Result<Option<String>, ServiceError> {
    let Some(actor) = caller.filter(|actor| actor.person() == Some(user)) else {
        return Ok(None);
    };
    let stored =
        services.db.look_up::<_, DbFault>(move |connection| credentials::of(connection, user)).await?;
    Ok(stored.password_hash.filter(|hash| actor.credential.as_ref() == Some(&credential_mark(hash))))
}

/// Compares a password with the user's own, and returns its hash; `None` for a wrong one, which does not use
/// the link up.
///
/// Here, and where a new address is confirmed, the holder of a link can try passwords of another person.
pub(super) async fn by_password(
    services: &Services,
    seen: &Preview,
    client: ClientAddress,
    password: Password,
) -> Result<Option<String>, ServiceError> {
    let user = seen.invitation.user_id;
    let stored =
        services.db.look_up::<_, DbFault>(move |connection| credentials::of(connection, user)).await?;
    let hash = stored.password_hash.ok_or(ServiceError::Changed)?;
    let tried = Claim { purpose: "activation", subject: &seen.invitation.email, client };
    match password_check::check(services, &tried, password, Some(hash.clone())).await? {
        Compared::Right => {
            tried.log("matched");
            Ok(Some(hash))
        }
        Compared::Wrong => Ok(None),
    }
}

/// The error for a wrong password. A password that breaks the rules is refused before it is compared, as for
/// an unknown person who chooses it: only an acceptable one reveals that the address is known.
pub(super) fn wrong() -> ServiceError {
    let detail = "A user with this address is active, and this is not their password. If you do not know it, \
        ask to have the invitation resent by e-mail.";
    ServiceError::at("/password", "password_wrong", detail)
}
