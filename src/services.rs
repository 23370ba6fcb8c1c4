//! What callers can ask for: one verb a file, each a decision and a transaction.
//!
//! A service knows the database and the clock. It knows no HTTP and no transport: letters leave through the
//! outbox.

pub mod access_token;
pub mod activate;
pub mod backlog;
pub mod cleanup;
pub mod cursor;
pub mod delivery_reports;
mod error;
pub mod guess_guard;
pub mod idempotency;
pub mod invite;
pub mod letter_quota;
pub mod memberships;
pub mod password_check;
pub mod password_hasher;
pub mod preview;
pub mod queries;
pub mod renew;
pub mod resend;
pub mod revoke;
pub mod session;
pub mod sign_in;
pub mod suppressions;
mod timeline;
pub mod update;
pub mod withdraw;

use std::{sync::Arc, time::Duration};

use secrecy::SecretString;
use tokio::sync::Notify;

pub use self::error::ServiceError;
use self::{access_token::AccessTokens, guess_guard::GuessGuard, password_hasher::Hasher};
use crate::{
    clock::Clock,
    db::{Db, invitations::lookup::Lookups},
    domain::{
        company::CompanyVat,
        ids::InvitationId,
        letter_quota::LetterLimits,
        link_lifetime::LinkLifetime,
        token::{LinkClaim, LinkKeys},
    },
};

/// Everything that a service needs. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// Looks at invitations that share queries.
    pub lookups: Lookups,
    /// Requests with idempotency keys that share commits.
    pub keys: idempotency::Queue,
    /// Invites that share commits.
    pub invites: invite::Queue,
    /// Activations that share commits.
    pub activations: activate::Queue,
    /// Time, ids and random numbers.
    pub clock: Clock,
    /// The keys that make and check activation links.
    pub links: LinkKeys,
    /// The keys that make and check access tokens.
    pub access_tokens: AccessTokens,
    /// Slows down whoever guesses at secrets.
    pub guesses: Arc<GuessGuard>,
    /// Hashes passwords, a few at a time.
    pub hasher: Hasher,
    /// What the operator has decided.
    pub rules: Rules,
    /// Rung when a letter was put into the outbox.
    pub outbox_wakeup: Arc<Notify>,
}

/// What the operator has decided.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How long a link lives.
    pub link_lifetime: LinkLifetime,
    /// How long after a sending the next one may follow.
    pub resend_cooldown: Duration,
    /// The shortest password, in code points.
    pub password_min_length: usize,
    /// How many letters may be asked for in a day.
    pub letters: LetterLimits,
    /// Whether people may send themselves a fresh link.
    pub self_renewal: bool,
    /// Whether a company must have a VAT number.
    pub company_vat: CompanyVat,
    /// The operator's name, as letters and the page show it.
    pub organisation: String,
    /// The page that a link opens; `?token=…` is added.
    pub activation_url: url::Url,
}

impl Services {
    /// The link of a sending, whole, for whoever hands it over.
    #[must_use]
    pub fn link(&self, invitation: InvitationId, generation: i32) -> SecretString {
        self.links.link(&self.rules.activation_url, LinkClaim { invitation, generation })
    }
}
