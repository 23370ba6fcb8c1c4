//! Signing in: an address and a password for a short-lived access token. Why it fails is not told, and takes as long.

use std::time::Duration;

use super::{Refusal, Services, access_token::Grant};
use crate::{
    db::{AnyConnection, DbFault, credentials, memberships, users},
    domain::{
        actor::{ActorKind, ActorRef},
        email::Email,
        password::Password,
        sight::Sight,
        token::credential_mark,
        user::{User, UserStatus},
    },
};

/// How long a token lives that a person got by signing in.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// Verified against when the address is unknown, so that the answer takes as long: the hash of a password nobody has.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$U2lsZW5jZUlzR29sZGVu$ZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgZGVjb3kgISE";

/// Signs in.
///
/// # Errors
/// [`Refusal::InvalidCredentials`] for a wrong password, an unknown address, and anybody who is not active.
pub async fn sign_in(services: &Services, email: Email, password: Password) -> Result<String, Refusal> {
    let key = email.key().to_owned();
    let found = services.db.read::<_, DbFault>(move |connection| users::credentials(connection, &key)).await?;
    let (id, hash) = found.unzip();
    let place = services.hasher.place().await?;
    let matches = services.hasher.verify(place, password, hash.clone().unwrap_or_else(|| DECOY.to_owned())).await?;
    let id = id.filter(|_| matches).ok_or(Refusal::InvalidCredentials)?;
    let look = move |connection: &mut AnyConnection| -> Result<_, DbFault> {
        let user = users::get(connection, id, Sight::everything())?;
        let accounts = memberships::owned(connection, id)?;
        // Asked last: whoever replaces a password gives their rights in the same transaction or later, and a password that was
        // replaced while it was verified gets none of them.
        let stored = credentials::of(connection, id)?.password_hash.filter(|stored| hash.as_ref() == Some(stored));
        let user = user.filter(|_| stored.is_some());
        Ok((user, accounts, stored))
    };
    let (user, accounts, hash) = services.db.read(look).await?;
    let user = user.filter(|user| user.status == UserStatus::Active).ok_or(Refusal::InvalidCredentials)?;
    let roles = user.system_roles.iter().collect();
    let grant = Grant { holder: holder(&user), roles, scope: Vec::new(), accounts, lifetime: LIFETIME };
    // The hash is the one that is stored still: that was asked last.
    let credential = credential_mark(&hash.unwrap_or_default());
    let token = services.access_tokens.issue_to_person(&grant, credential, services.clock.now());
    token.map_err(|error| Refusal::Defect(error.to_string()))
}

fn holder(user: &User) -> ActorRef {
    let names: Vec<&str> = [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: names.join(" ") }
}
