//! Who is calling, and what they may do.

use std::collections::BTreeSet;

use super::{delivery_reports::Provider, ids::AccountId, permission::Permission, role::Roles};

closed_set! {
    /// What kind of caller a token was made for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ActorKind {
        /// A person who signed in.
        User = "user",
        /// A partner's program.
        Client = "client",
        /// Operations, with a token from the command line.
        Cli = "cli",
        /// This service itself, in the timeline: the courier, and the providers that report on letters.
        System = "system",
        /// Whoever holds an activation link.
        Link = "link",
    }
}

/// Who did something, as it is written down beside it. A snapshot: a later change of name leaves it as it
/// was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRef {
    /// What kind of caller.
    pub kind: ActorKind,
    /// The user's id, or what the token calls its subject.
    pub id: String,
    /// What people know them by.
    pub name: String,
}

impl ActorRef {
    /// This service itself.
    #[must_use]
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: "courier".to_owned(), name: "Courier".to_owned() }
    }

    /// A provider that reports what became of a letter.
    #[must_use]
    pub fn provider(provider: Provider) -> Self {
        Self { kind: ActorKind::System, id: provider.name.to_owned(), name: provider.title.to_owned() }
    }

    /// Whoever holds an activation link: nobody has proved who that is.
    #[must_use]
    pub fn link() -> Self {
        Self { kind: ActorKind::Link, id: "activation_link".to_owned(), name: "Activation link".to_owned() }
    }
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who it is.
    pub who: ActorRef,
    /// Of a person: the mark of the password that the token was got with ([`super::token::credential_mark`]).
    pub credential: Option<String>,
    /// Whose idempotency keys these are: the grant that the token is, whatever of it is left by now.
    pub grant: String,
    /// What the token allows.
    pub permissions: BTreeSet<Permission>,
    /// The accounts that the caller owns; what lies under them is theirs to manage.
    pub accounts: Vec<AccountId>,
}

impl Actor {
    /// Whether the token allows it.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether the caller holds everything that the roles allow: nobody grants more than they hold.
    #[must_use]
    pub fn may_grant(&self, roles: &Roles) -> bool {
        roles.permissions().is_subset(&self.permissions)
    }
}
