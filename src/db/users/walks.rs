//! The indexes by which a list of users is read, for each of its filters.
//!
//! A filter that few users meet decides first. Every walk checks all filters and the visibility.

use std::collections::BTreeSet;

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};

use super::{
    any_role::AnyRole,
    filters::{of_account, with_role, with_status, with_text},
    user_filter::UserFilter,
};
use crate::db::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{invitations, memberships, user_roles, users},
    search::{self, Matches, SearchedText},
    sql::{
        condition::{Condition, is_present},
        id_set::InSet,
        page::{Direction, Source, Walk, beyond, beyond_pair},
    },
    visibility::{self, is_whole},
};
use crate::domain::{invitation::InvitationState, list_order::UserOrder, user::UserStatus};

type OfUsers = Condition<users::table>;

const ID: &str = "users.id";
pub(super) const USERS: Source = Source { from: "users", id: ID, repeats: false, is_ordered: true };
/// Few users, which are sorted.
const FEW: Source = Source { is_ordered: false, ..USERS };
// The concatenations leave the database no other order of the tables.
const BY_ROLE: Source =
    Source { from: "user_roles CROSS JOIN users", id: "user_roles.user_id", repeats: true, is_ordered: true };
const HAS_ROLE: &str = "users.id = user_roles.user_id || ''";
const BY_MEMBERSHIP: Source =
    Source { from: "memberships CROSS JOIN users", id: "memberships.user_id", ..BY_ROLE };
const IS_MEMBER: &str = "users.id = memberships.user_id || ''";
const BY_STAFF_INVITATION: Source =
    Source { from: "invitations CROSS JOIN users", id: "invitations.user_id", ..BY_ROLE };
/// The kind is no parameter, so that the partial index `invitations_of_staff` is used.
const IS_INVITED_STAFF: &str = "users.id = invitations.user_id || '' AND invitations.kind = 'system_user'";

/// The most users that are collected by their accounts. With more, a list walks through all users.
const MAX_COLLECTED: i64 = 50_000;

/// What was looked up before the list is read.
pub(super) struct Found {
    text: Option<SearchedText>,
    /// The users among whom all of the list are, unless these are many.
    pub(super) few: Option<Vec<String>>,
    /// Where many people have the text: the users who are found by the name of an account, if they are few.
    by_account_name: Option<Vec<String>>,
}

/// Looks up what the filter and the visibility ask for.
pub(super) fn search(connection: &mut AnyConnection, filter: &UserFilter) -> Result<Found, DbFault> {
    let text = filter.search.as_deref().map(SearchedText::new);
    let mut by_account_name = None;
    let few = if filter.id.is_some() {
        None
    } else if let Some(account) = filter.account {
        of_accounts(connection, vec![account.to_string()])?
    } else if visibility::only_below(&filter.visibility) {
        match visibility::few_accounts(connection, &filter.visibility.account_ids)? {
            Some(accounts) => of_accounts(connection, accounts)?,
            None => None,
        }
    } else if let Some(text) = &text {
        let found = few_with_text(connection, text)?;
        by_account_name = found.1;
        found.0
    } else {
        None
    };
    Ok(Found { text, few, by_account_name })
}

/// Ids, if they are few.
type Few = Option<Vec<String>>;

/// The users with the text, by themselves or by the name of an account, if they are few. Where many have it
/// by themselves, the second list has those who have it by the name of an account, if they are few.
fn few_with_text(connection: &mut AnyConnection, text: &SearchedText) -> Result<(Few, Few), DbFault> {
    let people = search::people(connection, text)?;
    let members = match search::accounts(connection, text)? {
        Matches::Ids(accounts) => of_accounts(connection, accounts)?,
        Matches::Common => None,
    };
    Ok(match (people, members) {
        (Matches::Ids(people), Some(members)) => (Some(people.into_iter().chain(members).collect()), None),
        (Matches::Common, members) => (None, members),
        (Matches::Ids(_), None) => (None, None),
    })
}

