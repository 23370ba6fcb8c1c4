//! The rules for a new password, wherever one is chosen.

use super::{ServiceError, Services};
use crate::domain::{
    field_error::FieldError,
    password::{self, Identity, Password, PasswordFault},
    user::User,
};

/// The rules that a new password breaks, as errors of the member at `pointer`.
pub(super) fn broken(
    services: &Services,
    pointer: &str,
    chosen: &Password,
    identity: &Identity<'_>,
) -> Vec<FieldError> {
    let broken = password::faults(chosen, services.rules.password_min_length, identity);
    broken.into_iter().map(|fault| described(pointer, fault)).collect()
}

/// Checks the password that a user chooses in place of their present one; the errors are of the member at
/// `pointer`.
///
/// # Errors
/// [`ServiceError::Invalid`].
pub(super) fn check(
    services: &Services,
    pointer: &str,
    chosen: &Password,
    user: &User,
) -> Result<(), ServiceError> {
    let names = [&user.first_name, &user.last_name].into_iter().flatten().map(String::as_str).collect();
    let identity = Identity { email: Some(&user.email), names };
    let broken = broken(services, pointer, chosen, &identity);
    if broken.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(broken.into_iter().collect())) }
}

fn described(pointer: &str, fault: PasswordFault) -> FieldError {
    let (code, detail) = match fault {
        PasswordFault::TooShort(shortest) => {
            ("too_short", format!("A password has at least {shortest} characters."))
        }
        PasswordFault::TooLong => {
            ("too_long", format!("A password has at most {} characters.", password::MAX_LEN))
        }
        PasswordFault::Common => {
            ("password_common", "This password is commonly used and is tried first by attackers.".into())
        }
        PasswordFault::Guessable => (
            "password_guessable",
            "This password is easy to guess. A few unrelated words make a better one.".into(),
        ),
        PasswordFault::ContainsIdentity => (
            "password_contains_identity",
            "A password must not be made of your name or your e-mail address: leave them out.".into(),
        ),
    };
    FieldError::new(pointer, code, detail)
}
