//! Accounts and their ancestors.

mod list;
pub(super) mod row;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    removal::Removal,
    schema::{account_lineage, accounts, invitations},
    sql::timestamp::At,
};
use crate::domain::{
    account::{AccountName, AccountStatus, AccountType},
    company::Company,
    ids::AccountId,
    invitation::InvitationState,
    reimbursement::Rate,
    search_text::search_key,
    sub_account::UsedBy,
};
use row::company_row;

pub use self::list::{AccountFilter, get, list, of_ids};

/// An account created for an invitation.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The id.
    pub id: AccountId,
    /// Its name, when the inviter gave one.
    pub name: Option<AccountName>,
    /// Its type, likewise.
    pub account_type: Option<AccountType>,
    /// The parent account, and who uses the new one.
    pub parent: Option<(AccountId, UsedBy)>,
    /// EUR per kWh.
    pub rate: Option<Rate>,
    /// The time of creation.
    pub at: DateTime<Utc>,
}

rows! {
    struct NewRow<'a> of accounts {
        id: &'a str,
        name: Option<&'a str>,
        name_key: Option<String>,
        search_text: String,
        account_type: Option<&'a str>,
        status: &'a str,
        parent_account_id: Option<&'a str>,
        used_by: Option<&'a str>,
        rate: Option<i32>,
        created_at: At,
    }
    insert
}

rows! {
    struct LineageRow<'a> of account_lineage {
        account_id: &'a str,
        ancestor_id: &'a str,
    }
    insert
}

/// The lineage rows of one statement: two columns each, well within SQLite's limit of 32,766 parameters.
const LINES: usize = 8192;

/// Inserts accounts, with a lineage row for each ancestor and one for the account itself.
pub fn insert(tx: &mut Tx<'_>, new: &[&NewAccount]) -> Result<(), DbFault> {
    if new.is_empty() {
        return Ok(());
    }
    let rows: Vec<NewRow<'_>> = new
        .iter()
        .map(|account| NewRow {
            id: account.id.as_str(),
            name: account.name.as_ref().map(AccountName::as_str),
            name_key: account.name.as_ref().map(AccountName::key),
            search_text: account.name.as_ref().map(|name| search_key(name.as_str())).unwrap_or_default(),
            account_type: account.account_type.map(AccountType::as_str),
            status: AccountStatus::Invited.as_str(),
            parent_account_id: account.parent.as_ref().map(|(parent, _)| parent.as_str()),
            used_by: account.parent.map(|(_, used_by)| used_by.as_str()),
            rate: account.rate.map(Rate::ten_thousandths),
            created_at: At(account.at),
        })
        .collect();
    NewRow::insert(tx.writing(), &rows)?;
    let above = lineage(tx, new)?;
    let lines: Vec<LineageRow<'_>> = above
        .iter()
        .map(|(account, ancestor)| LineageRow { account_id: account, ancestor_id: ancestor })
        .collect();
    // A thousand accounts deep in a tree have more ancestors than one statement takes.
    for lines in lines.chunks(LINES) {
        LineageRow::insert(tx.writing(), lines)?;
    }
    Ok(())
}

fn lineage(tx: &mut Tx<'_>, new: &[&NewAccount]) -> Result<Vec<(String, String)>, DbFault> {
    let parents: Vec<&str> =
        new.iter().filter_map(|account| account.parent.as_ref().map(|(id, _)| id.as_str())).collect();
    let known = account_lineage::table
        .filter(account_lineage::account_id.eq_any(parents))
        .load::<(String, String)>(tx.reading())?;
    let mut above: HashMap<String, Vec<String>> = HashMap::new();
    for (account, ancestor) in known {
        above.entry(account).or_default().push(ancestor);
    }
    let pairs = new.iter().flat_map(|account| {
        let id = account.id.to_string();
        let parent = account.parent.as_ref().and_then(|(parent, _)| above.get(parent.as_str()));
        let ancestors = parent.into_iter().flatten().map({
            let id = id.clone();
            move |ancestor| (id.clone(), ancestor.clone())
        });
        ancestors.chain([(id.clone(), id)]).collect::<Vec<_>>()
    });
    Ok(pairs.collect())
}

