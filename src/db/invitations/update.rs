//! Updates a pending invitation, and reassigns it to another person.

use diesel::{prelude::*, sql_types::Text};

use super::row::updated_row;
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{accounts, invitations, users},
    users::{self as people, LockedUser, NewUser, UserSelector},
};
use crate::domain::{
    account::{AccountName, AccountStatus},
    email::Email,
    ids::{AccountId, InvitationId, UserId},
    invitation::{Invitation, InvitationState},
    patch::Change,
    reimbursement::Rate,
    search_text::{of_email, search_key},
    user::UserStatus,
};

/// The person to whom an invitation is reassigned, locked.
#[derive(Debug, Clone)]
pub struct NewRecipient {
    /// The person.
    pub user: LockedUser,
    /// Whether the user row was inserted in this transaction, so that it has no memberships or invitations.
    pub is_new: bool,
}

/// Takes an exclusive lock for updates of this invitation, before any person is locked. Each change of
/// address reassigns it to another person, so without this lock a transaction that had locked the previous
/// person would have to restart, again and again under contention.
pub fn lock_invitation(tx: &mut Tx<'_>, id: InvitationId) -> Result<(), DbFault> {
    if let AnyConnection::Postgres(c) = tx.writing() {
        // Held until the transaction ends. A waiter here holds no other lock, so it cannot cause a deadlock.
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(id.as_str())
            .execute(c)?;
    }
    Ok(())
}

/// Locks the person of `from`, and the person with the new address, who is inserted first unless the row
/// exists.
///
/// The lock order is that of every transaction that locks several people: inserts before locks, then by
/// address. A person who existed and was removed meanwhile is not inserted now, after a lock: the transaction
/// is retried ([`DbFault::TryAgain`]).
pub fn lock_both(tx: &mut Tx<'_>, from: &Email, to: &NewUser) -> Result<NewRecipient, DbFault> {
    let is_new = !people::insert(tx, &[to])?.is_empty();
    let locked = people::lock_where(tx, &UserSelector::Keys(&[from.key(), to.email.key()]))?;
    let recipient = locked
        .into_iter()
        .find(|(key, _)| key == to.email.key())
        .map(|(_, user)| NewRecipient { user, is_new });
    recipient.ok_or(DbFault::TryAgain)
}

/// Writes `new` to the invitation, if it is still pending at `generation`.
pub fn invitation(
    tx: &mut Tx<'_>,
    (id, generation): (InvitationId, i32),
    new: &Invitation,
) -> Result<Guarded, DbFault> {
    let changed = diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .set(updated_row(new))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Changes the name and the rate of an account that is not activated and not removed.
pub fn account(
    tx: &mut Tx<'_>,
    id: AccountId,
    name: &Change<AccountName>,
    rate: &Change<Rate>,
) -> Result<Guarded, DbFault> {
    #[derive(AsChangeset)]
    #[diesel(table_name = accounts)]
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether the column is set, the inner one to what"
    )]
    struct Columns<'a> {
        name: Option<Option<&'a str>>,
        name_key: Option<Option<String>>,
        search_text: Option<String>,
        rate: Option<Option<i32>>,
    }
    let name = name.is_named().then(|| name.of(None));
    let columns = Columns {
        name: name.as_ref().map(|name| name.as_ref().map(AccountName::as_str)),
        name_key: name.as_ref().map(|name| name.as_ref().map(AccountName::key)),
        search_text: name
            .as_ref()
            .map(|name| name.as_ref().map(|name| search_key(name.as_str())).unwrap_or_default()),
        rate: rate.is_named().then(|| rate.of(None).map(Rate::ten_thousandths)),
    };
    let changed = diesel::update(accounts::table)
        .filter(accounts::id.eq(id.as_str()))
        .filter(accounts::status.eq(AccountStatus::Invited.as_str()))
        .filter(accounts::removed_at.is_null())
        .set(&columns)
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Updates the spelling of the address of a user who never activated. Active users keep their own.
pub fn update_email_spelling(tx: &mut Tx<'_>, user: UserId, email: &Email) -> Result<(), DbFault> {
    diesel::update(users::table)
        .filter(users::id.eq(user.as_str()).and(users::email_key.eq(email.key())))
        .filter(users::status.eq(UserStatus::Invited.as_str()))
        .set((users::email.eq(email.as_str()), users::search_text.eq(of_email(email))))
        .execute(tx.writing())?;
    Ok(())
}
