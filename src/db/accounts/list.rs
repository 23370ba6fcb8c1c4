//! Lists of accounts, with all filters, and the indexes by which they are read.

use diesel::prelude::*;

use super::row::Row;
use crate::db::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::accounts,
    search::{self, Matches, SearchedText},
    sql::{
        condition::{Condition, is_present},
        id_set::InSet,
        page::{Direction, Page, Source, Walk, beyond},
        pieces::read_page,
    },
    visibility::{self, only_below},
};
use crate::domain::{
    account::{Account, AccountType},
    ids::AccountId,
    sub_account::UsedBy,
    visibility::Visibility,
};

/// Which accounts a list shows. An empty list of values does not filter.
#[derive(Debug, Clone)]
pub struct AccountFilter {
    /// What the caller may see.
    pub visibility: Visibility,
    /// Of one of these types.
    pub account_types: Vec<AccountType>,
    /// Directly below this account.
    pub parent: Option<AccountId>,
    /// Used by one of these.
    pub used_by: Vec<UsedBy>,
    /// With this text in the name.
    pub search: Option<String>,
    /// Only these accounts.
    pub ids: Option<Vec<AccountId>>,
    /// Older than this one.
    pub before: Option<AccountId>,
    /// The maximum number of rows.
    pub limit: i64,
}

impl AccountFilter {
    /// All visible accounts.
    #[must_use]
    pub fn all(visibility: Visibility, limit: i64) -> Self {
        Self {
            visibility,
            account_types: Vec::new(),
            parent: None,
            used_by: Vec::new(),
            search: None,
            ids: None,
            before: None,
            limit,
        }
    }
}

const ID: &str = "accounts.id";
const ACCOUNTS: Source = Source { from: "accounts", id: ID, repeats: false, is_ordered: true };
/// Few accounts, which are sorted.
const FEW: Source = Source { is_ordered: false, ..ACCOUNTS };

type OfAccounts = Condition<accounts::table>;

/// The accounts that match `filter`, newest first.
pub fn list(connection: &mut AnyConnection, filter: &AccountFilter) -> Result<Vec<Account>, DbFault> {
    let text = filter.search.as_deref().map(SearchedText::new);
    let before = filter.before.map(|id| id.to_string());
    let plain = |source| {
        let before = beyond::<accounts::table>(ID, Direction::Descending, before.clone());
        matching(Walk::of(source), filter, text.as_ref()).when(before)
    };
    let few = few(connection, filter, text.as_ref())?;
    read_page(few, Direction::Descending, before.clone(), filter.limit, |piece, limit| {
        let walks = match piece {
            None => walks(filter, plain),
            Some(piece) => vec![plain(FEW).when(InSet::condition::<accounts::table>(ID, piece))],
        };
        rows(connection, filter, walks, limit)
    })
}

/// The accounts that these walks find, newest first.
fn rows(
    connection: &mut AnyConnection,
    filter: &AccountFilter,
    walks: Vec<Walk>,
    limit: i64,
) -> Result<Vec<Account>, DbFault> {
    let filters = filter.account_types.len() + filter.used_by.len() + usize::from(filter.parent.is_some());
    let page = Page::new(walks, Direction::Descending, limit).of_filters(filters);
    accounts::table
        .order(accounts::id.desc())
        .into_boxed::<MultiBackend>()
        .filter(page.contains::<accounts::table>(ID))
        .load::<Row>(connection)?
        .into_iter()
        .map(Account::try_from)
        .collect()
}

/// The accounts among whom all of the list are, unless these are many.
fn few(
    connection: &mut AnyConnection,
    filter: &AccountFilter,
    text: Option<&SearchedText>,
) -> Result<Option<Vec<String>>, DbFault> {
    if filter.ids.is_some() || filter.parent.is_some() {
        return Ok(None);
    }
    if only_below(&filter.visibility)
        && let Some(few) = visibility::few_accounts(connection, &filter.visibility.account_ids)?
    {
        return Ok(Some(few));
    }
    match text.map(|text| search::accounts(connection, text)).transpose()? {
        Some(Matches::Ids(ids)) => Ok(Some(ids)),
        Some(Matches::Common) | None => Ok(None),
    }
}

/// The walks that together find all accounts of the filter.
fn walks(filter: &AccountFilter, plain: impl Fn(Source) -> Walk) -> Vec<Walk> {
    if filter.ids.is_some() {
        return vec![plain(FEW)];
    }
    if filter.parent.is_some() {
        return vec![plain(ACCOUNTS)];
    }
    // One walk for each value of the filter that has an index.
    let values: Vec<OfAccounts> = match (&filter.used_by[..], &filter.account_types[..]) {
        ([], []) => return vec![plain(ACCOUNTS)],
        ([], types) => types
            .iter()
            .map(|one| Condition::has_value("accounts.account_type || '' = ", one.as_str()))
            .collect(),
        (used_by, _) => used_by
            .iter()
            .map(|one| Condition::has_value("accounts.used_by || '' = ", one.as_str()))
            .collect(),
    };
    values.into_iter().map(|value| plain(ACCOUNTS).when(value)).collect()
}

fn matching(walk: Walk, filter: &AccountFilter, text: Option<&SearchedText>) -> Walk {
    let given = [
        filter.parent.map(|parent| {
            Condition::when(accounts::parent_account_id.eq(parent.to_string()).assume_not_null())
        }),
        text.map(|text| Condition::contains("accounts.search_text", text.pattern())),
        filter.ids.as_ref().map(|ids| InSet::condition(ID, ids.iter().map(ToString::to_string).collect())),
    ];
    let walk = walk
        .when(is_present::<accounts::table>("accounts.removed_at"))
        .when(visibility::accounts(&filter.visibility))
        .when(OfAccounts::any(filter.account_types.iter().map(|one| has_type(*one))))
        .when(OfAccounts::any(filter.used_by.iter().map(|one| is_used_by(*one))));
    given.into_iter().flatten().fold(walk, Walk::when::<accounts::table>)
}

fn has_type(account_type: AccountType) -> OfAccounts {
    Condition::when(accounts::account_type.eq(account_type.as_str()).assume_not_null())
}

fn is_used_by(used_by: UsedBy) -> OfAccounts {
    Condition::when(accounts::used_by.eq(used_by.as_str()).assume_not_null())
}

/// One account, if it is visible.
pub fn get(
    connection: &mut AnyConnection,
    id: AccountId,
    visibility: &Visibility,
) -> Result<Option<Account>, DbFault> {
    Ok(of_ids(connection, &[id], visibility)?.pop())
}

/// Those of these accounts that are visible, in no order.
pub fn of_ids(
    connection: &mut AnyConnection,
    ids: &[AccountId],
    visibility: &Visibility,
) -> Result<Vec<Account>, DbFault> {
    list(
        connection,
        &AccountFilter { ids: Some(ids.to_vec()), ..AccountFilter::all(visibility.clone(), i64::MAX) },
    )
}
