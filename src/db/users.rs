//! Users and the roles they hold.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{dsl::exists, prelude::*, sql_types::Bool};

use super::{
    Tx,
    codec::At,
    connection::{AnyConnection, MultiBackend},
    fault::DbFault,
    memberships::seen as memberships_of,
    pattern,
    schema::{account_lineage, accounts, invitations, memberships, user_roles, users},
};
use crate::domain::{
    account::MemberRole,
    email::Email,
    fold::fold,
    ids::{AccountId, InvitationId, UserId},
    invitation::{InvitationKind, InvitationState},
    role::{Role, Roles},
    sight::Sight,
    user::{User, UserStatus},
};

/// A user whose row is locked: until the transaction ends nobody else invites, activates or removes this person.
#[derive(Debug, Clone)]
pub struct LockedUser {
    /// The id.
    pub id: UserId,
    /// How far the person has come.
    pub status: UserStatus,
    /// Whether the person holds a role.
    pub is_staff: bool,
}

/// A person to be entered.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// The id, if the person is new.
    pub id: UserId,
    /// The address.
    pub email: Email,
    /// When.
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
    }
    enter
}

/// The people entered or found.
#[derive(Debug, Default)]
pub struct Entered {
    /// Each of them, locked, by address.
    pub people: HashMap<String, LockedUser>,
    /// The addresses of those who were known before; the others belong to nothing and await nothing yet.
    pub known: Vec<String>,
}

/// Enters those who are not known yet, and locks all.
///
/// Both in the order of the addresses, so that two callers who enter the same people never wait for each other crosswise;
/// and entering comes first: whoever holds a lock waits for nobody who is still entering. So somebody who was known at first,
/// and was removed by whoever we waited for, is not entered now: the transaction is begun anew ([`DbFault::TryAgain`]).
pub fn enter(tx: &mut Tx<'_>, people: &[Newcomer]) -> Result<Entered, DbFault> {
    let mut entered = Entered::default();
    let mut all: Vec<&Newcomer> = people.iter().collect();
    all.sort_by(|a, b| a.email.key().cmp(b.email.key()));
    all.dedup_by(|a, b| a.email.key() == b.email.key());
    let inserted = insert(tx, &all)?;
    let (new, rest): (Vec<&Newcomer>, _) = all.into_iter().partition(|person| inserted.contains(person.id.as_str()));
    let newcomer = |person: &Newcomer| LockedUser { id: person.id, status: UserStatus::Invited, is_staff: false };
    entered.people.extend(new.into_iter().map(|person| (person.email.key().to_owned(), newcomer(person))));
    if rest.is_empty() {
        return Ok(entered);
    }
    let keys: Vec<&str> = rest.iter().map(|person| person.email.key()).collect();
    let locked = lock_where(tx, &Which::Keys(&keys))?;
    if locked.len() < keys.len() {
        return Err(DbFault::TryAgain);
    }
    entered.known.extend(locked.iter().map(|(key, _)| key.clone()));
    entered.people.extend(locked);
    Ok(entered)
}

pub(super) fn insert(tx: &mut Tx<'_>, people: &[&Newcomer]) -> Result<HashSet<String>, DbFault> {
    let rows: Vec<NewRow<'_>> = people
        .iter()
        .map(|person| NewRow {
            id: person.id.as_str(),
            email: person.email.as_str(),
            email_key: person.email.key(),
            search_text: fold(person.email.as_str()),
            status: UserStatus::Invited.as_str(),
            created_at: At(person.at),
        })
        .collect();
    Ok(NewRow::enter(tx.writing(), &rows)?.into_iter().collect())
}

/// Locks one user, unless they have left. Everything that changes a person's invitations goes through this door first.
pub fn lock(tx: &mut Tx<'_>, id: UserId) -> Result<Option<LockedUser>, DbFault> {
    Ok(lock_many(tx, &[id])?.remove(&id))
}

