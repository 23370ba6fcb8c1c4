//! The visibility rules as SQL conditions: one function for each kind of object. Every query for a caller
//! uses these functions, and no other code has such conditions. `domain::visibility` defines a caller's
//! [`Visibility`].

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    error::DbFault,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{
        account_lineage, accounts, api_clients, invitations, memberships, suppressions, user_roles, users,
    },
    sql::{condition::Condition, id_set::InSet},
};
use crate::domain::{
    ids::AccountId,
    invitation::{InvitationKind, InvitationState},
    visibility::Visibility,
};

/// Whether all users are visible, and so all are known.
pub(super) fn is_whole(visibility: &Visibility) -> bool {
    visibility.staff && visibility.customers
}

/// Whether only objects below certain accounts are visible.
pub(super) fn only_below(visibility: &Visibility) -> bool {
    !visibility.staff && !visibility.customers
}

/// The visible users: by a role or membership, or by an invitation.
pub(super) fn users(visibility: &Visibility) -> Condition<users::table> {
    if is_whole(visibility) {
        // Includes a user who has neither for a moment, in the middle of an activation.
        return Condition::Always;
    }
    known_users(visibility).or(invited_users(visibility, None))
}

/// The users with a role or membership within this visibility. They are known, and shown with all fields.
/// Other visible users are shown as they were invited, whatever roles or memberships they have elsewhere:
/// they are found by the address that was typed, and not by their name, status, roles or memberships. Roles
/// from before the address was proven have ended (`credentials::replace`).
pub(super) fn known_users(visibility: &Visibility) -> Condition<users::table> {
    if is_whole(visibility) {
        return Condition::Always;
    }
    let holds = user_roles::table.filter(user_roles::user_id.eq(users::id));
    let belongs =
        || memberships::table.filter(memberships::user_id.eq(users::id)).filter(accepted_by_person());
    let by_role = if visibility.staff { Condition::exists(holds) } else { Condition::Never };
    let by_membership = match &visibility.account_ids[..] {
        _ if visibility.customers => Condition::exists(belongs()),
        [] => Condition::Never,
        under => Condition::exists(belongs().filter(memberships::account_id.eq_any(accounts_under(under)))),
    };
    by_role.or(by_membership)
}

/// The users with a pending invitation within this visibility; with a pattern, one whose address, as typed
/// there, matches.
pub(super) fn invited_users(visibility: &Visibility, address: Option<&str>) -> Condition<users::table> {
    let seen = invitations(visibility);
    if seen.is_never() {
        return Condition::Never;
    }
    let awaiting = invitations::table
        .filter(invitations::user_id.eq(users::id))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(seen);
    match address {
        None => Condition::exists(awaiting),
        Some(pattern) => {
            let like = Condition::<invitations::table>::contains("invitations.search_text", pattern);
            Condition::exists(awaiting.filter(like))
        }
    }
}

/// The visible invitations; their timelines and letters are visible with them.
pub(super) fn invitations(visibility: &Visibility) -> Condition<invitations::table> {
    let staff = InvitationKind::SystemUser.as_str();
    let by_kind = match (visibility.staff, visibility.customers) {
        (true, true) => return Condition::Always,
        // Every invitation to an account is for a customer.
        (false, true) => return Condition::when(invitations::kind.ne(staff)),
        (true, false) => Condition::when(invitations::kind.eq(staff)),
        (false, false) => Condition::Never,
    };
    by_kind.or(invitations_under(&visibility.account_ids))
}

/// The invitations to these accounts, and to those below them.
pub(super) fn invitations_under(ids: &[AccountId]) -> Condition<invitations::table> {
    if ids.is_empty() {
        return Condition::Never;
    }
    let under = accounts_under(ids).select(account_lineage::account_id.nullable());
    Condition::when(invitations::account_id.eq_any(under).assume_not_null())
}

