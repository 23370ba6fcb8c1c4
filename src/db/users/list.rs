//! Lists of users, each with roles, memberships and the pending invitation, with all filters.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    corrupt, parse_status,
    user_filter::UserFilter,
    walks::{self, Found},
};
use crate::{
    db::{
        error::DbFault,
        pool::any_connection::{AnyConnection, MultiBackend},
        schema::{invitations, user_roles, users},
        sql::{
            condition::Condition,
            id_set::InSet,
            page::{Direction, Page, Walk},
            pieces::read_page,
            timestamp::At,
        },
        users::memberships::seen as memberships_of,
        visibility::{self, is_whole, known_users, only_below},
    },
    domain::{
        email::Email,
        ids::{InvitationId, UserId},
        invitation::InvitationState,
        list_order::UserOrder,
        role::{Role, Roles},
        user::{User, UserStatus},
        visibility::Visibility,
    },
};

type Row = (String, String, Option<String>, Option<String>, String, At, Option<At>);

/// How often a list is read again when an invitation ended while it was read.
const TRIES: usize = 4;
const ID: &str = "users.id";

/// The users that match `filter`, in its order.
pub fn list(connection: &mut AnyConnection, filter: &UserFilter) -> Result<Vec<User>, DbFault> {
    let mut tries = 1;
    loop {
        match list_once(connection, filter) {
            Err(DbFault::TryAgain) if tries < TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

fn list_once(connection: &mut AnyConnection, filter: &UserFilter) -> Result<Vec<User>, DbFault> {
    let rows = rows(connection, filter)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let reader = &filter.reader;
    let mut roles = if reader.staff { roles_of(connection, &ids)? } else { HashMap::new() };
    let mut pending = pending_of(connection, &ids, reader)?;
    let mut members = memberships_of(connection, &ids, reader)?;
    let known = known_of(connection, &ids, reader)?;
    rows.into_iter()
        .map(|row| {
            let (id, awaited) = (row.0.clone(), pending.remove(&row.0));
            let user = user(row, awaited.as_ref().map(|awaited| awaited.id))?;
            if known.as_ref().is_some_and(|known| !known.contains(&id)) {
                return as_invited(user.id, awaited, only_below(reader));
            }
            let system_roles = roles.remove(&id).unwrap_or_default();
            Ok(User { system_roles, memberships: members.remove(&id).unwrap_or_default(), ..user })
        })
        .collect()
}

fn rows(connection: &mut AnyConnection, filter: &UserFilter) -> Result<Vec<Row>, DbFault> {
    let mut found = walks::search(connection, filter)?;
    let direction = match filter.order {
        UserOrder::Newest => Direction::Descending,
        UserOrder::Oldest => Direction::Ascending,
        UserOrder::Email => {
            let page = by_email(connection, filter, &found)?;
            return rows_of(connection, filter, page);
        }
    };
    let after = filter.after.as_ref().map(|last| last.id.to_string());
    read_page(found.few.take(), direction, after, filter.limit, |piece, limit| {
        found.few = piece;
        rows_of(connection, filter, Page::new(walks::of(filter, &found, direction), direction, limit))
    })
}

fn rows_of(connection: &mut AnyConnection, filter: &UserFilter, page: Page) -> Result<Vec<Row>, DbFault> {
    let page = page.of_filters(walks::number_of_filters(filter)).contains::<users::table>(ID);
    let mut rows: Vec<(Row, String)> = users::table
        .select((
            (
                users::id,
                users::email,
                users::first_name,
                users::last_name,
                users::status,
                users::created_at,
                users::activated_at,
            ),
            users::email_key,
        ))
        .into_boxed::<MultiBackend>()
        .filter(page)
        .load(connection)?;
    match filter.order {
        UserOrder::Newest => rows.sort_unstable_by(|(a, _), (b, _)| b.0.cmp(&a.0)),
        UserOrder::Oldest => rows.sort_unstable_by(|(a, _), (b, _)| a.0.cmp(&b.0)),
        UserOrder::Email => rows.sort_unstable_by(|(a, a_key), (b, b_key)| (a_key, &a.0).cmp(&(b_key, &b.0))),
    }
    Ok(rows.into_iter().map(|(row, _)| row).collect())
}

/// A page in the order of addresses: of few matches by sorting them, of many by the index of addresses.
fn by_email(connection: &mut AnyConnection, filter: &UserFilter, found: &Found) -> Result<Page, DbFault> {
    let all = UserFilter { after: None, ..filter.clone() };
    let few = if walks::is_narrow(filter, found) {
        Page::few(walks::of(&all, found, Direction::Descending), connection)?
    } else {
        None
    };
    // In the form of the partial index that has this order.
    let walk = Walk::of(walks::USERS).when::<users::table>(Condition::when(users::removed_at.is_null()));
    let walk = match few {
        Some(ids) => walk.when(InSet::condition::<users::table>(ID, ids)),
        None => walks::matching(walk, &all, found),
    };
    Ok(Page::sorted(walk.when(walks::beyond_email(filter)), "users.email_key, users.id", filter.limit))
}

/// Those of these users whom the reader knows; `None` when they know all users.
fn known_of(
    connection: &mut AnyConnection,
    ids: &[&str],
    reader: &Visibility,
) -> Result<Option<HashSet<String>>, DbFault> {
    if is_whole(reader) || ids.is_empty() {
        return Ok(None);
    }
    let of_these = InSet::condition::<users::table>(ID, ids.iter().map(ToString::to_string).collect());
    let query = users::table
        .select(users::id)
        .into_boxed::<MultiBackend>()
        .filter(of_these)
        .filter(known_users(reader));
    Ok(Some(query.load::<String>(connection)?.into_iter().collect()))
}

/// A user who is only invited in the reader's view: with the address as typed in the invitation, and without
/// any other field.
fn as_invited(id: UserId, awaited: Option<Awaited>, is_owner: bool) -> Result<User, DbFault> {
    // The user was visible by an invitation that ended between two queries. The next query does not find the
    // user.
    let awaited = awaited.ok_or(DbFault::TryAgain)?;
    Ok(User {
        id,
        email: awaited.email,
        first_name: None,
        last_name: None,
        status: UserStatus::Invited,
        system_roles: Roles::default(),
        memberships: Vec::new(),
        created_at: (!is_owner).then_some(awaited.created_at),
        activated_at: None,
        pending_invitation_id: Some(awaited.id),
    })
}

/// One user, if visible.
pub fn get(
    connection: &mut AnyConnection,
    id: UserId,
    visibility: Visibility,
) -> Result<Option<User>, DbFault> {
    Ok(list(connection, &UserFilter { id: Some(id), ..UserFilter::all(visibility, 1) })?.pop())
}

fn roles_of(connection: &mut AnyConnection, ids: &[&str]) -> Result<HashMap<String, Roles>, DbFault> {
    let ids = ids.iter().map(ToString::to_string).collect();
    let held = InSet::condition::<user_roles::table>("user_roles.user_id", ids);
    let rows: Vec<(String, String)> =
        user_roles::table.into_boxed::<MultiBackend>().filter(held).load(connection)?;
    let mut of_user: HashMap<String, Vec<Role>> = HashMap::new();
    for (user, role) in rows {
        let role = role.parse().map_err(|_| DbFault::Corrupt {
            table: "user_roles",
            column: "role",
            row: user.clone(),
        })?;
        of_user.entry(user).or_default().push(role);
    }
    Ok(of_user.into_iter().map(|(user, roles)| (user, roles.into_iter().collect())).collect())
}

/// A pending invitation of a user.
struct Awaited {
    id: InvitationId,
    email: Email,
    created_at: DateTime<Utc>,
}

/// The newest visible pending invitation of each user.
fn pending_of(
    connection: &mut AnyConnection,
    ids: &[&str],
    visibility: &Visibility,
) -> Result<HashMap<String, Awaited>, DbFault> {
    let query = invitations::table
        .select((invitations::user_id, invitations::id, invitations::email, invitations::created_at))
        .order(invitations::id.asc())
        .into_boxed::<MultiBackend>()
        .filter(visibility::invitations(visibility))
        .filter(InSet::condition::<invitations::table>(
            "invitations.user_id",
            ids.iter().map(ToString::to_string).collect(),
        ))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()));
    // Sorted by time, so that the newest one stays in the map.
    let rows = query.load::<(String, String, String, At)>(connection)?;
    let awaited = |(user, id, email, created_at): (String, String, String, At)| {
        let unreadable = |column| DbFault::Corrupt { table: "invitations", column, row: id.clone() };
        let email = Email::parse(&email).map_err(|_| unreadable("email"))?;
        Ok((user, Awaited { id: id.parse().map_err(|_| unreadable("id"))?, email, created_at: created_at.0 }))
    };
    rows.into_iter().map(awaited).collect()
}

fn user(row: Row, pending_invitation_id: Option<InvitationId>) -> Result<User, DbFault> {
    let (id, email, first_name, last_name, status, created_at, activated_at) = row;
    Ok(User {
        email: Email::parse(&email).map_err(|_| corrupt("email", &id))?,
        first_name,
        last_name,
        status: parse_status(&status, &id)?,
        system_roles: Roles::default(),
        memberships: Vec::new(),
        created_at: Some(created_at.0),
        activated_at: activated_at.map(|at| at.0),
        pending_invitation_id,
        id: id.parse().map_err(|_| corrupt("id", &id))?,
    })
}
