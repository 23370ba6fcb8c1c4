//! Sign-in: an address and a password for a short-lived access token. The reason of a failure is not
//! returned, and all failures take the same time.

use std::time::Duration;

use super::{
    ServiceError, Services,
    access_token::Grant,
    password_check::{self, Claim, Compared},
};
use crate::{
    db::{
        AnyConnection, DbFault,
        users::{self, credentials, memberships},
    },
    domain::{
        actor::{ActorKind, ActorRef},
        client_address::ClientAddress,
        email::Email,
        password::Password,
        token::credential_mark,
        user::{User, UserStatus},
        visibility::Visibility,
    },
};

/// The lifetime of a token from signing in.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// Signs in. Each try is logged.
///
/// # Errors
/// [`ServiceError::InvalidCredentials`] for a wrong password, an unknown address, and any user who is not
/// active; [`ServiceError::TooManyGuesses`] after several of these.
pub async fn sign_in(
    services: &Services,
    email: Email,
    password: Password,
    client: ClientAddress,
) -> Result<String, ServiceError> {
    let claim = Claim { purpose: "sign_in", subject: &email, client };
    let key = email.key().to_owned();
    let found =
        services.db.read::<_, DbFault>(move |connection| users::credentials(connection, &key)).await?;
    let (id, hash) = found.unzip();
    let compared = password_check::check(services, &claim, password, hash.clone()).await?;
    let id = id.filter(|_| compared == Compared::Right).ok_or(ServiceError::InvalidCredentials)?;
    let look = move |connection: &mut AnyConnection| -> Result<_, DbFault> {
        let user = users::get(connection, id, Visibility::everything())?;
        let accounts = memberships::owned(connection, id)?;
        // Read last: a transaction that replaces a password grants roles at the same time or later, so a
        // password that was replaced while it was verified gets none of them.
        let stored =
            credentials::of(connection, id)?.password_hash.filter(|stored| hash.as_ref() == Some(stored));
        let user = user.filter(|_| stored.is_some());
        Ok((user, accounts, stored))
    };
    let (user, accounts, hash) = services.db.read(look).await?;
    let user = user.filter(|user| user.status == UserStatus::Active).ok_or_else(|| {
        claim.log("not_active");
        ServiceError::InvalidCredentials
    })?;
    let roles = user.system_roles.iter().collect();
    let grant = Grant { holder: holder(&user), roles, scope: Vec::new(), accounts, lifetime: LIFETIME };
    // The hash is still the stored one, since it was read last.
    let credential = credential_mark(&hash.unwrap_or_default());
    let token = services.access_tokens.issue_to_person(&grant, credential, services.clock.now());
    let token = token.map_err(|error| ServiceError::Defect(error.to_string()))?;
    claim.log("signed_in");
    Ok(token)
}

fn holder(user: &User) -> ActorRef {
    let names: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: names.join(" "), origin: None }
}