/// Locks these users, but for those who have left: in the order of their addresses, as [`enter`] does.
pub fn lock_many(tx: &mut Tx<'_>, ids: &[UserId]) -> Result<HashMap<UserId, LockedUser>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(UserId::as_str).collect();
    Ok(lock_where(tx, &Which::Ids(&ids))?.into_iter().map(|(_, user)| (user.id, user)).collect())
}

/// Locks the people of these invitations, as [`lock_many`] does, for whoever changes no more than what belongs to one sending:
/// one that was moved to somebody else while we waited has another generation by then.
pub fn lock_invited(tx: &mut Tx<'_>, invited: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = invited.iter().map(InvitationId::as_str).collect();
    let people: Vec<String> =
        invitations::table.filter(invitations::id.eq_any(ids)).select(invitations::user_id).load(tx.reading())?;
    lock_where(tx, &Which::Ids(&people.iter().map(String::as_str).collect::<Vec<_>>())).map(drop)
}

pub(super) enum Which<'a> {
    Keys(&'a [&'a str]),
    Ids(&'a [&'a str]),
}

/// The users' addresses, and what is true of them from now on until the transaction ends.
pub(super) fn lock_where(tx: &mut Tx<'_>, which: &Which<'_>) -> Result<Vec<(String, LockedUser)>, DbFault> {
    let live = users::table
        .filter(users::removed_at.is_null())
        .select((users::id, users::email_key, users::status))
        .order(users::email_key);
    // Whoever waits for a row gets it as its holder left it, or not at all when it no longer matches.
    let rows: Vec<(String, String, String)> = match (tx.writing(), which) {
        (AnyConnection::Postgres(c), Which::Keys(keys)) => {
            live.filter(users::email_key.eq_any(*keys)).for_no_key_update().load(c)?
        }
        (AnyConnection::Postgres(c), Which::Ids(ids)) => live.filter(users::id.eq_any(*ids)).for_no_key_update().load(c)?,
        // SQLite needs no row lock: a write transaction has the whole file.
        (AnyConnection::Sqlite(c), Which::Keys(keys)) => live.filter(users::email_key.eq_any(*keys)).load(c)?,
        (AnyConnection::Sqlite(c), Which::Ids(ids)) => live.filter(users::id.eq_any(*ids)).load(c)?,
    };
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    // Asked only now: roles are given while the user's row is locked.
    let held = user_roles::table.filter(user_roles::user_id.eq_any(&ids)).select(user_roles::user_id);
    let staff: HashSet<String> = held.load(tx.reading())?.into_iter().collect();
    rows.iter()
        .map(|(id, key, status)| {
            let status = parse_status(status, id)?;
            let is_staff = staff.contains(id);
            let id = id.parse().map_err(|_| corrupt("id", id))?;
            Ok((key.clone(), LockedUser { id, status, is_staff }))
        })
        .collect()
}

/// The id and the password's hash of the user with this address, if they have one.
pub fn credentials(connection: &mut AnyConnection, email_key: &str) -> Result<Option<(UserId, String)>, DbFault> {
    let row = users::table
        .filter(users::email_key.eq(email_key).and(users::removed_at.is_null()))
        .select((users::id, users::password_hash))
        .first::<(String, Option<String>)>(connection)
        .optional()?;
    let Some((id, Some(hash))) = row else { return Ok(None) };
    Ok(Some((id.parse().map_err(|_| corrupt("id", &id))?, hash)))
}

/// Makes an invited user an active one, whose address is proven if the link was mailed there. Nothing happens to one who is
/// active already.
pub fn activate(
    tx: &mut Tx<'_>,
    (id, is_mailed): (UserId, bool),
    (first_name, last_name): (&str, &str),
    password_hash: &str,
    now: DateTime<Utc>,
) -> Result<bool, DbFault> {
    let invited = users::table.find(id.as_str()).filter(users::status.eq(UserStatus::Invited.as_str()));
    let email: Option<String> = invited.select(users::email).first(tx.reading()).optional()?;
    let Some(email) = email else { return Ok(false) };
    let changed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(UserStatus::Invited.as_str())))
        .set((
            users::status.eq(UserStatus::Active.as_str()),
            users::first_name.eq(first_name),
            users::last_name.eq(last_name),
            users::search_text.eq(fold(&format!("{email}\n{first_name} {last_name}"))),
            users::password_hash.eq(password_hash),
            users::activated_at.eq(At(now)),
            users::address_proven_at.eq(is_mailed.then_some(At(now))),
        ))
        .execute(tx.writing())?;
    Ok(changed == 1)
}

