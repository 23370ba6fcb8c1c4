//! Inserting and locking users: every change to a user's invitations starts here.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{corrupt, parse_status};
use crate::{
    db::{
        Tx,
        error::DbFault,
        pool::any_connection::AnyConnection,
        schema::{invitations, user_roles, users},
        sql::timestamp::At,
    },
    domain::{
        email::Email,
        ids::{InvitationId, UserId},
        invitation::InvitationKind,
        search_text::of_email,
        user::UserStatus,
    },
};

/// A user whose row is locked: until the transaction ends no other one invites, activates or removes this
/// user.
#[derive(Debug, Clone)]
pub struct LockedUser {
    /// The id.
    pub id: UserId,
    /// The status.
    pub status: UserStatus,
    /// Whether the user has a system role.
    pub is_staff: bool,
    /// Whether the address is proven: the user has activated by a link that was mailed there.
    pub is_proven: bool,
}

/// A user to insert.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The id, used if the user is new.
    pub id: UserId,
    /// The address.
    pub email: Email,
    /// The kind of invitation for which the user is inserted: the row is marked at once, since a trigger of
    /// the invitation would write it a second time.
    pub invited_to: InvitationKind,
    /// The time of creation.
    pub at: DateTime<Utc>,
}

rows! {
    struct NewRow<'a> of users {
        id: &'a str,
        email: &'a str,
        email_key: &'a str,
        search_text: String,
        status: &'a str,
        created_at: At,
        invited_as_staff: bool,
        invited_as_customer: bool,
    }
    insert_missing
}

/// The result of inserting or locking users.
#[derive(Debug, Default)]
pub struct InsertedOrLocked {
    /// Each of them, locked, by address.
    pub people: HashMap<String, LockedUser>,
    /// The addresses of users that existed before. The others have no memberships or invitations yet.
    pub known: Vec<String>,
}

/// Inserts users that do not exist yet, and locks all.
///
/// Both are in the order of the addresses, so that two transactions with the same users cannot deadlock.
/// Inserts come first, so that a transaction with locks never waits for an insert. A user who existed at
/// first, and was removed by a transaction that we waited for, is therefore not inserted now: the transaction
/// is retried ([`DbFault::TryAgain`]).
pub fn insert_or_lock(tx: &mut Tx<'_>, people: &[NewUser]) -> Result<InsertedOrLocked, DbFault> {
    let mut entered = InsertedOrLocked::default();
    let mut all: Vec<&NewUser> = people.iter().collect();
    all.sort_by(|a, b| a.email.key().cmp(b.email.key()));
    all.dedup_by(|a, b| a.email.key() == b.email.key());
    let inserted = insert(tx, &all)?;
    let (new, rest): (Vec<&NewUser>, _) =
        all.into_iter().partition(|person| inserted.contains(person.id.as_str()));
    let new_user = |person: &NewUser| LockedUser {
        id: person.id,
        status: UserStatus::Invited,
        is_staff: false,
        is_proven: false,
    };
    entered.people.extend(new.into_iter().map(|person| (person.email.key().to_owned(), new_user(person))));
    if rest.is_empty() {
        return Ok(entered);
    }
    let keys: Vec<&str> = rest.iter().map(|person| person.email.key()).collect();
    let locked = lock_where(tx, &UserSelector::Keys(&keys))?;
    if locked.len() < keys.len() {
        return Err(DbFault::TryAgain);
    }
    entered.known.extend(locked.iter().map(|(key, _)| key.clone()));
    entered.people.extend(locked);
    Ok(entered)
}

pub(in crate::db) fn insert(tx: &mut Tx<'_>, people: &[&NewUser]) -> Result<HashSet<String>, DbFault> {
    let rows: Vec<NewRow<'_>> = people
        .iter()
        .map(|person| NewRow {
            id: person.id.as_str(),
            email: person.email.as_str(),
            email_key: person.email.key(),
            search_text: of_email(&person.email),
            status: UserStatus::Invited.as_str(),
            created_at: At(person.at),
            invited_as_staff: person.invited_to == InvitationKind::SystemUser,
            invited_as_customer: person.invited_to != InvitationKind::SystemUser,
        })
        .collect();
    Ok(NewRow::insert_missing(tx.writing(), &rows)?.into_iter().collect())
}

