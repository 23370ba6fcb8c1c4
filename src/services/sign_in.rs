//! Sign-in: an address and a password for a session, which has a short-lived access token and a refresh
//! token. The reason of a failure is not returned, and all failures take the same time.

use serde_json::json;

use super::{
    ServiceError, Services, audit, change_password,
    password_check::{self, Claim, Compared},
    password_hasher,
    sessions::{self, SignedIn},
};
use crate::{
    db::{
        AnyConnection, DbFault,
        users::{self, credentials},
    },
    domain::{
        audit::{AuditAction, AuditOutcome},
        email::Email,
        ids::UserId,
        origin::Origin,
        password::Password,
        token::credential_mark,
        user::UserStatus,
        visibility::Visibility,
    },
};

/// Signs in. Each try is logged.
///
/// # Errors
/// [`ServiceError::InvalidCredentials`] for a wrong password, an unknown address, and any user who is not
/// active; [`ServiceError::TooManyGuesses`] after several of these.
pub async fn sign_in(
    services: &Services,
    email: Email,
    password: Password,
    source: Origin,
) -> Result<SignedIn, ServiceError> {
    let key = email.key().to_owned();
    let found =
        services.db.look_up::<_, DbFault>(move |connection| users::credentials(connection, &key)).await?;
    let (id, hash) = found.unzip();
    let outcome = compare(services, (&email, password), (id, hash), &source).await;
    let reason = match &outcome {
        Err(ServiceError::InvalidCredentials) => "wrong_credentials_or_not_active",
        Err(ServiceError::TooManyGuesses(_)) => "delayed",
        _ => return outcome,
    };
    // Also for an address that no user has: the answer takes as long.
    let denied = (AuditAction::SignIn, AuditOutcome::Denied);
    let details = json!({ "reason": reason });
    audit::record(services, audit::anonymous(&services.clock, denied, id, &source, details)).await;
    outcome
}

async fn compare(
    services: &Services,
    (email, password): (&Email, Password),
    (id, hash): (Option<UserId>, Option<String>),
    source: &Origin,
) -> Result<SignedIn, ServiceError> {
    let claim = Claim { purpose: "sign_in", subject: email, client: source.parts().address };
    let comparison = password_check::compare(services, &claim, password.clone(), hash.clone()).await?;
    let is_right = comparison.compared == Compared::Right;
    let id = id.filter(|_| is_right).ok_or(ServiceError::InvalidCredentials)?;
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
    if !services.rules.staff_passwords && !user.system_roles.is_empty() {
        claim.log("staff_without_passwords");
        return Err(ServiceError::InvalidCredentials);
    }
    // Not before: that a guess was right must not show in the delays for a user who cannot sign in.
    comparison.accept(services).await?;
    // The hash is still the stored one, since it was read last.
    let mut hash = hash.unwrap_or_default();
    if password_hasher::is_outdated(&hash) {
        hash = change_password::rehash(services, user.id, password, hash).await;
    }
    let credential = credential_mark(&hash);
    let session = sessions::begin(services, &user, credential, source).await?;
    claim.log("signed_in");
    sessions::signed_in(services, &user, &session).await
}
