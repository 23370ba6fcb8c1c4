//! Rows of accounts and of people.

use chrono::{DateTime, Utc};
use invitation_service::domain::{
    account::{AccountName, AccountStatus, AccountType},
    email::Email,
    ids::{AccountId, UserId},
    reimbursement::Rate,
    search_text::{of_email, of_person, search_key},
    sub_account::UsedBy,
    user::UserStatus,
};

use super::{
    batch::Batch,
    chance::Chance,
    company::Companies,
    names::Name,
    place::NewAccount,
    tables::{AccountRow, LineageRow, UserRow},
};

/// The password of everyone, hashed as the service hashes (Argon2id; 19 MiB, 2 passes, 1 lane): "seven green
/// bicycles sing at noon".
pub const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2VlZCBmb3IgYmVuY2hlcw$SUIcqSnPy8uR321YCtAxO2YRiVywOpMg6o7tQf9Y7wg";

/// What became of an account or a person that an invitation was about.
#[derive(Debug, Clone, Copy)]
pub enum Life {
    /// Invited.
    Invited,
    /// Activated at that time.
    Active(DateTime<Utc>),
    /// Removed at that time, never having been activated.
    Removed(DateTime<Utc>),
}

impl Life {
    fn removed_at(self) -> Option<DateTime<Utc>> {
        if let Self::Removed(at) = self { Some(at) } else { None }
    }
}

/// Adds an account, with its lineage.
pub fn account(
    (chance, batch): (&mut Chance, &mut Batch),
    companies: &Companies,
    account: &NewAccount,
    (id, at, life): (AccountId, DateTime<Utc>, Life),
) {
    let is_active = matches!(life, Life::Active(_));
    let name = Some(&account.name).filter(|_| is_active || account.is_named);
    let status = if is_active { AccountStatus::Active } else { AccountStatus::Invited };
    let account_type = Some(account.account_type).filter(|_| is_active || account.is_typed);
    let mut row = AccountRow {
        id: id.into(),
        name: name.cloned().into(),
        name_key: name.and_then(|name| AccountName::parse(name).ok()).map(|name| name.key()).into(),
        search_text: name.map(|name| search_key(name)).unwrap_or_default().into(),
        account_type: account_type.map(AccountType::as_str).into(),
        status: status.as_str().into(),
        parent_account_id: account.parent.as_ref().map(|parent| parent.id).into(),
        used_by: account.used_by.map(UsedBy::as_str).into(),
        rate: account.rate.map(Rate::ten_thousandths).into(),
        created_at: at.into(),
        removed_at: life.removed_at().into(),
        ..AccountRow::default()
    };
    if is_active && account.account_type == AccountType::Business {
        companies.fill(chance, &account.name, &mut row);
    }
    batch.push(row);
    let above = account.parent.iter().flat_map(|parent| [Some(parent.id), parent.parent]).flatten();
    for ancestor in above.chain([id]) {
        batch.push(LineageRow { account_id: id.into(), ancestor_id: ancestor.into() });
    }
}

/// A person who was invited at `at`.
pub fn user((id, email, at): (UserId, &Email, DateTime<Utc>), name: &Name, life: Life) -> UserRow {
    let invited = UserRow {
        id: id.into(),
        email: email.as_str().to_owned().into(),
        email_key: email.key().to_owned().into(),
        search_text: of_email(email).into(),
        status: UserStatus::Invited.as_str().into(),
        created_at: at.into(),
        removed_at: life.removed_at().into(),
        ..UserRow::default()
    };
    let Life::Active(activated_at) = life else { return invited };
    let (first, last) = (&name.given.text, &name.family.text);
    UserRow {
        search_text: of_person(email, first, last).into(),
        first_name: first.clone().into(),
        last_name: last.clone().into(),
        status: UserStatus::Active.as_str().into(),
        password_hash: PASSWORD_HASH.into(),
        activated_at: activated_at.into(),
        address_proven_at: activated_at.into(),
        ..invited
    }
}
