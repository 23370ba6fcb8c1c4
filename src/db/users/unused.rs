//! Users of whom nothing is known but the address.

use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use crate::{
    db::{
        Tx,
        error::DbFault,
        schema::{email_changes as changes, invitations, memberships, sessions, user_roles, users},
    },
    domain::user::UserStatus,
};

/// Deletes those of these users who never activated and have no invitation, not even an old one: nothing is
/// known of them but the address. Returns their number.
pub(in crate::db) fn delete_unused(tx: &mut Tx<'_>, ids: &[&str]) -> Result<usize, DbFault> {
    let invited = invitations::table.filter(invitations::user_id.eq(users::id));
    let signed_in = sessions::table.filter(sessions::user_id.eq(users::id));
    let belongs = memberships::table.filter(memberships::user_id.eq(users::id));
    let holds = user_roles::table.filter(user_roles::user_id.eq(users::id));
    let changed = changes::table.filter(changes::user_id.eq(users::id));
    let deleted = diesel::delete(users::table)
        .filter(users::id.eq_any(ids).and(users::status.eq(UserStatus::Invited.as_str())))
        .filter(not(exists(invited)).and(not(exists(signed_in))).and(not(exists(changed))))
        .filter(not(exists(belongs)).and(not(exists(holds))))
        .execute(tx.writing())?;
    Ok(deleted)
}
