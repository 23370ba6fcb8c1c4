//! Finds what is held about a person.

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde_json::Value;

use crate::db::{
    Tx,
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{email_changes, invitation_events as events, invitations, memberships, users},
};
use crate::domain::{email::Email, erasure::Identifiers, event::EventType, ids::UserId, user::User};

/// What is held about a person: the keys by which their rows are found.
#[derive(Debug)]
pub struct Traces {
    /// The user, and those with the same address who were removed before.
    pub(super) users: Vec<UserId>,
    /// The present address, and earlier and requested ones that no other user has now.
    pub(super) addresses: Vec<Email>,
    /// Addresses that their invitations had before they were corrected, which no user has now.
    pub(super) corrected: Vec<Email>,
    /// The invitations of these users.
    pub(super) invitations: Vec<String>,
    /// The accounts that they belonged to or were invited to.
    pub(super) accounts: Vec<String>,
    /// The addresses in every form in which they were written, in lower case.
    pub(super) spellings: BTreeSet<String>,
    /// The addresses, and their whole name.
    pub(super) identifiers: Identifiers,
}

impl Traces {
    pub(super) fn user_ids(&self) -> Vec<&str> {
        self.users.iter().map(UserId::as_str).collect()
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        self.addresses.iter().map(Email::key).collect()
    }

    /// Whether a stored address is the person's.
    pub(super) fn has_address(&self, text: &str) -> bool {
        Email::parse(text).is_ok_and(|email| self.keys().contains(&email.key()))
    }

    /// The user, and those with the same address who were removed before.
    #[must_use]
    pub fn users(&self) -> &[UserId] {
        &self.users
    }

    /// The addresses of the person.
    #[must_use]
    pub fn addresses(&self) -> &[Email] {
        &self.addresses
    }
}

/// Finds the traces of a locked user.
pub fn find(tx: &mut Tx<'_>, user: &User) -> Result<Traces, DbFault> {
    let connection = tx.reading();
    let addresses = addresses(connection, user)?;
    let users = same_addresses(connection, user, &addresses)?;
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let invited: Vec<(String, Option<String>)> = invitations::table
        .filter(invitations::user_id.eq_any(&ids))
        .select((invitations::id, invitations::account_id))
        .order(invitations::id)
        .load(connection)?;
    let joined: Vec<String> = memberships::table
        .filter(memberships::user_id.eq_any(&ids))
        .select(memberships::account_id)
        .load(connection)?;
    let accounts: BTreeSet<String> =
        invited.iter().filter_map(|(_, account)| account.clone()).chain(joined).collect();
    let forms = |email: &Email| [email.as_str().to_owned(), email.unicode(), email.key().to_owned()];
    let invitations: Vec<String> = invited.into_iter().map(|(id, _)| id).collect();
    Ok(Traces {
        users,
        corrected: corrected(connection, user, &invitations)?,
        invitations,
        accounts: accounts.into_iter().collect(),
        spellings: addresses.iter().flat_map(forms).map(|form| form.to_lowercase()).collect(),
        identifiers: Identifiers::new(&addresses, user.whole_name().as_deref()),
        addresses,
    })
}

/// The user, and those with the same address who were removed before.
pub fn users_of(connection: &mut AnyConnection, user: &User) -> Result<Vec<UserId>, DbFault> {
    let addresses = addresses(connection, user)?;
    same_addresses(connection, user, &addresses)
}

/// The addresses of a user, in every spelling: the present one, those of the invitations, and those of
/// changes. An earlier address may be another user's by now, and is left to them.
fn addresses(connection: &mut AnyConnection, user: &User) -> Result<Vec<Email>, DbFault> {
    let id = user.id.as_str();
    let typed = invitations::table.filter(invitations::user_id.eq(id)).select(invitations::email);
    let mut texts: Vec<String> = typed.load(connection)?;
    let changes = email_changes::table
        .filter(email_changes::user_id.eq(id))
        .select((email_changes::old_email, email_changes::email));
    for (old, new) in changes.load::<(String, String)>(connection)? {
        texts.extend([old, new]);
    }
    let mut emails = vec![user.email.clone()];
    emails.extend(texts.iter().filter_map(|text| Email::parse(text).ok()));
    without_taken(connection, user, emails)
}

/// The addresses from which these invitations were corrected, as their timelines have them.
fn corrected(
    connection: &mut AnyConnection,
    user: &User,
    invitations: &[String],
) -> Result<Vec<Email>, DbFault> {
    let updated = events::table
        .filter(events::invitation_id.eq_any(invitations))
        .filter(events::event_type.eq(EventType::Updated.as_str()))
        .select(events::details);
    let details: Vec<String> = updated.load(connection)?;
    let earlier = |text: &String| {
        let details: Value = serde_json::from_str(text).ok()?;
        Email::parse(details.pointer("/changes/email/from")?.as_str()?).ok()
    };
    without_taken(connection, user, details.iter().filter_map(earlier).collect())
}

/// Those of these addresses that no other user has now.
fn without_taken(
    connection: &mut AnyConnection,
    user: &User,
    mut emails: Vec<Email>,
) -> Result<Vec<Email>, DbFault> {
    let keys: Vec<&str> = emails.iter().map(Email::key).collect();
    let others = users::removed_at.is_null().and(users::id.ne(user.id.as_str()));
    let taken: Vec<String> = users::table
        .filter(users::email_key.eq_any(keys).and(others))
        .select(users::email_key)
        .load(connection)?;
    emails.retain(|email| !taken.iter().any(|key| key == email.key()));
    Ok(emails)
}

/// The user, and users with one of these addresses who were removed before they activated.
fn same_addresses(
    connection: &mut AnyConnection,
    user: &User,
    addresses: &[Email],
) -> Result<Vec<UserId>, DbFault> {
    let keys: Vec<&str> = addresses.iter().map(Email::key).collect();
    let removed = users::email_key.eq_any(keys).and(users::removed_at.is_not_null());
    let mut ids: Vec<String> = users::table.filter(removed).select(users::id).load(connection)?;
    ids.retain(|id| id != user.id.as_str());
    let unreadable = |id: &str| DbFault::Corrupt { table: "users", column: "id", row: id.to_owned() };
    let removed = ids.iter().map(|id| id.parse().map_err(|_| unreadable(id)));
    removed.chain([Ok(user.id)]).collect()
}
