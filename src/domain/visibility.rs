//! What a caller may see, or act on. Every query takes it as an argument, so that none can forget the check.

use super::{
    actor::Actor, ids::AccountId, invitation::InvitationKind, permission::Permission, user::UserKind,
};

/// The objects that a caller may see. All others do not exist for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visibility {
    /// Staff and their invitations.
    pub staff: bool,
    /// Every customer, account and their invitations.
    pub customers: bool,
    /// All objects of these accounts and of those below them.
    pub account_ids: Vec<AccountId>,
}

impl Visibility {
    /// Everything: for the service itself, as when a link is followed.
    #[must_use]
    pub fn everything() -> Self {
        Self { staff: true, customers: true, account_ids: Vec::new() }
    }

    /// The people and invitations that a caller may read.
    #[must_use]
    pub fn reading(actor: &Actor) -> Self {
        Self {
            staff: actor.may(Permission::SystemUsersRead),
            customers: actor.may(Permission::CustomersRead),
            account_ids: actor.accounts_for(Permission::CustomersRead).to_vec(),
        }
    }

    /// The accounts that a caller may read.
    #[must_use]
    pub fn accounts(actor: &Actor) -> Self {
        Self {
            staff: false,
            customers: actor.may(Permission::AccountsRead),
            account_ids: actor.accounts_for(Permission::AccountsRead).to_vec(),
        }
    }

    /// The API clients that a caller may see, and the accounts for which they may make some: all, unless the
    /// caller belongs to accounts and may not read others.
    #[must_use]
    pub fn clients(actor: &Actor) -> Self {
        let accounts = Self::accounts(actor);
        Self { customers: accounts.customers || actor.accounts.is_empty(), ..accounts }
    }

    /// What a caller may know to exist: a caller who may send an invitation may also know that it exists.
    #[must_use]
    pub fn acting(actor: &Actor) -> Self {
        let reading = Self::reading(actor);
        Self {
            staff: reading.staff || actor.may(Permission::SystemUsersInvite),
            customers: reading.customers || actor.may(Permission::CustomersInvite),
            account_ids: if reading.account_ids.is_empty() {
                actor.accounts_for(Permission::CustomersInvite).to_vec()
            } else {
                reading.account_ids
            },
        }
    }

    /// Whom a caller may invite, and into which accounts. The permission to read others is not enough: for
    /// this they do not exist (404).
    #[must_use]
    pub fn inviting(actor: &Actor) -> Self {
        Self {
            staff: actor.may(Permission::SystemUsersInvite),
            customers: actor.may(Permission::CustomersInvite),
            account_ids: actor.accounts_for(Permission::CustomersInvite).to_vec(),
        }
    }

    /// Whether all invitations of this kind are visible, whatever their account.
    #[must_use]
    pub fn shows(&self, kind: InvitationKind) -> bool {
        match kind {
            InvitationKind::SystemUser => self.staff,
            InvitationKind::AccountOwner | InvitationKind::SubAccount => self.customers,
        }
    }

    /// Whether nothing is visible.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.staff && !self.customers && self.account_ids.is_empty()
    }

    /// The part with this kind of invitation; `None` when it is empty.
    #[must_use]
    pub fn of_invitations(self, kind: InvitationKind) -> Option<Self> {
        match kind {
            InvitationKind::SystemUser => self.of_users(UserKind::SystemUser),
            InvitationKind::AccountOwner | InvitationKind::SubAccount => self.of_users(UserKind::Customer),
        }
    }

    /// The part with any of these kinds, each of which `part` gives; all of it without a kind. `None` when
    /// one of them is not visible.
    #[must_use]
    pub fn of_any<K: Copy>(self, kinds: &[K], part: impl Fn(Self, K) -> Option<Self>) -> Option<Self> {
        let Some((first, rest)) = kinds.split_first() else { return Some(self) };
        rest.iter().try_fold(part(self.clone(), *first)?, |seen, kind| {
            let one = part(self.clone(), *kind)?;
            let account_ids = if seen.account_ids.is_empty() { one.account_ids } else { seen.account_ids };
            let (staff, customers) = (seen.staff || one.staff, seen.customers || one.customers);
            Some(Self { staff, customers, account_ids })
        })
    }

    /// The part with this kind of user; `None` when it is empty.
    #[must_use]
    pub fn of_users(self, kind: UserKind) -> Option<Self> {
        let part = match kind {
            UserKind::SystemUser => Self { customers: false, account_ids: Vec::new(), ..self },
            UserKind::Customer => Self { staff: false, ..self },
        };
        (!part.is_empty()).then_some(part)
    }
}