/// Gives a user roles, beside those they hold.
pub fn grant(tx: &mut Tx<'_>, id: UserId, roles: &Roles) -> Result<(), DbFault> {
    let rows: Vec<_> =
        roles.iter().map(|role| (user_roles::user_id.eq(id.as_str()), user_roles::role.eq(role.as_str()))).collect();
    each!(tx.writing(), c => diesel::insert_into(user_roles::table).values(&rows).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Removes a user who never activated and whom no invitation awaits any more; their address is free again.
pub fn remove_if_forsaken(tx: &mut Tx<'_>, id: UserId, now: DateTime<Utc>) -> Result<bool, DbFault> {
    let pending = invitations::table
        .filter(invitations::user_id.eq(id.as_str()).and(invitations::state.eq(InvitationState::Pending.as_str())))
        .select(invitations::id)
        .limit(1)
        .load::<String>(tx.reading())?;
    if !pending.is_empty() {
        return Ok(false);
    }
    let removed = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()).and(users::status.eq(UserStatus::Invited.as_str())))
        .filter(users::removed_at.is_null())
        .set(users::removed_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(removed == 1)
}

/// Which users a list shows.
#[derive(Debug, Clone)]
pub struct UserFilter {
    /// What the caller may see.
    pub sight: Sight,
    /// With this status.
    pub status: Option<UserStatus>,
    /// Holding this role.
    pub role: Option<AnyRole>,
    /// Belonging, or invited, to this account.
    pub account: Option<AccountId>,
    /// With this text in the address, the name or an account's name.
    pub search: Option<String>,
    /// This one alone.
    pub id: Option<UserId>,
    /// Older than this one.
    pub before: Option<UserId>,
    /// At most so many.
    pub limit: i64,
}

/// A role of a system user or of a member of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyRole {
    /// Of a system user.
    System(Role),
    /// Of a member.
    Member(MemberRole),
}

impl UserFilter {
    /// Everybody who may be seen.
    #[must_use]
    pub fn all(sight: Sight, limit: i64) -> Self {
        Self { sight, status: None, role: None, account: None, search: None, id: None, before: None, limit }
    }
}

type Row = (String, String, Option<String>, Option<String>, String, At, Option<At>);
type Condition = Box<dyn BoxableExpression<users::table, MultiBackend, SqlType = Bool>>;

/// Who may be seen: by what they are, or by what they are invited to become.
fn seen(sight: &Sight) -> Condition {
    let invited_as = |staff: bool| {
        exists(
            invitations::table
                .filter(invitations::user_id.eq(users::id))
                .filter(invitations::state.eq(InvitationState::Pending.as_str()))
                .filter(invitations::kind.eq(InvitationKind::SystemUser.as_str()).eq(staff)),
        )
    };
    if sight.staff && sight.customers {
        // Nobody is hidden, not even who is neither for a moment: midway through an activation.
        return Box::new(users::id.ne(""));
    }
    let mut seen: Condition = Box::new(users::id.eq(""));
    if sight.staff {
        let holds = exists(user_roles::table.filter(user_roles::user_id.eq(users::id)));
        seen = Box::new(seen.or(holds).or(invited_as(true)));
    }
    if sight.customers {
        let belongs = exists(memberships::table.filter(memberships::user_id.eq(users::id)));
        seen = Box::new(seen.or(belongs).or(invited_as(false)));
    }
    if !sight.under.is_empty() {
        let under: Vec<String> = sight.under.iter().map(ToString::to_string).collect();
        let belongs = memberships::table
            .inner_join(account_lineage::table.on(account_lineage::account_id.eq(memberships::account_id)))
            .filter(memberships::user_id.eq(users::id))
            .filter(account_lineage::ancestor_id.eq_any(under.clone()));
        let invited = invitations::table
            .inner_join(account_lineage::table.on(account_lineage::account_id.nullable().eq(invitations::account_id)))
            .filter(invitations::user_id.eq(users::id))
            .filter(invitations::state.eq(InvitationState::Pending.as_str()))
            .filter(account_lineage::ancestor_id.eq_any(under));
        seen = Box::new(seen.or(exists(belongs)).or(exists(invited)));
    }
    seen
}