/// The data that an account gets when its first owner, or its driver, activates.
#[derive(Debug, Clone)]
pub struct ActivatedAccountData {
    /// Its name.
    pub name: AccountName,
    /// Its type.
    pub account_type: AccountType,
    /// The company, of a business account.
    pub company: Option<Company>,
}

/// Activates an invited account.
pub fn activate(tx: &mut Tx<'_>, id: AccountId, life: &ActivatedAccountData) -> Result<Guarded, DbFault> {
    let changed = diesel::update(accounts::table)
        .filter(accounts::id.eq(id.as_str()))
        .filter(accounts::status.eq(AccountStatus::Invited.as_str()))
        .filter(accounts::removed_at.is_null())
        .set((
            accounts::status.eq(AccountStatus::Active.as_str()),
            accounts::name.eq(life.name.as_str()),
            accounts::name_key.eq(life.name.key()),
            accounts::search_text.eq(search_key(life.name.as_str())),
            accounts::account_type.eq(life.account_type.as_str()),
            company_row(life.company.as_ref()),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Removes an account that was never activated and has no pending invitation.
pub fn remove_if_orphaned(tx: &mut Tx<'_>, id: AccountId, now: DateTime<Utc>) -> Result<Removal, DbFault> {
    Ok(Removal::of(remove_orphaned(tx, &[id], now)?))
}

/// Removes those of these accounts that were never activated and have no pending invitation. Returns their
/// number.
pub fn remove_orphaned(tx: &mut Tx<'_>, ids: &[AccountId], now: DateTime<Utc>) -> Result<usize, DbFault> {
    if ids.is_empty() {
        return Ok(0);
    }
    let ids: Vec<&str> = ids.iter().map(AccountId::as_str).collect();
    let awaited = invitations::table
        .filter(invitations::account_id.eq(accounts::id.nullable()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()));
    let removed = diesel::update(accounts::table)
        .filter(accounts::id.eq_any(ids))
        .filter(accounts::status.eq(AccountStatus::Invited.as_str()))
        .filter(accounts::removed_at.is_null())
        .filter(not(exists(awaited)))
        .set(accounts::removed_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(removed)
}

/// Those of these accounts that are in `owned` or below an account in it.
pub fn under(
    connection: &mut AnyConnection,
    ids: &[AccountId],
    owned: &[AccountId],
) -> Result<HashSet<AccountId>, DbFault> {
    let text = |ids: &[AccountId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    let found = account_lineage::table
        .filter(
            account_lineage::account_id
                .eq_any(text(ids))
                .and(account_lineage::ancestor_id.eq_any(text(owned))),
        )
        .select(account_lineage::account_id)
        .load::<String>(connection)?;
    let corrupt =
        |id: &str| DbFault::Corrupt { table: "account_lineage", column: "account_id", row: id.to_owned() };
    found.into_iter().map(|id| id.parse().map_err(|_| corrupt(&id))).collect()
}

/// The top-level account of each of these accounts.
pub fn roots(
    connection: &mut AnyConnection,
    ids: &[AccountId],
) -> Result<HashMap<AccountId, AccountId>, DbFault> {
    let found = account_lineage::table
        .inner_join(accounts::table.on(accounts::id.eq(account_lineage::ancestor_id)))
        .filter(account_lineage::account_id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()))
        .filter(accounts::parent_account_id.is_null())
        .select((account_lineage::account_id, account_lineage::ancestor_id))
        .load::<(String, String)>(connection)?;
    let corrupt =
        |id: &str| DbFault::Corrupt { table: "account_lineage", column: "account_id", row: id.to_owned() };
    let parse = |id: String| id.parse().map_err(|_| corrupt(&id));
    found.into_iter().map(|(account, root)| Ok((parse(account)?, parse(root)?))).collect()
}
