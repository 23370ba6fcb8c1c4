//! Erases a person's name from accounts.
//!
//! Only accounts that the person leaves without a member or a pending invitation lose their name, and only if
//! it may be the person's: an account that was never activated, a consumer's, or one whose name contains the
//! person's, present or former. A company's data stay: they are not a person's. Where the schema asks for a
//! name it is the account's id.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::traces::Traces;
use crate::db::{
    Tx,
    error::DbFault,
    schema::{accounts, invitations, memberships},
};
use crate::domain::{
    account::{AccountStatus, AccountType},
    case_fold::fold,
    invitation::InvitationState,
};

/// Id, name, type and status, and whether the name has a former one of a person.
type Row = (String, Option<String>, Option<String>, String, bool);

/// Erases the names, and returns the ids of these accounts.
pub(super) fn erase(tx: &mut Tx<'_>, traces: &Traces) -> Result<Vec<String>, DbFault> {
    let mut erased = Vec::new();
    for (id, name, account_type, status, has_former_name) in left(tx, traces)? {
        let is_invited = status == AccountStatus::Invited.as_str();
        let is_consumer = account_type.as_deref() == Some(AccountType::Consumer.as_str());
        let is_named_after = has_former_name || name.is_some_and(|name| traces.identifiers.are_in(&name));
        if !is_invited && !is_consumer && !is_named_after {
            continue;
        }
        let name = (!is_invited).then_some(id.as_str());
        diesel::update(accounts::table.find(&id))
            .set((
                accounts::name.eq(name),
                accounts::name_key.eq(name.map(fold)),
                accounts::search_text.eq(""),
                accounts::has_former_name.eq(false),
            ))
            .execute(tx.writing())?;
        erased.push(id);
    }
    Ok(erased)
}

/// The accounts with a name that the person leaves without a member or a pending invitation.
fn left(tx: &mut Tx<'_>, traces: &Traces) -> Result<Vec<Row>, DbFault> {
    let others = memberships::table
        .filter(memberships::account_id.eq(accounts::id))
        .filter(memberships::user_id.ne_all(traces.user_ids()));
    let awaited = invitations::table
        .filter(invitations::account_id.eq(accounts::id.nullable()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()));
    let left = accounts::table
        .filter(accounts::id.eq_any(&traces.accounts).and(accounts::name.is_not_null()))
        .filter(not(exists(others)).and(not(exists(awaited))))
        .select((
            accounts::id,
            accounts::name,
            accounts::account_type,
            accounts::status,
            accounts::has_former_name,
        ))
        .order(accounts::id)
        .load::<Row>(tx.reading())?;
    Ok(left)
}
