//! Who may be seen, and what of them may be searched by.

use diesel::{dsl::exists, prelude::*, sql_types::Bool};

use crate::{
    db::{
        connection::MultiBackend,
        pattern,
        schema::{account_lineage, accounts, invitations, memberships, user_roles, users},
    },
    domain::{
        invitation::{InvitationKind, InvitationState},
        sight::Sight,
    },
};

/// A condition on users.
pub(super) type Condition = Box<dyn BoxableExpression<users::table, MultiBackend, SqlType = Bool>>;

/// Who may be seen: by what they are, or by what they are invited to become.
pub(super) fn seen(sight: &Sight) -> Condition {
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
pub(super) fn only_below(sight: &Sight) -> bool {
    !sight.staff && !sight.customers
}

/// What [`accounts_under`] gives.
pub(super) type Under = diesel::dsl::Select<
    diesel::dsl::Filter<account_lineage::table, diesel::dsl::EqAny<account_lineage::ancestor_id, Vec<String>>>,
    account_lineage::account_id,
>;

/// The accounts that may be seen because they lie under others.
pub(super) fn accounts_under(sight: &Sight) -> Under {
    let under: Vec<String> = sight.under.iter().map(ToString::to_string).collect();
    account_lineage::table.filter(account_lineage::ancestor_id.eq_any(under)).select(account_lineage::account_id)
}

/// With a text in the address, the person's name, or the name of an account that they belong or are invited to, as far as
/// that may be seen.
pub(super) fn holding(search: &str, sight: &Sight) -> Condition {
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