/// Locks one user, unless they were removed. Every change to a user's invitations must take this lock first.
pub fn lock(tx: &mut Tx<'_>, id: UserId) -> Result<Option<LockedUser>, DbFault> {
    Ok(lock_many(tx, &[id])?.remove(&id))
}

/// Locks these users, except removed ones, in the order of their addresses, as [`insert_or_lock`] does.
pub fn lock_many(tx: &mut Tx<'_>, ids: &[UserId]) -> Result<HashMap<UserId, LockedUser>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(UserId::as_str).collect();
    Ok(lock_where(tx, &UserSelector::Ids(&ids))?.into_iter().map(|(_, user)| (user.id, user)).collect())
}

/// Locks the users of these invitations, as [`lock_many`] does, for changes to one sending only: an
/// invitation that was reassigned while we waited has another generation by then.
pub fn lock_invited(tx: &mut Tx<'_>, invited: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = invited.iter().map(InvitationId::as_str).collect();
    let people: Vec<String> = invitations::table
        .filter(invitations::id.eq_any(ids))
        .select(invitations::user_id)
        .load(tx.reading())?;
    lock_rows(tx, &UserSelector::Ids(&people.iter().map(String::as_str).collect::<Vec<_>>())).map(drop)
}

pub(in crate::db) enum UserSelector<'a> {
    Keys(&'a [&'a str]),
    Ids(&'a [&'a str]),
}

/// Id, address, status, and since when the address is proven.
type LockedRow = (String, String, String, Option<At>);

fn lock_rows(tx: &mut Tx<'_>, selector: &UserSelector<'_>) -> Result<Vec<LockedRow>, DbFault> {
    let live = users::table
        .filter(users::removed_at.is_null())
        .select((users::id, users::email_key, users::status, users::address_proven_at))
        .order(users::email_key);
    // A transaction that waits for a row gets its new version, or none when it no longer matches.
    let rows = match (tx.writing(), selector) {
        (AnyConnection::Postgres(c), UserSelector::Keys(keys)) => {
            live.filter(users::email_key.eq_any(*keys)).for_no_key_update().load(c)?
        }
        (AnyConnection::Postgres(c), UserSelector::Ids(ids)) => {
            // `removed_at` is checked on the rows: in the condition, it makes a server without statistics
            // scan the whole index of live addresses.
            let known = users::table
                .filter(users::id.eq_any(*ids))
                .select((
                    (users::id, users::email_key, users::status, users::address_proven_at),
                    users::removed_at,
                ))
                .order(users::email_key)
                .for_no_key_update()
                .load::<(LockedRow, Option<At>)>(c)?;
            known.into_iter().filter(|(_, removed_at)| removed_at.is_none()).map(|(row, _)| row).collect()
        }
        // SQLite needs no row lock: a write transaction locks the whole file.
        (AnyConnection::Sqlite(c), UserSelector::Keys(keys)) => {
            live.filter(users::email_key.eq_any(*keys)).load(c)?
        }
        (AnyConnection::Sqlite(c), UserSelector::Ids(ids)) => live.filter(users::id.eq_any(*ids)).load(c)?,
    };
    Ok(rows)
}

/// The users' addresses, and their state, which cannot change until the transaction ends.
pub(in crate::db) fn lock_where(
    tx: &mut Tx<'_>,
    selector: &UserSelector<'_>,
) -> Result<Vec<(String, LockedUser)>, DbFault> {
    let rows = lock_rows(tx, selector)?;
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    // Read after locking: roles are granted while the user's row is locked.
    let held = user_roles::table.filter(user_roles::user_id.eq_any(&ids)).select(user_roles::user_id);
    let staff: HashSet<String> = held.load(tx.reading())?.into_iter().collect();
    rows.iter()
        .map(|(id, key, status, proven_at)| {
            let status = parse_status(status, id)?;
            let is_staff = staff.contains(id);
            let id = id.parse().map_err(|_| corrupt("id", id))?;
            Ok((key.clone(), LockedUser { id, status, is_staff, is_proven: proven_at.is_some() }))
        })
        .collect()
}
