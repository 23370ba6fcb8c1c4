//! Lists of invitations, each with the delivery state of its newest letter and its account, with all filters.

use diesel::prelude::*;

use super::{
    filter::InvitationFilter,
    row::{AccountRow, LetterRow, Row, account_columns, columns, letter_columns},
    walks::{self, Found},
};
use crate::{
    db::{
        error::DbFault,
        letters::newest::newest_letter,
        pool::any_connection::{AnyConnection, MultiBackend},
        schema::{accounts, invitations, letters},
        sql::{
            condition::Condition,
            id_set::InSet,
            page::{Direction, Page, Walk},
            pieces::read_page,
        },
    },
    domain::{
        ids::{InvitationId, UserId},
        invitation::Invitation,
        list_order::InvitationOrder,
        visibility::Visibility,
    },
};

const ID: &str = "invitations.id";

/// The invitations that match `filter`, in its order.
pub fn list(connection: &mut AnyConnection, filter: &InvitationFilter) -> Result<Vec<Invitation>, DbFault> {
    let found = walks::search(connection, filter)?;
    match filter.order {
        InvitationOrder::Newest => by_creation(connection, filter, found, Direction::Descending),
        InvitationOrder::Oldest => by_creation(connection, filter, found, Direction::Ascending),
        InvitationOrder::Email => {
            let page = sorted(connection, filter, &found, "invitations.email_key, invitations.id")?;
            rows(connection, filter, page)
        }
        InvitationOrder::ExpiresAt => {
            let page = sorted(connection, filter, &found, "invitations.expires_at, invitations.id")?;
            rows(connection, filter, page)
        }
    }
}

fn by_creation(
    connection: &mut AnyConnection,
    filter: &InvitationFilter,
    mut found: Found,
    direction: Direction,
) -> Result<Vec<Invitation>, DbFault> {
    let after = filter.after.as_ref().map(|last| last.id.to_string());
    read_page(found.few.take(), direction, after, filter.limit, |piece, limit| {
        found.few = piece;
        rows(connection, filter, Page::new(walks::of(filter, &found, direction), direction, limit))
    })
}

/// The invitations on a page, in the order of the filter.
fn rows(
    connection: &mut AnyConnection,
    filter: &InvitationFilter,
    page: Page,
) -> Result<Vec<Invitation>, DbFault> {
    let mut rows = load(connection, page.of_filters(walks::number_of_filters(filter)).contains(ID))?;
    match filter.order {
        InvitationOrder::Newest => rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id)),
        InvitationOrder::Oldest => rows.sort_unstable_by_key(|row| row.id),
        InvitationOrder::Email => {
            rows.sort_unstable_by(|a, b| (a.email.key(), a.id).cmp(&(b.email.key(), b.id)));
        }
        InvitationOrder::ExpiresAt => rows.sort_unstable_by_key(|row| (row.expires_at, row.id)),
    }
    Ok(rows)
}

/// A page in the order of these columns: of few matches by sorting them, of many by the order's index.
fn sorted(
    connection: &mut AnyConnection,
    filter: &InvitationFilter,
    found: &Found,
    columns: &'static str,
) -> Result<Page, DbFault> {
    let all = InvitationFilter { after: None, ..filter.clone() };
    let few = if walks::is_narrow(filter, found) {
        Page::few(walks::of(&all, found, Direction::Descending), connection)?
    } else {
        None
    };
    let walk = Walk::of(walks::INVITATIONS);
    let walk = match few {
        Some(ids) => walk.when(InSet::condition::<invitations::table>(ID, ids)),
        None => walks::matching(walk, &all, found),
    };
    Ok(Page::sorted(walk.when(walks::beyond(filter)), columns, filter.limit))
}

fn load(
    connection: &mut AnyConnection,
    condition: Condition<invitations::table>,
) -> Result<Vec<Invitation>, DbFault> {
    invitations::table
        .inner_join(letters::table.on(newest_letter()))
        .left_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .select((columns(), letter_columns(), account_columns().nullable()))
        .into_boxed::<MultiBackend>()
        .filter(condition)
        .load::<(Row, LetterRow, Option<AccountRow>)>(connection)?
        .into_iter()
        .map(Invitation::try_from)
        .collect()
}

/// Those of these invitations that are visible, in no order.
pub fn of_ids(
    connection: &mut AnyConnection,
    ids: &[InvitationId],
    visibility: Visibility,
) -> Result<Vec<Invitation>, DbFault> {
    list(
        connection,
        &InvitationFilter { ids: Some(ids.to_vec()), ..InvitationFilter::all(visibility, i64::MAX) },
    )
}

/// The pending invitations of a user, expired ones included.
pub fn pending_of(connection: &mut AnyConnection, user: UserId) -> Result<Vec<Invitation>, DbFault> {
    let all = InvitationFilter::all(Visibility::everything(), i64::MAX);
    list(connection, &InvitationFilter { user: Some(user), unanswered: true, ..all })
}

/// One invitation, if it is visible.
pub fn get(
    connection: &mut AnyConnection,
    id: InvitationId,
    visibility: Visibility,
) -> Result<Option<Invitation>, DbFault> {
    Ok(of_ids(connection, &[id], visibility)?.pop())
}
