//! Finds what is held about a person.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, memberships, users},
};
use crate::domain::{email::Email, erasure::Identifiers, ids::UserId, user::User};

/// What is held about a person: the keys by which their rows are found.
#[derive(Debug)]
pub struct Traces {
    /// The user, and those with the same address who were removed before.
    pub(super) users: Vec<UserId>,
    /// The present address of the user.
    pub(super) email: Email,
    /// The invitations of these users.
    pub(super) invitations: Vec<String>,
    /// The accounts that they belonged to or were invited to.
    pub(super) accounts: Vec<String>,
    /// The address in every form in which it was written, in lower case.
    pub(super) spellings: BTreeSet<String>,
    /// The address, and their whole name.
    pub(super) identifiers: Identifiers,
}

impl Traces {
    pub(super) fn user_ids(&self) -> Vec<&str> {
        self.users.iter().map(UserId::as_str).collect()
    }
}

/// Finds the traces of a locked user.
pub fn find(tx: &mut Tx<'_>, user: &User) -> Result<Traces, DbFault> {
    let connection = tx.reading();
    let users = same_address(connection, user)?;
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let invited: Vec<(String, Option<String>, String)> = invitations::table
        .filter(invitations::user_id.eq_any(&ids))
        .select((invitations::id, invitations::account_id, invitations::email))
        .order(invitations::id)
        .load(connection)?;
    let joined: Vec<String> = memberships::table
        .filter(memberships::user_id.eq_any(&ids))
        .select(memberships::account_id)
        .load(connection)?;
    let accounts: BTreeSet<String> =
        invited.iter().filter_map(|(_, account, _)| account.clone()).chain(joined).collect();
    let typed = invited.iter().filter_map(|(.., email)| Email::parse(email).ok());
    let emails: Vec<Email> = typed.chain([user.email.clone()]).collect();
    let forms = |email: &Email| [email.as_str().to_owned(), email.unicode(), email.key().to_owned()];
    let name = user.first_name.as_ref().zip(user.last_name.as_ref());
    let name = name.map(|(first, last)| format!("{first} {last}"));
    Ok(Traces {
        users,
        email: user.email.clone(),
        invitations: invited.into_iter().map(|(id, ..)| id).collect(),
        accounts: accounts.into_iter().collect(),
        spellings: emails.iter().flat_map(forms).map(|form| form.to_lowercase()).collect(),
        identifiers: Identifiers::new(&emails, name.as_deref()),
    })
}

/// The user, and users with the same address who were removed before they activated.
fn same_address(connection: &mut AnyConnection, user: &User) -> Result<Vec<UserId>, DbFault> {
    let removed = users::email_key.eq(user.email.key()).and(users::removed_at.is_not_null());
    let mut ids: Vec<String> = users::table.filter(removed).select(users::id).load(connection)?;
    ids.retain(|id| id != user.id.as_str());
    let unreadable = |id: &str| DbFault::Corrupt { table: "users", column: "id", row: id.to_owned() };
    let removed = ids.iter().map(|id| id.parse().map_err(|_| unreadable(id)));
    removed.chain([Ok(user.id)]).collect()
}
