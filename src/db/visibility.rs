//! Who may see what, as conditions: one function an object. Every query that shows something to a caller asks
//! here, and nowhere else is it written down; what a caller's [`Visibility`] is, `domain::visibility` says.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{
    schema::{account_lineage, accounts, invitations, memberships, suppressions, user_roles, users},
    sql::condition::Condition,
};
use crate::domain::{
    ids::AccountId,
    invitation::{InvitationKind, InvitationState},
    visibility::Visibility,
};

/// Whether everybody is seen, and so everybody is known.
pub(super) fn is_whole(visibility: &Visibility) -> bool {
    visibility.staff && visibility.customers
}

/// Whether nothing is seen but what lies under certain accounts.
pub(super) fn only_below(visibility: &Visibility) -> bool {
    !visibility.staff && !visibility.customers
}

/// The users who are seen: by what they are, or by what they are invited to become.
pub(super) fn users(visibility: &Visibility) -> Condition<users::table> {
    if is_whole(visibility) {
        // Nobody is hidden, not even who is neither for a moment: midway through an activation.
        return Condition::Always;
    }
    known_users(visibility).or(invited_users(visibility, None))
}

/// The users who are something within this visibility: by a role held, or a membership. They are known and
/// shown whole. The others who are seen are shown as they were invited, whatever they are elsewhere: found by
/// the address that was typed, and not by their name, status, roles or memberships. Roles from before the
/// address was proven have ended (`credentials::replace`).
pub(super) fn known_users(visibility: &Visibility) -> Condition<users::table> {
    if is_whole(visibility) {
        return Condition::Always;
    }
    let holds = || exists(user_roles::table.filter(user_roles::user_id.eq(users::id)));
    let belongs = || memberships::table.filter(memberships::user_id.eq(users::id)).filter(by_its_person());
    let by_role = if visibility.staff { Condition::when(holds()) } else { Condition::Never };
    let by_membership = match &visibility.under[..] {
        _ if visibility.customers => Condition::when(exists(belongs())),
        [] => Condition::Never,
        under => {
            Condition::when(exists(belongs().filter(memberships::account_id.eq_any(accounts_under(under)))))
        }
    };
    by_role.or(by_membership)
}

/// The users whom an invitation within this visibility awaits; with a pattern, one whose address is like it,
/// as it was typed there.
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
        None => Condition::when(exists(awaiting)),
        Some(pattern) => {
            let like = invitations::search_text.like(pattern.to_owned()).escape('\\');
            Condition::when(exists(awaiting.filter(like)))
        }
    }
}

/// The invitations that are seen, and with them their timelines and letters.
pub(super) fn invitations(visibility: &Visibility) -> Condition<invitations::table> {
    let staff = InvitationKind::SystemUser.as_str();
    let by_kind = match (visibility.staff, visibility.customers) {
        (true, true) => return Condition::Always,
        // Every invitation to an account is one of a customer.
        (false, true) => return Condition::when(invitations::kind.ne(staff)),
        (true, false) => Condition::when(invitations::kind.eq(staff)),
        (false, false) => Condition::Never,
    };
    by_kind.or(invitations_under(&visibility.under))
}

/// The invitations to these accounts, and to those below them.
pub(super) fn invitations_under(ids: &[AccountId]) -> Condition<invitations::table> {
    if ids.is_empty() {
        return Condition::Never;
    }
    let under = accounts_under(ids).select(account_lineage::account_id.nullable());
    Condition::when(invitations::account_id.eq_any(under).assume_not_null())
}

/// The accounts that are seen.
pub(super) fn accounts(visibility: &Visibility) -> Condition<accounts::table> {
    match &visibility.under[..] {
        _ if visibility.customers => Condition::Always,
        [] => Condition::Never,
        under => Condition::when(accounts::id.eq_any(accounts_under(under))),
    }
}

/// The memberships that are seen of a user who is known. Staff who see a colleague see where they belong; an
/// owner sees what lies under their own accounts.
pub(super) fn memberships(visibility: &Visibility) -> Condition<memberships::table> {
    match &visibility.under[..] {
        _ if visibility.staff || visibility.customers => Condition::Always,
        [] => Condition::Never,
        under => Condition::when(memberships::account_id.eq_any(accounts_under(under))),
    }
}

/// The suppressed addresses that are seen: all of them, or all but those of system users, or of people
/// invited as such, who were never invited as customers and are none.
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

/// What [`accounts_under`] gives.
pub(super) type Under = diesel::dsl::Select<
    diesel::dsl::Filter<
        account_lineage::table,
        diesel::dsl::EqAny<account_lineage::ancestor_id, Vec<String>>,
    >,
    account_lineage::account_id,
>;

/// The ids of these accounts, and of all that lie under them.
pub(super) fn accounts_under(ids: &[AccountId]) -> Under {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    account_lineage::table
        .filter(account_lineage::ancestor_id.eq_any(ids))
        .select(account_lineage::account_id)
}

/// Whether a membership was accepted by whoever the user is now. Before their address was proven it may have
/// been anybody with a link that was handed over, and makes nobody known. For queries in which `users` is
/// there too.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn by_its_person() -> _ {
    users::address_proven_at.is_null().or(memberships::created_at.nullable().ge(users::address_proven_at))
}
