//! The memberships of users in accounts, from activation on.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{accounts, invitations, memberships, users},
    sql::{id_set::InSet, timestamp::At},
    visibility::{self, accepted_by_person},
};
use crate::domain::{
    ids::{AccountId, InvitationId, UserId},
    invitation::InvitationState,
    sub_account::MemberRole,
    user::{Membership, UserStatus},
    visibility::Visibility,
};

/// Whether the user with the proven address has accepted this membership: see `accepted_by_person`.
pub fn is_accepted_by_person(
    connection: &mut AnyConnection,
    user: UserId,
    account: AccountId,
) -> Result<bool, DbFault> {
    let accepted = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::user_id.eq(user.as_str()).and(memberships::account_id.eq(account.as_str())))
        .filter(accepted_by_person())
        .select(memberships::user_id);
    Ok(accepted.first::<String>(connection).optional()?.is_some())
}

/// Makes a user a member. An existing membership gets this role and a new date.
pub fn add(
    tx: &mut Tx<'_>,
    user: UserId,
    account: AccountId,
    role: MemberRole,
    now: DateTime<Utc>,
) -> Result<(), DbFault> {
    let row = (
        memberships::user_id.eq(user.as_str()),
        memberships::account_id.eq(account.as_str()),
        memberships::role.eq(role.as_str()),
        memberships::created_at.eq(At(now)),
    );
    each!(tx.writing(), c => diesel::insert_into(memberships::table)
        .values(row)
        .on_conflict((memberships::user_id, memberships::account_id))
        .do_update()
        .set((memberships::role.eq(role.as_str()), memberships::created_at.eq(At(now))))
        .execute(c))?;
    Ok(())
}

/// Locks an account until the transaction ends, against transactions that end its memberships. Take the
/// user's lock first.
pub fn lock_account(tx: &mut Tx<'_>, account: AccountId) -> Result<(), DbFault> {
    let one = accounts::table.find(account.as_str()).select(accounts::id);
    match tx.writing() {
        AnyConnection::Postgres(c) => one.for_no_key_update().first::<String>(c).optional()?,
        // A write transaction locks the whole file.
        AnyConnection::Sqlite(_) => None,
    };
    Ok(())
}

/// The role of a user in an account.
pub fn role(
    connection: &mut AnyConnection,
    user: UserId,
    account: AccountId,
) -> Result<Option<MemberRole>, DbFault> {
    let role: Option<String> = memberships::table
        .find((user.as_str(), account.as_str()))
        .select(memberships::role)
        .first(connection)
        .optional()?;
    role.map(|role| role.parse().map_err(|_| corrupt("role", user.as_str()))).transpose()
}

/// Whether an account has another owner who can manage it: an active one who has accepted the membership.
pub fn has_other_owner(
    connection: &mut AnyConnection,
    account: AccountId,
    user: UserId,
) -> Result<bool, DbFault> {
    let others = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::account_id.eq(account.as_str()))
        .filter(memberships::role.eq(MemberRole::AccountOwner.as_str()))
        .filter(memberships::user_id.ne(user.as_str()))
        .filter(users::status.eq(UserStatus::Active.as_str()))
        .filter(accepted_by_person());
    Ok(others.select(memberships::user_id).limit(1).load::<String>(connection)?.pop().is_some())
}

/// Ends a membership; [`Guarded::Stale`] when there was none.
pub fn end(tx: &mut Tx<'_>, user: UserId, account: AccountId) -> Result<Guarded, DbFault> {
    let one = memberships::table.find((user.as_str(), account.as_str()));
    Ok(Guarded::of(diesel::delete(one).execute(tx.writing())?))
}

