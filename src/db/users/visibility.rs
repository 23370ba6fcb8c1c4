//! Who may be seen, how much of them, and what they may be searched by.
//!
//! Two sights are told apart: `sight` is what a list is asked for, as narrowed by `kind`; `reader` is everything that its caller may
//! see. Whoever is something in the reader's sight, by a role or a membership, is known to them and shown whole. Whoever is merely
//! invited there is shown as they were invited, whatever they are elsewhere: found by the address that was typed, and not by their
//! name, status, roles or memberships. A membership from before the address was proven makes nobody known: somebody else may have
//! accepted it. Roles from before have ended (`credentials::replace`).

use diesel::{dsl::exists, prelude::*, sql_types::Bool};

use crate::{
    db::{
        pool::any_connection::MultiBackend,
        schema::{account_lineage, accounts, invitations, memberships, user_roles, users},
        sql::like,
        users::memberships::by_its_person,
    },
    domain::{
        invitation::{InvitationKind, InvitationState},
        visibility::Visibility,
    },
};

/// A condition on users.
pub(super) type Condition = Box<dyn BoxableExpression<users::table, MultiBackend, SqlType = Bool>>;

pub(super) fn nobody() -> Condition {
    Box::new(users::id.eq(""))
}

/// Whether everybody is seen, and so everybody is known.
pub(super) fn is_whole(sight: &Visibility) -> bool {
    sight.staff && sight.customers
}

/// Whether nothing is seen but what lies under certain accounts.
pub(super) fn only_below(sight: &Visibility) -> bool {
    !sight.staff && !sight.customers
}

/// Who may be seen: by what they are, or by what they are invited to become.
pub(super) fn seen(sight: &Visibility) -> Condition {
    if is_whole(sight) {
        // Nobody is hidden, not even who is neither for a moment: midway through an activation.
        return Box::new(users::id.ne(""));
    }
    Box::new(known(sight).or(invited(sight, None)))
}

/// Who is something in this sight: a role held, or a membership.
pub(super) fn known(sight: &Visibility) -> Condition {
    if is_whole(sight) {
        return Box::new(users::id.ne(""));
    }
    let mut known = nobody();
    if sight.staff {
        known = Box::new(known.or(exists(user_roles::table.filter(user_roles::user_id.eq(users::id)))));
    }
    if sight.customers {
        let belongs = memberships::table.filter(memberships::user_id.eq(users::id)).filter(by_its_person());
        known = Box::new(known.or(exists(belongs)));
    }
    if !sight.under.is_empty() {
        let belongs = memberships::table.filter(memberships::user_id.eq(users::id)).filter(by_its_person());
        known = Box::new(known.or(exists(belongs.filter(memberships::account_id.eq_any(accounts_under(sight))))));
    }
    known
}

/// Whom an invitation in this sight awaits; with a pattern, one whose address is like it, as it was typed there.
pub(super) fn invited(sight: &Visibility, address: Option<&str>) -> Condition {
    let like = |pattern: &str| invitations::search_text.like(pattern.to_owned()).escape('\\');
    let mut invited = nobody();
    for (is_seen, staff) in [(sight.staff, true), (sight.customers, false)] {
        if is_seen {
            let of_kind = invitations::table
                .filter(invitations::user_id.eq(users::id))
                .filter(invitations::state.eq(InvitationState::Pending.as_str()))
                .filter(invitations::kind.eq(InvitationKind::SystemUser.as_str()).eq(staff));
            invited = match address {
                None => Box::new(invited.or(exists(of_kind))),
                Some(pattern) => Box::new(invited.or(exists(of_kind.filter(like(pattern))))),
            };
        }
    }
    if !sight.under.is_empty() {
        let under: Vec<String> = sight.under.iter().map(ToString::to_string).collect();
        let below = invitations::table
            .inner_join(account_lineage::table.on(account_lineage::account_id.nullable().eq(invitations::account_id)))
            .filter(invitations::user_id.eq(users::id))
            .filter(invitations::state.eq(InvitationState::Pending.as_str()))
            .filter(account_lineage::ancestor_id.eq_any(under));
        invited = match address {
            None => Box::new(invited.or(exists(below))),
            Some(pattern) => Box::new(invited.or(exists(below.filter(like(pattern))))),
        };
    }
    invited
}

/// What [`accounts_under`] gives.
pub(super) type Under = diesel::dsl::Select<
    diesel::dsl::Filter<account_lineage::table, diesel::dsl::EqAny<account_lineage::ancestor_id, Vec<String>>>,
    account_lineage::account_id,
>;

/// The accounts that may be seen because they lie under others.
pub(super) fn accounts_under(sight: &Visibility) -> Under {
    let under: Vec<String> = sight.under.iter().map(ToString::to_string).collect();
    account_lineage::table.filter(account_lineage::ancestor_id.eq_any(under)).select(account_lineage::account_id)
}

/// With a text in the address, the person's name, or the name of an account that they belong or are invited to, as far as the reader
/// may see that.
pub(super) fn holding(search: &str, sight: &Visibility, reader: &Visibility) -> Condition {
    let pattern = like::containing(search);
    let named = accounts::search_text.like(pattern.clone()).escape('\\');
    let belongs = memberships::table
        .inner_join(accounts::table.on(accounts::id.eq(memberships::account_id)))
        .filter(memberships::user_id.eq(users::id))
        .filter(named.clone());
    let invited_to = invitations::table
        .inner_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .filter(invitations::user_id.eq(users::id))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(named);
    let person = users::search_text.like(pattern.clone()).escape('\\');
    if is_whole(reader) {
        return if sight.customers {
            Box::new(person.or(exists(belongs)).or(exists(invited_to)))
        } else {
            Box::new(person.or(exists(belongs)))
        };
    }
    let found: Condition = Box::new(known(reader).and(person).or(invited(sight, Some(&pattern))));
    let under = || accounts::id.eq_any(accounts_under(reader));
    let found: Condition = if reader.staff || reader.customers {
        Box::new(found.or(known(reader).and(exists(belongs))))
    } else {
        Box::new(found.or(known(reader).and(exists(belongs.filter(under())))))
    };
    if reader.customers { Box::new(found.or(exists(invited_to))) } else { Box::new(found.or(exists(invited_to.filter(under())))) }
}
