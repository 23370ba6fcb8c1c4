//! The queries of a batch resend: the pending invitations that have waited longest, and new links for all of
//! them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::db::{
    Tx,
    error::DbFault,
    letters::state_filter::whose_letter_is,
    pool::any_connection::{AnyConnection, MultiBackend},
    schema::{invitations, letters},
    sql::{partial_index::is_pending, timestamp::At},
    visibility,
};
use crate::domain::{
    ids::{AccountId, InvitationId},
    invitation::{DeliveryState, InvitationKind, InvitationState},
    letter::LetterPurpose,
    locale::Locale,
    role::Role,
    visibility::Visibility,
};

/// Which pending invitations to select.
#[derive(Debug, Clone)]
pub struct Unanswered {
    /// The invitations that the caller may resend.
    pub visibility: Visibility,
    /// Excludes invitations into any of these roles.
    pub without: Vec<Role>,
    /// `true`: only links that have expired at `now`; `false`: only those that have not; `None`: both.
    pub expired: Option<bool>,
    /// The time at which expiry and delivery states are evaluated.
    pub now: DateTime<Utc>,
    /// With the newest letter in this state.
    pub delivery: Option<DeliveryState>,
    /// Of this kind.
    pub kind: Option<InvitationKind>,
    /// To this account, or to one below it.
    pub under: Option<AccountId>,
    /// The maximum number of rows.
    pub limit: i64,
}

/// The matches, each with the time of its last sending, the oldest first.
pub fn oldest(
    connection: &mut AnyConnection,
    filter: &Unanswered,
) -> Result<Vec<(InvitationId, DateTime<Utc>)>, DbFault> {
    let newest_letter = letters::invitation_id
        .eq(invitations::id.nullable())
        .assume_not_null()
        .and(letters::generation.eq(invitations::generation))
        .and(letters::kind.eq(LetterPurpose::Invitation.as_str()));
    let mut query = invitations::table
        .inner_join(letters::table.on(newest_letter))
        .select((invitations::id, invitations::last_sent_at))
        .order((invitations::last_sent_at, invitations::id))
        .limit(filter.limit)
        .into_boxed::<MultiBackend>()
        .filter(visibility::invitations(&filter.visibility))
        .filter(is_pending());
    query = match filter.expired {
        Some(true) => query.filter(invitations::expires_at.le(At(filter.now))),
        Some(false) => query.filter(invitations::expires_at.gt(At(filter.now))),
        None => query,
    };
    if let Some(state) = filter.delivery {
        query = whose_letter_is!(query, state, filter.now);
    }
    for role in &filter.without {
        // Roles are stored as names separated by commas, and no name is part of another.
        query = query.filter(invitations::roles.not_like(format!("%{}%", role.as_str())));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(invitations::kind.eq(kind.as_str()));
    }
    if let Some(account) = filter.under {
        query = query.filter(visibility::invitations_under(&[account]));
    }
    let rows = query.load::<(String, At)>(connection)?;
    rows.into_iter().map(|(id, at)| Ok((id.parse().map_err(|_| corrupt(&id))?, at.0))).collect()
}

/// Raises the generation of those of these invitations that are pending and at this generation, and returns
/// their ids. Their old links become invalid, the new ones expire at `expires_at`.
pub fn renew(
    tx: &mut Tx<'_>,
    ids: &[InvitationId],
    generation: i32,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<HashSet<InvitationId>, DbFault> {
    let ids: Vec<&str> = ids.iter().map(InvitationId::as_str).collect();
    let renewed: Vec<String> = diesel::update(invitations::table)
        .filter(invitations::id.eq_any(ids))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .set((
            invitations::generation.eq(generation + 1),
            invitations::send_count.eq(invitations::send_count + 1),
            invitations::last_sent_at.eq(At(now)),
            invitations::expires_at.eq(At(expires_at)),
        ))
        .returning(invitations::id)
        .get_results(tx.writing())?;
    renewed.into_iter().map(|id| id.parse().map_err(|_| corrupt(&id))).collect()
}

/// Sets the language of the invitation's letters and page.
pub fn set_locale(tx: &mut Tx<'_>, id: InvitationId, locale: Locale) -> Result<(), DbFault> {
    diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()).and(invitations::state.eq(InvitationState::Pending.as_str())))
        .set(invitations::locale.eq(locale.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

fn corrupt(id: &str) -> DbFault {
    DbFault::Corrupt { table: "invitations", column: "id", row: id.to_owned() }
}
