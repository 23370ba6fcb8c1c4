//! Accounts that are named after a person whose names change.

use diesel::prelude::*;

use super::{
    Tx,
    error::DbFault,
    schema::{accounts, invitations, memberships},
};
use crate::domain::{erasure::Identifiers, user::User};

/// Marks the accounts of a user that have the user's name in theirs, before another one is written: an
/// erasure finds them by the mark. The account keeps its name, and the former name is kept nowhere else.
pub fn mark(tx: &mut Tx<'_>, user: &User) -> Result<(), DbFault> {
    let Some(name) = user.whole_name() else { return Ok(()) };
    let former = Identifiers::new([], Some(&name));
    let joined =
        memberships::table.filter(memberships::user_id.eq(user.id.as_str())).select(memberships::account_id);
    let mut ids: Vec<String> = joined.load(tx.reading())?;
    let invited = invitations::table
        .filter(invitations::user_id.eq(user.id.as_str()).and(invitations::account_id.is_not_null()))
        .select(invitations::account_id.assume_not_null());
    ids.extend(invited.load::<String>(tx.reading())?);
    let named: Vec<(String, Option<String>)> = accounts::table
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, accounts::name))
        .load(tx.reading())?;
    let named = named.into_iter().filter(|(_, name)| name.as_ref().is_some_and(|name| former.are_in(name)));
    let mut marked: Vec<String> = named.map(|(id, _)| id).collect();
    marked.sort();
    for id in marked {
        diesel::update(accounts::table.find(id))
            .set(accounts::has_former_name.eq(true))
            .execute(tx.writing())?;
    }
    Ok(())
}