/// The visible accounts.
pub(super) fn accounts(visibility: &Visibility) -> Condition<accounts::table> {
    match &visibility.account_ids[..] {
        _ if visibility.customers => Condition::Always,
        [] => Condition::Never,
        under => Condition::when(accounts::id.eq_any(accounts_under(under))),
    }
}

/// The visible API clients: those of visible accounts, and where all are visible, those without one.
pub(super) fn clients(visibility: &Visibility) -> Condition<api_clients::table> {
    match &visibility.account_ids[..] {
        _ if visibility.customers => Condition::Always,
        [] => Condition::Never,
        under => {
            let under = accounts_under(under).select(account_lineage::account_id.nullable());
            Condition::when(api_clients::account_id.eq_any(under).assume_not_null())
        }
    }
}

/// The visible memberships of a known user. Staff who see a colleague see all memberships; an owner sees
/// those below their own accounts.
pub(super) fn memberships(visibility: &Visibility) -> Condition<memberships::table> {
    match &visibility.account_ids[..] {
        _ if visibility.staff || visibility.customers => Condition::Always,
        [] => Condition::Never,
        under => Condition::when(memberships::account_id.eq_any(accounts_under(under))),
    }
}

/// The visible suppressed addresses: all of them, or all except those of system users, or people invited as
/// such, who are no customers and were never invited as such.
pub(super) fn suppressions(staff: bool) -> Condition<suppressions::table> {
    if staff {
        return Condition::Always;
    }
    let system_user = InvitationKind::SystemUser.as_str();
    let invited = || invitations::table.filter(invitations::email_key.eq(suppressions::email_key));
    let person = || users::email_key.eq(suppressions::email_key).and(users::removed_at.is_null());
    let held =
        user_roles::table.inner_join(users::table.on(users::id.eq(user_roles::user_id))).filter(person());
    let member =
        memberships::table.inner_join(users::table.on(users::id.eq(memberships::user_id))).filter(person());
    let is_staff = exists(held).or(exists(invited().filter(invitations::kind.eq(system_user))));
    let is_customer = exists(member).or(exists(invited().filter(invitations::kind.ne(system_user))));
    Condition::when(not(is_staff).or(is_customer))
}

/// The type of [`accounts_under`].
pub(super) type Under = diesel::dsl::Select<
    diesel::dsl::Filter<
        account_lineage::table,
        diesel::dsl::EqAny<account_lineage::ancestor_id, Vec<String>>,
    >,
    account_lineage::account_id,
>;

/// The ids of these accounts, and of all below them.
pub(super) fn accounts_under(ids: &[AccountId]) -> Under {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    account_lineage::table
        .filter(account_lineage::ancestor_id.eq_any(ids))
        .select(account_lineage::account_id)
}

/// The most accounts of a caller whose ids are collected for a list. With more, a list walks through all.
const MAX_ACCOUNTS: i64 = 5_000;

/// The ids of these accounts, and of all below them, unless they are many.
pub(super) fn few_accounts(
    connection: &mut AnyConnection,
    ids: &[AccountId],
) -> Result<Option<Vec<String>>, DbFault> {
    let ids = ids.iter().map(ToString::to_string).collect();
    let below = account_lineage::table
        .select(account_lineage::account_id)
        .limit(MAX_ACCOUNTS + 1)
        .into_boxed::<MultiBackend>()
        .filter(InSet::condition::<account_lineage::table>("account_lineage.ancestor_id", ids));
    let mut found: Vec<String> = below.load(connection)?;
    let are_few = i64::try_from(found.len()).is_ok_and(|number| number <= MAX_ACCOUNTS);
    found.sort_unstable();
    found.dedup();
    Ok(are_few.then_some(found))
}

/// Whether a membership was accepted by the user with the proven address. Before the address was proven, any
/// person with a link that was handed over to the inviter may have accepted it, and this makes no one known.
/// For queries that contain `users`.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn accepted_by_person() -> _ {
    users::address_proven_at.is_null().or(memberships::created_at.nullable().ge(users::address_proven_at))
}
