//! Lists of invitations, each with the delivery state of its newest letter and its account, with all filters.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::row::{AccountRow, LetterRow, Row, account_columns, columns, letter_columns};
use crate::{
    db::{
        error::DbFault,
        letters::state_filter::whose_letter_is,
        pool::any_connection::{AnyConnection, MultiBackend},
        schema::{accounts, invitations, letters, users},
        sql::{like, timestamp::At},
        visibility,
    },
    domain::{
        email::Email,
        ids::{AccountId, InvitationId, UserId},
        invitation::{DeliveryState, Invitation, InvitationKind, InvitationState, InvitationStatus},
        letter::LetterPurpose,
        visibility::Visibility,
    },
};

/// Which invitations a list shows.
#[derive(Debug, Clone)]
pub struct InvitationFilter {
    /// The requested part of what the caller may see.
    pub visibility: Visibility,
    /// All that the caller may see: limits the names that a search matches.
    pub reader: Visibility,
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// To this account.
    pub account: Option<AccountId>,
    /// With this status at this time.
    pub status: Option<(InvitationStatus, DateTime<Utc>)>,
    /// With its newest letter in this state at this time.
    pub delivery: Option<(DeliveryState, DateTime<Utc>)>,
    /// To this address.
    pub email: Option<Email>,
    /// To this user.
    pub user: Option<UserId>,
    /// Pending, expired or not.
    pub unanswered: bool,
    /// With this text in the address or the person's name.
    pub search: Option<String>,
    /// Only this invitation.
    pub id: Option<InvitationId>,
    /// Only these invitations.
    pub ids: Option<Vec<InvitationId>>,
    /// Older than this one.
    pub before: Option<InvitationId>,
    /// The maximum number of rows.
    pub limit: i64,
}

impl InvitationFilter {
    /// All visible invitations.
    #[must_use]
    pub fn all(visibility: Visibility, limit: i64) -> Self {
        Self {
            reader: visibility.clone(),
            visibility,
            kind: None,
            account: None,
            status: None,
            delivery: None,
            email: None,
            user: None,
            unanswered: false,
            search: None,
            id: None,
            ids: None,
            before: None,
            limit,
        }
    }
}

/// The invitations that match `filter`, newest first.
pub fn list(connection: &mut AnyConnection, filter: &InvitationFilter) -> Result<Vec<Invitation>, DbFault> {
    let newest_letter = letters::invitation_id
        .eq(invitations::id.nullable())
        .assume_not_null()
        .and(letters::generation.eq(invitations::generation))
        .and(letters::kind.eq(LetterPurpose::Invitation.as_str()));
    let mut query = invitations::table
        .inner_join(letters::table.on(newest_letter))
        .inner_join(users::table.on(users::id.eq(invitations::user_id)))
        .left_join(accounts::table.on(accounts::id.nullable().eq(invitations::account_id)))
        .select((columns(), letter_columns(), account_columns().nullable()))
        .order(invitations::id.desc())
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(visibility::invitations(&filter.visibility));
    if let Some(kind) = filter.kind {
        query = query.filter(invitations::kind.eq(kind.as_str()));
    }
    if let Some(account) = filter.account {
        query = query.filter(invitations::account_id.eq(account.to_string()));
    }
    if let Some((status, now)) = filter.status {
        let pending = invitations::state.eq(InvitationState::Pending.as_str());
        let replaced = invitations::state.eq(InvitationState::Replaced.as_str());
        query = match status {
            InvitationStatus::Pending => query.filter(pending.and(invitations::expires_at.gt(At(now)))),
            InvitationStatus::Expired => {
                query.filter(pending.and(invitations::expires_at.le(At(now))).or(replaced))
            }
            InvitationStatus::Activated | InvitationStatus::Revoked => {
                query.filter(invitations::state.eq(status.as_str()))
            }
        };
    }
    if let Some((state, now)) = filter.delivery {
        query = whose_letter_is!(query, state, now);
    }
    if let Some(email) = &filter.email {
        query = query.filter(invitations::email_key.eq(email.key().to_owned()));
    }
    if let Some(user) = filter.user {
        query = query.filter(invitations::user_id.eq(user.to_string()));
    }
    if filter.unanswered {
        query = query.filter(invitations::state.eq(InvitationState::Pending.as_str()));
    }
    if let Some(search) = &filter.search {
        let pattern = like::containing(search);
        let in_address = invitations::search_text.like(pattern.clone()).escape('\\');
        let in_name = users::search_text.like(pattern.clone()).escape('\\');
        let in_account = accounts::search_text.like(pattern).escape('\\');
        // Only the names of people whom the reader knows are searched, as in the list of users.
        let in_known_name = in_name.and(visibility::known_users(&filter.reader));
        query = query.filter(in_address.or(in_known_name).nullable().or(in_account.nullable()));
    }
    if let Some(id) = filter.id {
        query = query.filter(invitations::id.eq(id.to_string()));
    }
    if let Some(ids) = &filter.ids {
        query = query.filter(invitations::id.eq_any(ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    if let Some(before) = filter.before {
        query = query.filter(invitations::id.lt(before.to_string()));
    }
    query
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
    let filter = InvitationFilter { id: Some(id), ..InvitationFilter::all(visibility, 1) };
    Ok(list(connection, &filter)?.pop())
}
