//! Which routes are limited, and how.

use std::num::NonZeroU32;

use actix_web::http::Method;

use crate::domain::closed_set::closed_set;

closed_set! {
    /// What a request without an access token counts against, by network address. Headers use the names.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Policy {
        /// What takes the token of a link, or sends mail.
        Public = "public",
        /// Signing in. A person needs few attempts.
        SignIn = "sign-in",
        /// Reports of mail providers, which send many from few addresses.
        MailEvents = "mail-events",
        /// Returned mail, which a relay passes on all at once after it was away.
        ReturnedMail = "returned-mail",
    }
}

closed_set! {
    /// What a request with an access token counts against, by caller. Headers use the names.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CallerPolicy {
        /// One object.
        Read = "read",
        /// A list, numbers, or all that is held on a person.
        List = "list",
        /// A change.
        Write = "write",
        /// Up to a thousand changes, or a whole list in one answer.
        Bulk = "bulk",
        /// A change of the password, which is hashed twice and causes a letter.
        Password = "password",
        /// A change of a webhook endpoint, or what makes this service send to it: rows that stay for 30 days,
        /// and requests to servers of others.
        Webhooks = "webhooks",
    }
}

impl Policy {
    /// So many requests a minute, and as many at once.
    pub const fn quota(self) -> NonZeroU32 {
        const PUBLIC: NonZeroU32 = NonZeroU32::new(300).unwrap();
        const SIGN_IN: NonZeroU32 = NonZeroU32::new(10).unwrap();
        const MAIL_EVENTS: NonZeroU32 = NonZeroU32::new(6000).unwrap();
        const RETURNED_MAIL: NonZeroU32 = NonZeroU32::new(60_000).unwrap();
        match self {
            Self::Public => PUBLIC,
            Self::SignIn => SIGN_IN,
            Self::MailEvents => MAIL_EVENTS,
            Self::ReturnedMail => RETURNED_MAIL,
        }
    }
}

impl CallerPolicy {
    /// So many requests a minute, and as many at once. They keep one caller from taking more than about half
    /// of what one process can do for longer than a minute.
    pub const fn quota(self) -> NonZeroU32 {
        const READ: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
        const LIST: NonZeroU32 = NonZeroU32::new(120_000).unwrap();
        const WRITE: NonZeroU32 = NonZeroU32::new(300_000).unwrap();
        const BULK: NonZeroU32 = NonZeroU32::new(3000).unwrap();
        const PASSWORD: NonZeroU32 = NonZeroU32::new(10).unwrap();
        const WEBHOOKS: NonZeroU32 = NonZeroU32::new(60).unwrap();
        match self {
            Self::Read => READ,
            Self::List => LIST,
            Self::Write => WRITE,
            Self::Bulk => BULK,
            Self::Password => PASSWORD,
            Self::Webhooks => WEBHOOKS,
        }
    }
}

/// The paths that are limited by network address: those of the built-in pages, and every path of the contract
/// that is called without an access token, but for operations'.
const LIMITED: [(&str, Policy); 17] = [
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
    ("/v1/mail-events/dsn", Policy::ReturnedMail),
    ("/activate", Policy::Public),
    ("/activate/renew", Policy::Public),
    ("/activate/unsubscribe", Policy::Public),
];

/// Of the GETs that cost as much as a list, and are none: all that is held on something, and numbers.
const AS_LISTS: [&str; 3] = ["/export", "/counts", "/delivery"];

/// The end of the paths whose answers are CSV.
pub const CSV_PATH: &str = ".csv";

/// Where a person changes their password.
const PASSWORD: &str = "/v1/auth/password";

/// Where webhook endpoints are.
const WEBHOOKS: &str = "/v1/webhook-endpoints";

/// How a path is limited by network address.
pub fn policy(path: &str) -> Option<Policy> {
    LIMITED.iter().find(|(limited, _)| *limited == path).map(|(_, policy)| *policy)
}

/// How an operation that takes an access token is limited by caller; a list is one with a cursor.
pub fn of_caller(path: &str, method: &Method, is_list: bool) -> CallerPolicy {
    match *method {
        // A list as CSV is all of it.
        Method::GET if path.ends_with(CSV_PATH) => CallerPolicy::Bulk,
        Method::GET if is_list || AS_LISTS.iter().any(|end| path.ends_with(end)) => CallerPolicy::List,
        Method::GET => CallerPolicy::Read,
        _ if path == PASSWORD => CallerPolicy::Password,
        _ if path.contains("/batch") => CallerPolicy::Bulk,
        _ if path.starts_with(WEBHOOKS) => CallerPolicy::Webhooks,
        _ => CallerPolicy::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::{committed::Contract, routes::RouteTable};

    /// A new public route without a policy fails this test.
    #[test]
    fn every_public_operation_is_limited_but_for_those_of_operations() {
        let contract = Contract::read().unwrap();
        for (path, item) in &contract.paths {
            let is_public = item.operations().any(|(_, operation)| operation.is_public());
            assert_eq!(policy(path).is_some(), is_public && path.starts_with("/v1/"), "{path}");
        }
        let table = RouteTable::of(&contract);
        assert!(table.all().iter().filter(|route| route.is_page()).all(|route| route.policy.is_some()));
        for (path, _) in LIMITED {
            assert!(table.all().iter().any(|route| route.pattern == path), "{path}");
        }
    }

    #[test]
    fn operations_with_an_access_token_are_limited_by_their_cost() {
        let table = RouteTable::of(&Contract::read().unwrap());
        for (method, path, expected) in [
            (Method::GET, "/v1/users", Some(CallerPolicy::List)),
            (Method::GET, "/v1/accounts/{account_id}/sub-accounts", Some(CallerPolicy::List)),
            (Method::GET, "/v1/users.csv", Some(CallerPolicy::Bulk)),
            (Method::GET, "/v1/users/{id}", Some(CallerPolicy::Read)),
            (Method::HEAD, "/v1/users/{id}", Some(CallerPolicy::Read)),
            (Method::GET, "/v1/me", Some(CallerPolicy::Read)),
            (Method::PATCH, "/v1/users/{id}", Some(CallerPolicy::Write)),
            (Method::POST, "/v1/invitations/batch", Some(CallerPolicy::Bulk)),
            (Method::POST, "/v1/invitations/batch/resend", Some(CallerPolicy::Bulk)),
            (Method::GET, "/v1/webhook-endpoints", Some(CallerPolicy::List)),
            (Method::GET, "/v1/webhook-endpoints/{id}", Some(CallerPolicy::Read)),
            (Method::POST, "/v1/webhook-endpoints", Some(CallerPolicy::Webhooks)),
            (Method::PATCH, "/v1/webhook-endpoints/{id}", Some(CallerPolicy::Webhooks)),
            (Method::DELETE, "/v1/webhook-endpoints/{id}", Some(CallerPolicy::Webhooks)),
            (Method::POST, "/v1/webhook-endpoints/{id}/test", Some(CallerPolicy::Webhooks)),
            (Method::POST, "/v1/webhook-endpoints/{id}/replay", Some(CallerPolicy::Webhooks)),
            (Method::POST, "/v1/activations", None),
            (Method::GET, "/healthz", None),
        ] {
            let route = table.all().iter().find(|route| route.pattern == path).unwrap();
            assert_eq!(route.policy_of_caller(&method), expected, "{method} {path}");
        }
    }
}
