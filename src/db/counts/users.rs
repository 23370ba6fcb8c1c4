//! The numbers of users.

use std::collections::HashMap;

use diesel::{dsl::sum, prelude::*};

use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, memberships, row_counts, users},
    visibility::{accepted_by_person, accounts_under, invitations_under, is_whole},
};
use crate::domain::{
    counts::UserCounts,
    invitation::InvitationState,
    user::{UserKind, UserStatus},
    visibility::Visibility,
};

/// What users are, of whom there are several.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "any of them may hold beside any other")]
struct Group {
    has_role: bool,
    has_membership: bool,
    invited_as_staff: bool,
    invited_as_customer: bool,
    status: UserStatus,
    /// What they are below the reader's own accounts.
    under: Under,
}

/// What a user is below the reader's own accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Under {
    Nothing,
    Invited,
    Member,
}

impl Group {
    /// Whether they are visible as users of this kind. The same rules as in `db::visibility`.
    fn is_visible_as(self, kind: UserKind, reader: &Visibility) -> bool {
        match kind {
            UserKind::SystemUser => reader.staff && (self.has_role || self.invited_as_staff),
            UserKind::Customer => {
                (reader.customers && (self.has_membership || self.invited_as_customer))
                    || self.under != Under::Nothing
            }
        }
    }

    /// Whether the reader knows them. The same rules as in `db::visibility`.
    fn is_known(self, reader: &Visibility) -> bool {
        is_whole(reader)
            || (reader.staff && self.has_role)
            || (reader.customers && self.has_membership)
            || self.under == Under::Member
    }

    fn add(self, counts: &mut UserCounts, reader: &Visibility, kinds: &[UserKind], n: i64) {
        let asked = UserKind::ALL.into_iter().filter(|one| kinds.is_empty() || kinds.contains(one));
        let visible: Vec<UserKind> = asked.filter(|one| self.is_visible_as(*one, reader)).collect();
        for one in &visible {
            counts.by_kind.add(*one, n);
        }
        // Callers who see everybody also see users of neither kind, unless they ask for one kind.
        let asks_for_all = kinds.is_empty() || UserKind::ALL.iter().all(|one| kinds.contains(one));
        if visible.is_empty() && !(asks_for_all && is_whole(reader)) {
            return;
        }
        let status = if self.is_known(reader) { self.status } else { UserStatus::Invited };
        counts.by_status.add(status, n);
    }
}

/// The numbers of the users whom the reader sees; with kinds, of those of one of these kinds.
pub fn users(
    connection: &mut AnyConnection,
    reader: &Visibility,
    kinds: &[UserKind],
) -> Result<UserCounts, DbFault> {
    let mut counts = UserCounts::default();
    if reader.staff || reader.customers {
        for (group, n) in of_all(connection)? {
            group.add(&mut counts, reader, kinds, n);
        }
    }
    if !reader.customers && !reader.account_ids.is_empty() {
        for group in under(connection, reader)?.into_values() {
            // Counted above as one who is nothing there.
            Group { under: Under::Nothing, ..group }.add(&mut counts, reader, kinds, -1);
            group.add(&mut counts, reader, kinds, 1);
        }
    }
    Ok(counts)
}

fn of_all(connection: &mut AnyConnection) -> Result<Vec<(Group, i64)>, DbFault> {
    let rows: Vec<(String, String, Option<i64>)> = row_counts::table
        .filter(row_counts::subject.eq("users"))
        .group_by((row_counts::kind, row_counts::state))
        .select((row_counts::kind, row_counts::state, sum(row_counts::n)))
        .load(connection)?;
    let group = |(ties, status, n): (String, String, Option<i64>)| {
        let corrupt = |column| DbFault::Corrupt { table: "row_counts", column, row: ties.clone() };
        let [role, membership, staff, customer] = ties.as_bytes() else { return Err(corrupt("kind")) };
        let group = Group {
            has_role: *role == b'1',
            has_membership: *membership == b'1',
            invited_as_staff: *staff == b'1',
            invited_as_customer: *customer == b'1',
            status: status.parse().map_err(|_| corrupt("state"))?,
            under: Under::Nothing,
        };
        Ok((group, n.unwrap_or_default()))
    };
    rows.into_iter().map(group).collect()
}

/// Id and status; what the user is.
type Row = ((String, String), (bool, bool, bool, bool));

/// The users who are something below the reader's own accounts, by id.
fn under(connection: &mut AnyConnection, reader: &Visibility) -> Result<HashMap<String, Group>, DbFault> {
    let columns = (
        (users::id, users::status),
        (users::has_role, users::has_membership, users::invited_as_staff, users::invited_as_customer),
    );
    let invited: Vec<Row> = invitations::table
        .inner_join(users::table.on(users::id.eq(invitations::user_id)))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations_under(&reader.account_ids))
        .filter(users::removed_at.is_null())
        .select(columns)
        .load(connection)?;
    let members: Vec<Row> = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::account_id.eq_any(accounts_under(&reader.account_ids)))
        .filter(accepted_by_person())
        .filter(users::removed_at.is_null())
        .select(columns)
        .load(connection)?;
    let mut groups = HashMap::new();
    for (rows, under) in [(invited, Under::Invited), (members, Under::Member)] {
        for row in rows {
            let ((id, status), (has_role, has_membership, invited_as_staff, invited_as_customer)) = row;
            let status = crate::db::users::parse_status(&status, &id)?;
            let ties =
                Group { has_role, has_membership, invited_as_staff, invited_as_customer, status, under };
            groups.insert(id, ties);
        }
    }
    Ok(groups)
}
