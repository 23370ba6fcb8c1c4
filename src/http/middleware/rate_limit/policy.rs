//! Which routes are limited, and how.

use std::num::NonZeroU32;

/// What a limited route counts against: each so many requests a minute, and as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// What takes the token of a link, or sends mail.
    Public,
    /// Signing in. A person needs few attempts.
    SignIn,
    /// Reports of mail providers, which send many from few addresses.
    MailEvents,
}

impl Policy {
    pub(super) const ALL: [Self; 3] = [Self::Public, Self::SignIn, Self::MailEvents];

    /// The name that headers use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignIn => "sign-in",
            Self::MailEvents => "mail-events",
        }
    }

    /// So many requests a minute, and as many at once.
    pub const fn quota(self) -> NonZeroU32 {
        const PUBLIC: NonZeroU32 = NonZeroU32::new(300).unwrap();
        const SIGN_IN: NonZeroU32 = NonZeroU32::new(10).unwrap();
        const MAIL_EVENTS: NonZeroU32 = NonZeroU32::new(6000).unwrap();
        match self {
            Self::Public => PUBLIC,
            Self::SignIn => SIGN_IN,
            Self::MailEvents => MAIL_EVENTS,
        }
    }
}

/// The paths of the contract that are limited: every path that is called without an access token, but for
/// operations'.
const LIMITED: [(&str, Policy); 16] = [
    ("/v1/activations", Policy::Public),
    ("/v1/activations/preview", Policy::Public),
    ("/v1/activations/renew", Policy::Public),
    ("/v1/auth/token", Policy::SignIn),
    ("/v1/auth/refresh", Policy::Public),
    ("/v1/auth/sign-out", Policy::Public),
    ("/v1/auth/password-reset", Policy::SignIn),
    ("/v1/auth/password-reset/confirm", Policy::Public),
    ("/v1/auth/email-change/confirm", Policy::Public),
    ("/confirm-email", Policy::Public),
    ("/reset-password", Policy::Public),
    ("/reset-password/request", Policy::SignIn),
    ("/v1/mail-events/{provider}", Policy::MailEvents),
    ("/activate", Policy::Public),
    ("/activate/renew", Policy::Public),
    ("/activate/unsubscribe", Policy::Public),
];

/// How a path of the contract is limited.
pub fn policy(path: &str) -> Option<Policy> {
    LIMITED.iter().find(|(limited, _)| *limited == path).map(|(_, policy)| *policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::routes::is_page;
    use utoipa::openapi::security::SecurityRequirement;

    /// A new public route without a policy fails this test.
    #[test]
    fn every_public_operation_is_limited_but_for_those_of_operations() {
        let document = crate::http::document();
        for (path, item) in &document.paths.paths {
            let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
            let is_public = operations.into_iter().flatten().any(|operation| {
                operation
                    .security
                    .as_ref()
                    .is_none_or(|all| all.iter().all(|one| *one == SecurityRequirement::default()))
            });
            let expected = is_public && (path.starts_with("/v1/") || is_page(path));
            assert_eq!(policy(path).is_some(), expected, "{path}");
        }
        assert!(LIMITED.iter().all(|(path, _)| document.paths.paths.contains_key(*path)));
    }
}