/// The members of these accounts, and the people invited to them, unless they are many.
fn of_accounts(
    connection: &mut AnyConnection,
    accounts: Vec<String>,
) -> Result<Option<Vec<String>>, DbFault> {
    if accounts.is_empty() {
        return Ok(Some(Vec::new()));
    }
    // In this order: an invitation that is accepted in between is found as a membership.
    let invited: Vec<String> = invitations::table
        .select(invitations::user_id)
        .limit(MAX_COLLECTED + 1)
        .into_boxed::<MultiBackend>()
        .filter(InSet::condition::<invitations::table>("invitations.account_id", accounts.clone()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .load(connection)?;
    let members: Vec<String> = memberships::table
        .select(memberships::user_id)
        .limit(MAX_COLLECTED + 1)
        .into_boxed::<MultiBackend>()
        .filter(InSet::condition::<memberships::table>("memberships.account_id", accounts))
        .load(connection)?;
    let are_few = |ids: &[String]| i64::try_from(ids.len()).is_ok_and(|number| number <= MAX_COLLECTED);
    let all_found = are_few(&members) && are_few(&invited);
    let ids: BTreeSet<String> = members.into_iter().chain(invited).collect();
    Ok(all_found.then(|| ids.into_iter().collect()))
}

/// How many filters a request has.
pub(super) fn number_of_filters(filter: &UserFilter) -> usize {
    let given = [filter.account.is_some(), filter.search.is_some(), filter.order != UserOrder::Newest];
    filter.statuses.len() + filter.roles.len() + given.into_iter().filter(|given| *given).count()
}

/// Whether the filter may leave few users.
pub(super) fn is_narrow(filter: &UserFilter, found: &Found) -> bool {
    let is_filtered = !filter.statuses.is_empty() || !filter.roles.is_empty() || filter.account.is_some();
    is_filtered || found.few.is_some() || found.text.is_some() || !filter.visibility.customers
}

/// The walks that together find all users of the filter, in the order of their creation.
pub(super) fn of(filter: &UserFilter, found: &Found, direction: Direction) -> Vec<Walk> {
    let last = || filter.after.as_ref().map(|last| last.id.to_string());
    let beyond = |walk: Walk| walk.when::<users::table>(beyond(ID, direction, last()));
    unbounded(filter, found).into_iter().map(beyond).collect()
}

fn unbounded(filter: &UserFilter, found: &Found) -> Vec<Walk> {
    let plain = |source| matching(Walk::of(source), filter, found);
    if filter.id.is_some() {
        return vec![plain(USERS)];
    }
    if let Some(few) = &found.few {
        return vec![plain(FEW).when(InSet::condition::<users::table>(ID, few.clone()))];
    }
    if let (Some(text), Some(members), true) = (&found.text, &found.by_account_name, has_text_alone(filter)) {
        // Most rows of the walk are no match, and cost little if accounts are not looked at.
        let own = Condition::<users::table>::contains("users.search_text", text.pattern());
        let by_account = InSet::condition::<users::table>(ID, members.clone());
        return vec![besides_text(Walk::of(USERS), filter).when(own), plain(FEW).when(by_account)];
    }
    if !filter.roles.is_empty() {
        return filter.roles.iter().map(|role| by_role(*role, &plain)).collect();
    }
    let sees_staff_alone =
        filter.visibility.staff && !filter.visibility.customers && filter.visibility.account_ids.is_empty();
    if sees_staff_alone {
        return vec![
            plain(BY_ROLE).when(joined::<user_roles::table>(HAS_ROLE)),
            plain(BY_STAFF_INVITATION).when(joined::<invitations::table>(IS_INVITED_STAFF)),
        ];
    }
    // A user whom the reader does not know is shown as invited, whatever the stored status is.
    let is_stored = |status: UserStatus| is_whole(&filter.reader) || status != UserStatus::Invited;
    if !filter.statuses.is_empty() && filter.statuses.iter().all(|status| is_stored(*status)) {
        let walk = |status: UserStatus| {
            let stored: OfUsers = Condition::has_value("users.status || '' = ", status.as_str());
            plain(USERS).when(stored)
        };
        return filter.statuses.iter().map(|status| walk(*status)).collect();
    }
    vec![plain(USERS)]
}

/// Whether users are searched who are all visible, without another filter.
fn has_text_alone(filter: &UserFilter) -> bool {
    is_whole(&filter.reader)
        && is_whole(&filter.visibility)
        && filter.roles.is_empty()
        && filter.statuses.is_empty()
}

fn by_role(role: AnyRole, plain: &impl Fn(Source) -> Walk) -> Walk {
    match role {
        AnyRole::System(role) => {
            let held: Condition<user_roles::table> =
                Condition::has_value("user_roles.role || '' = ", role.as_str());
            plain(BY_ROLE).when(joined::<user_roles::table>(HAS_ROLE)).when(held)
        }
        AnyRole::Member(role) => {
            let held: Condition<memberships::table> =
                Condition::has_value("memberships.role || '' = ", role.as_str());
            plain(BY_MEMBERSHIP).when(joined::<memberships::table>(IS_MEMBER)).when(held)
        }
    }
}

fn joined<T>(condition: &'static str) -> Condition<T> {
    Condition::raw(sql::<Bool>(condition))
}

/// A walk that finds only what the filter and the visibility admit.
pub(super) fn matching(walk: Walk, filter: &UserFilter, found: &Found) -> Walk {
    let walk = besides_text(walk, filter);
    match &found.text {
        Some(text) => walk.when(with_text(text.pattern(), &filter.visibility, &filter.reader)),
        None => walk,
    }
}

fn besides_text(walk: Walk, filter: &UserFilter) -> Walk {
    let reader = &filter.reader;
    let given = [
        filter.account.map(|account| of_account(account, reader)),
        filter.id.map(|id| Condition::when(users::id.eq(id.to_string()))),
    ];
    let walk = walk
        .when(is_present::<users::table>("users.removed_at"))
        .when(visibility::users(&filter.visibility))
        .when(OfUsers::any(filter.statuses.iter().map(|status| with_status(*status, reader))))
        .when(OfUsers::any(filter.roles.iter().map(|role| with_role(*role, reader))));
    given.into_iter().flatten().fold(walk, Walk::when::<users::table>)
}

/// The condition that a user follows the position, in the order of addresses.
pub(super) fn beyond_email(filter: &UserFilter) -> OfUsers {
    match &filter.after {
        None => Condition::Always,
        Some(last) => {
            let key = Box::new(last.key.clone().unwrap_or_default().into_sql::<Text>());
            beyond_pair(("users.email_key", ID), key, last.id.to_string())
        }
    }
}