/// Whether nothing is seen but what lies under certain accounts.
fn only_below(sight: &Sight) -> bool {
    !sight.staff && !sight.customers
}

type Under = diesel::dsl::Select<
    diesel::dsl::Filter<account_lineage::table, diesel::dsl::EqAny<account_lineage::ancestor_id, Vec<String>>>,
    account_lineage::account_id,
>;

/// The accounts that may be seen because they lie under others.
fn accounts_under(sight: &Sight) -> Under {
    let under: Vec<String> = sight.under.iter().map(ToString::to_string).collect();
    account_lineage::table.filter(account_lineage::ancestor_id.eq_any(under)).select(account_lineage::account_id)
}

/// With a text in the address, the person's name, or the name of an account that they belong or are invited to, as far as
/// that may be seen.
fn holding(search: &str, sight: &Sight) -> Condition {
    let pattern = pattern::containing(search);
    let named = accounts::search_text.like(pattern.clone()).escape('\\');
    let belongs = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .filter(memberships::user_id.eq(users::id))
        .filter(named.clone());
    let invited = invitations::table
        .inner_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .filter(invitations::user_id.eq(users::id))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(named);
    let person = users::search_text.like(pattern).escape('\\');
    if only_below(sight) {
        let under = || accounts::id.eq_any(accounts_under(sight));
        return Box::new(person.or(exists(belongs.filter(under()))).or(exists(invited.filter(under()))));
    }
    if sight.customers { Box::new(person.or(exists(belongs)).or(exists(invited))) } else { Box::new(person.or(exists(belongs))) }
}

