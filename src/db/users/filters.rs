//! The filters and the search of the list of users. A field that is hidden from a reader must not be
//! searchable by them.

use diesel::prelude::*;

use super::any_role::AnyRole;
use crate::{
    db::{
        schema::{accounts, invitations, memberships, user_roles, users},
        sql::condition::Condition,
        visibility::{self, invited_users, is_whole, known_users},
    },
    domain::{ids::AccountId, invitation::InvitationState, user::UserStatus, visibility::Visibility},
};

type OfUsers = Condition<users::table>;

/// With this status as the reader sees it: a user whom they do not know is shown as invited.
pub(super) fn with_status(status: UserStatus, reader: &Visibility) -> OfUsers {
    let has_status = Condition::when(users::status.eq(status.as_str()));
    match status {
        _ if is_whole(reader) => has_status,
        // A user with a role or a membership has activated.
        UserStatus::Invited => known_users(reader).not(),
        UserStatus::Active | UserStatus::Blocked => known_users(reader).and(has_status),
    }
}

/// With this role, as far as the reader may see roles.
pub(super) fn with_role(role: AnyRole, reader: &Visibility) -> OfUsers {
    match role {
        AnyRole::System(_) if !reader.staff => Condition::Never,
        AnyRole::System(role) => {
            let held = user_roles::table.filter(user_roles::user_id.eq(users::id));
            Condition::exists(held.filter(user_roles::role.eq(role.as_str())))
        }
        AnyRole::Member(role) => {
            let held = memberships::table
                .filter(memberships::user_id.eq(users::id))
                .filter(memberships::role.eq(role.as_str()))
                .filter(visibility::memberships(reader));
            known_users(reader).and(Condition::exists(held))
        }
    }
}

/// Member of this account, or invited to it, as far as the reader may see that.
pub(super) fn of_account(account: AccountId, reader: &Visibility) -> OfUsers {
    let belongs = memberships::table
        .filter(memberships::user_id.eq(users::id))
        .filter(memberships::account_id.eq(account.to_string()))
        .filter(visibility::memberships(reader));
    let invited = invitations::table
        .filter(invitations::user_id.eq(users::id))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::account_id.eq(account.to_string()))
        .filter(visibility::invitations(reader));
    known_users(reader).and(Condition::exists(belongs)).or(Condition::exists(invited))
}

/// With a text, given as a `LIKE` pattern, in the address, the user's name, or the name of an account to
/// which they belong or are invited, as far as the reader may see that.
pub(super) fn with_text(pattern: &str, visibility: &Visibility, reader: &Visibility) -> OfUsers {
    let is_named = || Condition::<accounts::table>::contains("accounts.search_text", pattern);
    let belongs = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .filter(memberships::user_id.eq(users::id))
        .filter(is_named())
        .filter(visibility::memberships(reader));
    let invited = invitations::table
        .inner_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .filter(invitations::user_id.eq(users::id))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(is_named())
        .filter(visibility::invitations(reader));
    let is_known = known_users(reader);
    let in_person = Condition::contains("users.search_text", pattern);
    let in_account = Condition::exists(belongs);
    if is_whole(reader) {
        let found = in_person.or(in_account);
        // Read first, or the invitations and accounts of every user would be looked up.
        let is_invited = Condition::when(users::invited_as_customer.eq(true));
        return if visibility.customers {
            found.or(is_invited.and(Condition::exists(invited)))
        } else {
            found
        };
    }
    let known = is_known.and(in_person.or(in_account));
    known.or(invited_users(visibility, Some(pattern))).or(Condition::exists(invited))
}
