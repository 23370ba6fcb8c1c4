//! What a person is invited to: a place among the staff, a new account or an existing one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use invitation_service::domain::{
    account::AccountType,
    actor::ActorRef,
    invitation::InvitationKind,
    reimbursement::Rate,
    role::{Role, Roles},
    sub_account::{MemberRole, UsedBy},
};

use super::{
    addresses::company_domain,
    chance::Chance,
    directory::{Business, Directory},
    names::{self, Name},
};

const BRANCHES: [&str; 12] = [
    "Nord",
    "Süd",
    "Wien",
    "Kraków",
    "Αθήνα",
    "Praha",
    "Lisboa",
    "東京",
    "Antwerpen",
    "Zürich",
    "Łódź",
    "Київ",
];

/// A new account, as the inviter describes it and as it is once it is active.
pub struct NewAccount {
    /// The account above it.
    pub parent: Option<Arc<Business>>,
    /// Who uses it, below a parent.
    pub used_by: Option<UsedBy>,
    /// EUR per kWh.
    pub rate: Option<Rate>,
    /// Whether the inviter gave the name.
    pub is_named: bool,
    /// The name of the active account.
    pub name: String,
    /// Whether the inviter gave the type.
    pub is_typed: bool,
    /// The type of the active account.
    pub account_type: AccountType,
    /// Where its people have their mailboxes.
    pub domain: Option<String>,
}

impl NewAccount {
    /// Whether, once it is active, others may be invited to it and below it.
    pub fn may_have_others(&self) -> bool {
        self.account_type == AccountType::Business
    }
}

/// What one is invited to.
pub enum Target {
    /// The staff, in these roles.
    Staff(Roles),
    /// A new account, in this role.
    New(NewAccount, MemberRole),
    /// An account that is active, as another owner.
    Further(Arc<Business>),
}

impl Target {
    /// What the person of this number is invited to at `at`. The first one becomes an admin.
    pub fn draw(
        chance: &mut Chance,
        directory: &Directory,
        name: &Name,
        (number, at): (u32, DateTime<Utc>),
    ) -> Self {
        let any = |_: &Business| true;
        let drawn = match chance.below(100) {
            _ if number == 0 => return Self::Staff(Roles::from_iter([Role::Admin])),
            0..2 => return Self::Staff(roles(chance)),
            32..42 => directory.business(chance, at, |one| one.parent.is_none()).map(|p| branch(chance, p)),
            42..82 => directory.business(chance, at, any).map(|parent| employee(chance, name, parent)),
            82.. => directory.business(chance, at, any).map(Self::Further),
            _ => None,
        };
        drawn.unwrap_or_else(|| top_level(chance, name))
    }

    /// The kind of the invitation.
    pub fn kind(&self) -> InvitationKind {
        match self {
            Self::Staff(_) => InvitationKind::SystemUser,
            Self::New(NewAccount { parent: Some(_), .. }, _) => InvitationKind::SubAccount,
            Self::New(..) | Self::Further(_) => InvitationKind::AccountOwner,
        }
    }

    /// The role in the account.
    pub fn member_role(&self) -> Option<&'static str> {
        match self {
            Self::Staff(_) => None,
            Self::New(_, role) => Some(role.as_str()),
            Self::Further(_) => Some(MemberRole::AccountOwner.as_str()),
        }
    }

    /// What a pending invitation is unique within, beside its kind and address.
    pub fn scope(&self) -> String {
        let scope = match self {
            Self::New(NewAccount { parent: Some(parent), .. }, _) => Some(parent.id),
            Self::Further(business) => Some(business.id),
            Self::Staff(_) | Self::New(..) => None,
        };
        scope.map(|id| id.to_string()).unwrap_or_default()
    }

    /// Where the person has their mailbox, if not anywhere.
    pub fn domain(&self, chance: &mut Chance) -> Option<&str> {
        let own = match self {
            Self::Staff(_) => return Some("staff.example.com"),
            Self::New(account, _) => account.domain.as_deref(),
            Self::Further(business) => business.domain.as_deref(),
        };
        own.filter(|_| chance.percent(80))
    }

    /// Who invites at `at`: staff, or the owner of the account that it is about.
    pub fn inviter(&self, chance: &mut Chance, directory: &Directory, at: DateTime<Utc>) -> ActorRef {
        let owner = match self {
            Self::Staff(_) => return Directory::inviter(chance, &directory.admins, at),
            Self::New(account, _) => account.parent.as_ref(),
            Self::Further(business) => Some(business),
        };
        match owner.filter(|_| chance.percent(50)) {
            Some(business) => business.owner.at(chance, at),
            None => Directory::inviter(chance, &directory.staff, at),
        }
    }
}

fn roles(chance: &mut Chance) -> Roles {
    let roles: &[Role] = match chance.below(100) {
        0..3 => &[Role::Admin],
        3..11 => &[Role::UserManager],
        11..50 => &[Role::CustomerSupport],
        50..60 => &[Role::Finance],
        60..68 => &[Role::CustomerSupport, Role::Finance],
        68..72 => &[Role::UserManager, Role::Finance],
        _ => &[Role::Viewer],
    };
    roles.iter().copied().collect()
}

fn top_level(chance: &mut Chance, name: &Name) -> Target {
    let company = chance.percent(45).then(|| names::company(chance));
    let account_type = if company.is_some() { AccountType::Business } else { AccountType::Consumer };
    let account = NewAccount {
        parent: None,
        used_by: None,
        rate: None,
        is_named: chance.percent(70),
        domain: company.as_ref().map(|company| company_domain(chance, company)),
        name: company.map_or_else(|| name.full(), |company| company.text),
        is_typed: chance.percent(70),
        account_type,
    };
    Target::New(account, MemberRole::AccountOwner)
}

fn branch(chance: &mut Chance, parent: Arc<Business>) -> Target {
    let account = NewAccount {
        used_by: Some(UsedBy::Subsidiary),
        rate: rate(chance, 60),
        is_named: chance.percent(80),
        name: format!("{} {} {}", parent.name, chance.pick(&BRANCHES), 1 + chance.skewed(40)),
        is_typed: true,
        account_type: AccountType::Business,
        domain: parent.domain.clone(),
        parent: Some(parent),
    };
    Target::New(account, MemberRole::AccountOwner)
}

fn employee(chance: &mut Chance, name: &Name, parent: Arc<Business>) -> Target {
    let is_named = chance.percent(15);
    let car = format!("{} {}", chance.pick(&["Poolwagen", "Company car", "Leaseauto"]), chance.below(5000));
    let account = NewAccount {
        used_by: Some(UsedBy::Employee),
        rate: rate(chance, 85),
        is_named,
        name: if is_named { car } else { name.full() },
        is_typed: chance.percent(60),
        account_type: AccountType::Consumer,
        domain: parent.domain.clone(),
        parent: Some(parent),
    };
    Target::New(account, if chance.percent(92) { MemberRole::Driver } else { MemberRole::AccountOwner })
}

fn rate(chance: &mut Chance, share: u32) -> Option<Rate> {
    let cents = 18 + chance.skewed(30);
    Rate::from_ten_thousandths(i32::try_from(100 * cents).ok()?).filter(|_| chance.percent(share))
}
