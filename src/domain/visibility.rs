//! What a caller may see, or act on: handed to every query, so that none can forget to ask.

use super::{
    actor::Actor, ids::AccountId, invitation::InvitationKind, permission::Permission, user::UserKind,
};

/// A field of view. What lies outside does not exist for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visibility {
    /// Staff and their invitations.
    pub staff: bool,
    /// Every customer, account and their invitations.
    pub customers: bool,
    /// What lies under these accounts, themselves included.
    pub under: Vec<AccountId>,
}

impl Visibility {
    /// Everything: for the service's own eyes, as when a link is followed.
    #[must_use]
    pub fn everything() -> Self {
        Self { staff: true, customers: true, under: Vec::new() }
    }

    /// What a caller may read of people and invitations.
    #[must_use]
    pub fn reading(actor: &Actor) -> Self {
        Self {
            staff: actor.may(Permission::SystemUsersRead),
            customers: actor.may(Permission::CustomersRead),
            under: actor.accounts.clone(),
        }
    }

    /// What a caller may read of accounts.
    #[must_use]
    pub fn accounts(actor: &Actor) -> Self {
        Self { staff: false, customers: actor.may(Permission::AccountsRead), under: actor.accounts.clone() }
    }

    /// What a caller knows of: whoever may send an invitation may also be told that it exists.
    #[must_use]
    pub fn acting(actor: &Actor) -> Self {
        let reading = Self::reading(actor);
        Self {
            staff: reading.staff || actor.may(Permission::SystemUsersInvite),
            customers: reading.customers || actor.may(Permission::CustomersInvite),
            ..reading
        }
    }

    /// Whom a caller may invite, and into which accounts. Being able to read the others is not enough: they
    /// are 404 all the same.
    #[must_use]
    pub fn inviting(actor: &Actor) -> Self {
        Self {
            staff: actor.may(Permission::SystemUsersInvite),
            customers: actor.may(Permission::CustomersInvite),
            under: actor.accounts.clone(),
        }
    }

    /// Whether every invitation of this kind is seen, whatever it leads to.
    #[must_use]
    pub fn shows(&self, kind: InvitationKind) -> bool {
        match kind {
            InvitationKind::SystemUser => self.staff,
            InvitationKind::AccountOwner | InvitationKind::SubAccount => self.customers,
        }
    }

    /// Whether there is nothing to be seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.staff && !self.customers && self.under.is_empty()
    }

    /// The part of it that holds this kind of invitation; `None` when no part does.
    #[must_use]
    pub fn of_invitations(self, kind: InvitationKind) -> Option<Self> {
        match kind {
            InvitationKind::SystemUser => self.of_users(UserKind::SystemUser),
            InvitationKind::AccountOwner | InvitationKind::SubAccount => self.of_users(UserKind::Customer),
        }
    }

    /// The part of it that holds this kind of user; `None` when no part does.
    #[must_use]
    pub fn of_users(self, kind: UserKind) -> Option<Self> {
        let part = match kind {
            UserKind::SystemUser => Self { customers: false, under: Vec::new(), ..self },
            UserKind::Customer => Self { staff: false, ..self },
        };
        (!part.is_empty()).then_some(part)
    }
}
