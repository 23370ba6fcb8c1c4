//! Users, each with roles, memberships and the invitation that awaits an answer, by whatever lists are filtered by.

use std::collections::HashMap;

use diesel::{dsl::exists, prelude::*};

use super::{
    corrupt, parse_status,
    seen::{accounts_under, holding, only_below, seen},
};
use crate::{
    db::{
        codec::At,
        connection::{AnyConnection, MultiBackend},
        fault::DbFault,
        memberships::seen as memberships_of,
        schema::{account_lineage, invitations, memberships, user_roles, users},
    },
    domain::{
        account::MemberRole,
        email::Email,
        ids::{AccountId, InvitationId, UserId},
        invitation::{InvitationKind, InvitationState},
        role::{Role, Roles},
        sight::Sight,
        user::{User, UserStatus},
    },
};

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

impl AnyRole {
    /// Every role, those of system users first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Role::ALL.map(Self::System).into_iter().chain(MemberRole::ALL.map(Self::Member)).collect()
    }

    /// The name that requests use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System(role) => role.as_str(),
            Self::Member(role) => role.as_str(),
        }
    }
}

impl UserFilter {
    /// Everybody who may be seen.
    #[must_use]
    pub fn all(sight: Sight, limit: i64) -> Self {
        Self { sight, status: None, role: None, account: None, search: None, id: None, before: None, limit }
    }
}

type Row = (String, String, Option<String>, Option<String>, String, At, Option<At>);

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