/// The invitation by which a user joined an account, the newest if there were several.
pub fn joined_by(
    connection: &mut AnyConnection,
    user: UserId,
    account: AccountId,
) -> Result<Option<InvitationId>, DbFault> {
    let id: Option<String> = invitations::table
        .filter(
            invitations::user_id.eq(user.to_string()).and(invitations::account_id.eq(account.to_string())),
        )
        .filter(invitations::state.eq(InvitationState::Activated.as_str()))
        .select(invitations::id)
        .order((invitations::activated_at.desc(), invitations::id.desc()))
        .first(connection)
        .optional()?;
    id.map(|id| id.parse().map_err(|_| corrupt("invitation_id", user.as_str()))).transpose()
}

/// A membership, with the fields that creating an invitation depends on.
#[derive(Debug, Clone, Copy)]
pub struct MembershipKey {
    /// The account.
    pub account: AccountId,
    /// The account above it.
    pub parent: Option<AccountId>,
    /// The role.
    pub role: MemberRole,
}

/// The memberships of these users, except those that another person accepted before the address was proven:
/// these are ignored.
pub fn places(
    connection: &mut AnyConnection,
    users: &[UserId],
) -> Result<HashMap<UserId, Vec<MembershipKey>>, DbFault> {
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let rows = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::user_id.eq_any(ids))
        .filter(accepted_by_person())
        .select((
            memberships::user_id,
            memberships::account_id,
            accounts::parent_account_id,
            memberships::role,
        ))
        .load::<PlaceRow>(connection)?;
    let mut of_user: HashMap<UserId, Vec<MembershipKey>> = HashMap::new();
    for row in rows {
        let (user, place) = place(row)?;
        of_user.entry(user).or_default().push(place);
    }
    Ok(of_user)
}

/// The user, the account, its parent, and the role.
type PlaceRow = (String, String, Option<String>, String);

fn place((user, account, parent, role): PlaceRow) -> Result<(UserId, MembershipKey), DbFault> {
    let place = MembershipKey {
        account: account.parse().map_err(|_| corrupt("account_id", &user))?,
        parent: parent
            .map(|parent| parent.parse())
            .transpose()
            .map_err(|_| corrupt("parent_account_id", &user))?,
        role: role.parse().map_err(|_| corrupt("role", &user))?,
    };
    Ok((user.parse().map_err(|_| corrupt("user_id", &user))?, place))
}

/// The visible memberships of these users, by user.
pub(in crate::db) fn seen(
    connection: &mut AnyConnection,
    users: &[&str],
    visibility: &Visibility,
) -> Result<HashMap<String, Vec<Membership>>, DbFault> {
    let query = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .select((memberships::user_id, memberships::account_id, accounts::name, memberships::role))
        .order((memberships::user_id, memberships::account_id))
        .into_boxed::<MultiBackend>()
        .filter(InSet::condition::<memberships::table>(
            "memberships.user_id",
            users.iter().map(ToString::to_string).collect(),
        ))
        .filter(visibility::memberships(visibility));
    let mut of_user: HashMap<String, Vec<Membership>> = HashMap::new();
    for (user, account, account_name, role) in
        query.load::<(String, String, Option<String>, String)>(connection)?
    {
        let account_id = account.parse().map_err(|_| corrupt("account_id", &user))?;
        let role = role.parse().map_err(|_| corrupt("role", &user))?;
        of_user.entry(user).or_default().push(Membership { account_id, account_name, role });
    }
    Ok(of_user)
}

/// The accounts that a user owns, for their access token.
pub fn owned(connection: &mut AnyConnection, user: UserId) -> Result<Vec<AccountId>, DbFault> {
    let rows = memberships::table
        .filter(
            memberships::user_id
                .eq(user.as_str())
                .and(memberships::role.eq(MemberRole::AccountOwner.as_str())),
        )
        .select(memberships::account_id)
        .order(memberships::account_id)
        .load::<String>(connection)?;
    rows.into_iter().map(|id| id.parse().map_err(|_| corrupt("account_id", &id))).collect()
}

fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "memberships", column, row: row.to_owned() }
}
