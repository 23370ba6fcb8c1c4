//! Callers and their permissions.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    delivery_reports::Provider,
    ids::{AccountId, ClientId, SessionId, TokenId, UserId},
    networks::Networks,
    origin::Origin,
    permission::Permission,
    role::Roles,
};

closed_set! {
    /// The kind of caller that a token was made for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ActorKind {
        /// A person who signed in.
        User = "user",
        /// A partner's program.
        Client = "client",
        /// An operator, with a token from the command line.
        Cli = "cli",
        /// This service itself, in the timeline: the courier, and the providers that report on letters.
        System = "system",
        /// The holder of an activation link.
        Link = "link",
    }
}

/// Who did something, as recorded with the action. A snapshot: a later change of name does not affect it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRef {
    /// The kind of caller.
    pub kind: ActorKind,
    /// The user's id, or the subject of the token; of an identity provider's token its issuer, `#`, and its
    /// subject.
    pub id: String,
    /// The display name.
    pub name: String,
    /// Where the caller's request came from; not stored with the action, but in its audit event.
    pub origin: Option<Origin>,
}

impl ActorRef {
    /// This service itself.
    #[must_use]
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: "courier".to_owned(), name: "Courier".to_owned(), origin: None }
    }

    /// The name to show; `organisation` in place of an erased user's, which is empty.
    #[must_use]
    pub fn shown_name<'a>(&'a self, organisation: &'a str) -> &'a str {
        if self.name.is_empty() { organisation } else { &self.name }
    }

    /// A provider that reports on a letter.
    #[must_use]
    pub fn provider(provider: Provider) -> Self {
        Self {
            kind: ActorKind::System,
            id: provider.name.to_owned(),
            name: provider.title.to_owned(),
            origin: None,
        }
    }

    /// The holder of an activation link, whose identity is not proven.
    #[must_use]
    pub fn link(origin: Option<Origin>) -> Self {
        let (id, name) = ("activation_link".to_owned(), "Activation link".to_owned());
        Self { kind: ActorKind::Link, id, name, origin }
    }
}

/// Who vouches for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenIssuer {
    /// This service: the token is ours.
    Own,
    /// An identity provider. Its people have no row among our users.
    Provider,
}

/// Where the permissions of a token hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everywhere. Owners may do more below their own accounts.
    Everywhere,
    /// Below the accounts of the token, and nowhere else: of an API client that was made for an account.
    Accounts,
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The caller.
    pub who: ActorRef,
    /// Who vouches for them.
    pub issuer: TokenIssuer,
    /// For a user: the mark of the password with which the token was obtained
    /// ([`super::token::credential_mark`]).
    pub credential: Option<String>,
    /// For a user: the session that the token belongs to.
    pub session: Option<SessionId>,
    /// The token's id, if it is one of this service.
    pub token: Option<TokenId>,
    /// When the token was issued, in whole seconds.
    pub issued_at: DateTime<Utc>,
    /// The owner of the caller's idempotency keys: the grant in the token, however much of it is still valid.
    pub grant: String,
    /// The permissions of the token.
    pub permissions: BTreeSet<Permission>,
    /// The roles of the token.
    pub roles: Roles,
    /// When the token expires.
    pub expires_at: DateTime<Utc>,
    /// The accounts that the caller owns and, with all accounts below them, may manage.
    pub accounts: Vec<AccountId>,
    /// Where the permissions hold.
    pub reach: Reach,
    /// The networks from which the token may be used.
    pub networks: Networks,
}

impl Actor {
    /// The user who calls; `None` for a program, for the command line, and for whomever an identity provider
    /// vouches for.
    #[must_use]
    pub fn person(&self) -> Option<UserId> {
        self.who.id.parse().ok().filter(|_| self.is_user())
    }

    /// Whether the caller is a user of ours, whose rights may have changed since the token was made.
    #[must_use]
    pub fn is_user(&self) -> bool {
        (self.issuer, self.who.kind) == (TokenIssuer::Own, ActorKind::User)
    }

    /// The API client that calls.
    #[must_use]
    pub fn api_client(&self) -> Option<ClientId> {
        let is_client = (self.issuer, self.who.kind) == (TokenIssuer::Own, ActorKind::Client);
        self.who.id.parse().ok().filter(|_| is_client)
    }

    /// Whether the token has this permission everywhere.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.reach == Reach::Everywhere && self.permissions.contains(&permission)
    }

    /// The accounts below which the caller may do what this permission of customers allows, where it does not
    /// hold everywhere. An owner may do it all.
    #[must_use]
    pub fn accounts_for(&self, permission: Permission) -> &[AccountId] {
        match self.reach {
            Reach::Accounts if !self.permissions.contains(&permission) => &[],
            _ => &self.accounts,
        }
    }

    /// Whether the caller has all permissions of the roles: no caller may grant more than their own.
    #[must_use]
    pub fn may_grant(&self, roles: &Roles) -> bool {
        roles.permissions().into_iter().all(|permission| self.may(permission))
    }
}