/// The users that `filter` lets through, newest first.
pub fn list(connection: &mut AnyConnection, filter: &UserFilter) -> Result<Vec<User>, DbFault> {
    let mut query = users::table
        .filter(users::removed_at.is_null())
        .select((
            users::id,
            users::email,
            users::first_name,
            users::last_name,
            users::status,
            users::created_at,
            users::activated_at,
        ))
        .order(users::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(seen(&filter.sight));
    if let Some(status) = filter.status {
        query = query.filter(users::status.eq(status.as_str()));
    }
    let below = only_below(&filter.sight);
    query = match filter.role {
        None => query,
        // What they are to the operator is not shown, and so not searched by.
        Some(AnyRole::System(_)) if below => query.filter(users::id.eq("")),
        Some(AnyRole::System(role)) => {
            let held = user_roles::table.filter(user_roles::user_id.eq(users::id));
            query.filter(exists(held.filter(user_roles::role.eq(role.as_str()))))
        }
        Some(AnyRole::Member(role)) => {
            let held = memberships::table.filter(memberships::user_id.eq(users::id)).filter(memberships::role.eq(role.as_str()));
            if below {
                query.filter(exists(held.filter(memberships::account_id.eq_any(accounts_under(&filter.sight)))))
            } else {
                query.filter(exists(held))
            }
        }
    };
    if let Some(account) = filter.account {
        let belongs =
            memberships::table.filter(memberships::user_id.eq(users::id)).filter(memberships::account_id.eq(account.to_string()));
        let invited = invitations::table
            .filter(invitations::user_id.eq(users::id))
            .filter(invitations::state.eq(InvitationState::Pending.as_str()))
            .filter(invitations::account_id.eq(account.to_string()));
        query = query.filter(exists(belongs).or(exists(invited)));
        if below {
            let under = accounts_under(&filter.sight).filter(account_lineage::account_id.eq(account.to_string()));
            query = query.filter(exists(under));
        }
    }
    if let Some(search) = &filter.search {
        query = query.filter(holding(search, &filter.sight));
    }
    if let Some(id) = filter.id {
        query = query.filter(users::id.eq(id.to_string()));
    }
    if let Some(before) = filter.before {
        query = query.filter(users::id.lt(before.to_string()));
    }
    let rows = query.load::<Row>(connection)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    // Whoever sees an account's people and nothing else is not told what they are to the operator.
    let mut roles = if below { HashMap::new() } else { roles_of(connection, &ids)? };
    let mut pending = pending_of(connection, &ids, &filter.sight)?;
    let mut members = memberships_of(connection, &ids, &filter.sight)?;
    rows.into_iter()
        .map(|row| {
            let (roles, pending) = (roles.remove(&row.0).unwrap_or_default(), pending.remove(&row.0));
            let memberships = members.remove(&row.0).unwrap_or_default();
            Ok(User { memberships, ..user(row, roles, pending)? })
        })
        .collect()
}

/// One user, if they may be seen.
pub fn get(connection: &mut AnyConnection, id: UserId, sight: Sight) -> Result<Option<User>, DbFault> {
    Ok(list(connection, &UserFilter { id: Some(id), ..UserFilter::all(sight, 1) })?.pop())
}

fn roles_of(connection: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, Roles>, DbFault> {
    let rows = user_roles::table.filter(user_roles::user_id.eq_any(ids)).load::<(String, String)>(connection)?;
    let mut of_user: HashMap<String, Vec<Role>> = HashMap::new();
    for (user, role) in rows {
        let role = role.parse().map_err(|_| DbFault::Corrupt { table: "user_roles", column: "role", row: user.clone() })?;
        of_user.entry(user).or_default().push(role);
    }
    Ok(of_user.into_iter().map(|(user, roles)| (user, roles.into_iter().collect())).collect())
}

/// The newest invitation of each that awaits an answer, as far as it may be seen.
fn pending_of(connection: &mut AnyConnection, ids: &[&str], sight: &Sight) -> Result<HashMap<String, InvitationId>, DbFault> {
    let mut query = invitations::table
        .filter(invitations::user_id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .select((invitations::user_id, invitations::id))
        .order(invitations::id.asc())
        .into_boxed::<MultiBackend>();
    let of_staff = InvitationKind::SystemUser.as_str();
    query = match (sight.staff, sight.customers) {
        (true, true) => query,
        (true, false) => query.filter(invitations::kind.eq(of_staff)),
        (false, true) => query.filter(invitations::kind.ne(of_staff)),
        (false, false) => {
            let owned = account_lineage::ancestor_id.eq_any(sight.under.iter().map(ToString::to_string).collect::<Vec<_>>());
            let below = account_lineage::table.filter(owned).select(account_lineage::account_id.nullable());
            query.filter(invitations::account_id.eq_any(below).assume_not_null())
        }
    };
    // In order of time, so that the newest one stays.
    let rows = query.load::<(String, String)>(connection)?;
    Ok(rows.into_iter().filter_map(|(user, id)| Some((user, id.parse().ok()?))).collect())
}

fn user(row: Row, system_roles: Roles, pending_invitation_id: Option<InvitationId>) -> Result<User, DbFault> {
    let (id, email, first_name, last_name, status, created_at, activated_at) = row;
    Ok(User {
        email: Email::parse(&email).map_err(|_| corrupt("email", &id))?,
        first_name,
        last_name,
        status: parse_status(&status, &id)?,
        system_roles,
        memberships: Vec::new(),
        created_at: created_at.0,
        activated_at: activated_at.map(|at| at.0),
        pending_invitation_id,
        id: id.parse().map_err(|_| corrupt("id", &id))?,
    })
}

pub(super) fn parse_status(status: &str, id: &str) -> Result<UserStatus, DbFault> {
    UserStatus::ALL.into_iter().find(|known| known.as_str() == status).ok_or_else(|| corrupt("status", id))
}

fn corrupt(column: &'static str, row: &str) -> DbFault {
    DbFault::Corrupt { table: "users", column, row: row.to_owned() }
}
