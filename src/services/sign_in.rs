//! Sign-in: an address and a password for a session, which has a short-lived access token and a refresh
//! token. The reason of a failure is not returned, and all failures take the same time.

use std::time::Duration;

use super::{
    ServiceError, Services,
    access_token::Grant,
    change_password,
    password_check::{self, Claim, Compared},
    password_hasher,
    sessions::{self, SignedIn},
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
        session::Session,
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
) -> Result<SignedIn, ServiceError> {
    let claim = Claim { purpose: "sign_in", subject: &email, client };
    let key = email.key().to_owned();
    let found =
        services.db.read::<_, DbFault>(move |connection| users::credentials(connection, &key)).await?;
    let (id, hash) = found.unzip();
    let compared = password_check::check(services, &claim, password.clone(), hash.clone()).await?;
    let id = id.filter(|_| compared == Compared::Right).ok_or(ServiceError::InvalidCredentials)?;
    let look = move |connection: &mut AnyConnection| -> Result<_, DbFault> {
        let user = users::get(connection, id, Visibility::everything())?;
        // Read last: a transaction that replaces a password grants roles at the same time or later, so a
        // password that was replaced while it was verified gets none of them.
        let stored =
            credentials::of(connection, id)?.password_hash.filter(|stored| hash.as_ref() == Some(stored));
        let user = user.filter(|_| stored.is_some());
        Ok((user, stored))
    };
    let (user, hash) = services.db.read(look).await?;
    let user = user.filter(|user| user.status == UserStatus::Active).ok_or_else(|| {
        claim.log("not_active");
        ServiceError::InvalidCredentials
    })?;
    // The hash is still the stored one, since it was read last.
    let mut hash = hash.unwrap_or_default();
    if password_hasher::is_outdated(&hash) {
        hash = change_password::rehash(services, user.id, password, hash).await;
    }
    let credential = credential_mark(&hash);
    let session = sessions::begin(services, user.id, credential).await?;
    claim.log("signed_in");
    sessions::signed_in(services, &user, &session).await
}

/// The access token of a session: what the person may do now, for a quarter of an hour.
pub(super) async fn access_token(
    services: &Services,
    user: &User,
    session: &Session,
) -> Result<String, ServiceError> {
    let id = user.id;
    let owned = services.db.read::<_, DbFault>(move |connection| memberships::owned(connection, id));
    let grant = Grant {
        holder: holder(user),
        roles: user.system_roles.iter().collect(),
        scope: Vec::new(),
        accounts: owned.await?,
        lifetime: LIFETIME,
    };
    let token = services.access_tokens.issue_in_session(&grant, session, services.clock.now());
    token.map_err(|error| ServiceError::Defect(error.to_string()))
}

fn holder(user: &User) -> ActorRef {
    let names: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    ActorRef { kind: ActorKind::User, id: user.id.to_string(), name: names.join(" "), origin: None }
}
