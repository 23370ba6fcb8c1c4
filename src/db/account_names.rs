//! Accounts by their exact name.

use diesel::{prelude::*, sql_types::Text};

use super::{
    accounts::row::Row,
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::accounts,
    visibility,
};
use crate::domain::{
    account::{Account, AccountName},
    visibility::Visibility,
};

/// The most accounts of one name.
const MAX_FOUND: i64 = 200;

/// The visible accounts with exactly this name, without regard to case, newest first.
///
/// The order is one that no index has: a plan that is made on an empty table would otherwise read all
/// accounts in the order of their ids, and be kept when there are many.
pub fn find(
    connection: &mut AnyConnection,
    name: &AccountName,
    visibility: &Visibility,
) -> Result<Vec<Account>, DbFault> {
    let rows = accounts::table
        .filter(accounts::removed_at.is_null())
        .filter(accounts::name_key.eq(name.key()).assume_not_null())
        .order(accounts::id.concat("".into_sql::<Text>()).desc())
        .limit(MAX_FOUND)
        .into_boxed::<MultiBackend>()
        .filter(visibility::accounts(visibility))
        .load::<Row>(connection)?;
    rows.into_iter().map(Account::try_from).collect()
}
