//! Invitations: inserts, guarded changes, lists.

pub(super) mod details;
mod filter;
pub mod lapse;
mod list;
pub mod lookup;
pub mod openings;
pub mod resend;
mod row;
pub mod timeline;
pub mod update;
mod walks;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

pub(super) use self::row::{
    AccountRow, LetterRow, Row, account_columns, columns, erased_row, letter_columns,
};
use self::row::{NewRow, corrupt, new_row, scope};
pub use self::{
    filter::InvitationFilter,
    list::{get, list, of_ids, pending_of},
};
use super::{
    Tx, audit,
    error::DbFault,
    guarded::Guarded,
    letters::outbox::{self, NewLetter},
    pool::any_connection::AnyConnection,
    schema::invitations,
    sql::{timestamp::At, unnest::CombinedStatement},
    webhooks,
};
use crate::domain::{
    event::Event,
    ids::{AccountId, InvitationId},
    invitation::{Invitation, InvitationState},
};

/// Inserts new invitations, with their first letters, timeline entries, audit events and webhook events.
pub fn insert(
    tx: &mut Tx<'_>,
    new: &[&Invitation],
    letters: &[NewLetter],
    entries: &[Event],
) -> Result<(), DbFault> {
    let rows: Vec<NewRow<'_>> = new.iter().map(|invitation| new_row(invitation)).collect();
    let audited = audit::of_timeline(entries);
    tx.note_audited(&audited);
    let (letters, timeline, audited) =
        (outbox::rows(letters, tx.trace_parents()), timeline::rows(entries), audit::rows(&audited));
    match tx.writing() {
        AnyConnection::Postgres(c) => {
            let letters = outbox::NewRow::arrays(&letters, ")");
            let timeline = timeline::NewRow::arrays(&timeline, ")");
            let audited = audit::NewRow::arrays(&audited, ")");
            CombinedStatement(NewRow::arrays(&rows, ")"), letters, timeline, audited).execute(c)?;
        }
        sqlite @ AnyConnection::Sqlite(_) => {
            NewRow::insert(sqlite, &rows)?;
            outbox::NewRow::insert(sqlite, &letters)?;
            timeline::NewRow::insert(sqlite, &timeline)?;
            audit::NewRow::insert(sqlite, &audited)?;
        }
    }
    webhooks::of_timeline(tx, entries)
}

/// The columns that a guarded change sets; `None` leaves a column unchanged.
#[derive(Default, AsChangeset)]
#[diesel(table_name = invitations)]
struct Change {
    state: Option<&'static str>,
    last_sent_at: Option<At>,
    expires_at: Option<At>,
    activated_at: Option<At>,
    revoked_at: Option<At>,
}

/// A guarded change: it applies only to a pending invitation of this generation.
fn change(
    tx: &mut Tx<'_>,
    (id, generation): (InvitationId, i32),
    change: &Change,
) -> Result<Guarded, DbFault> {
    let changed = diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .set(change)
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// Moves the time of sending to when the relay accepted the letter, and the expiry with it.
pub(super) fn accepted_by_relay(
    tx: &mut Tx<'_>,
    sending: (InvitationId, i32),
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Guarded, DbFault> {
    let values =
        Change { last_sent_at: Some(At(now)), expires_at: Some(At(expires_at)), ..Change::default() };
    change(tx, sending, &values)
}

/// Revokes the invitation.
pub fn revoke(tx: &mut Tx<'_>, sending: (InvitationId, i32), now: DateTime<Utc>) -> Result<Guarded, DbFault> {
    let state = Some(InvitationState::Revoked.as_str());
    change(tx, sending, &Change { state, revoked_at: Some(At(now)), ..Change::default() })
}

/// Marks expired invitations as replaced, so that new ones can be pending in their place.
pub fn replace(tx: &mut Tx<'_>, ids: &[InvitationId]) -> Result<(), DbFault> {
    let ids: Vec<&str> = ids.iter().map(InvitationId::as_str).collect();
    diesel::update(invitations::table)
        .filter(invitations::id.eq_any(ids))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .set(invitations::state.eq(InvitationState::Replaced.as_str()))
        .execute(tx.writing())?;
    Ok(())
}

/// Uses the link: exactly one of concurrent callers has it applied. The expiry is checked here again, since a
/// value read earlier may be stale.
pub fn activate(
    tx: &mut Tx<'_>,
    sending: (InvitationId, i32),
    now: DateTime<Utc>,
) -> Result<Guarded, DbFault> {
    let (id, generation) = sending;
    let changed = diesel::update(invitations::table)
        .filter(invitations::id.eq(id.as_str()))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .filter(invitations::generation.eq(generation))
        .filter(invitations::expires_at.gt(At(now)))
        .set((
            invitations::state.eq(InvitationState::Activated.as_str()),
            invitations::activated_at.eq(At(now)),
        ))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}

/// The pending invitations to these addresses, expired ones included: at most one for each address, kind and
/// scope.
pub fn pending(connection: &mut AnyConnection, email_keys: &[&str]) -> Result<Vec<Pending>, DbFault> {
    let rows = invitations::table
        .filter(invitations::email_key.eq_any(email_keys))
        .filter(invitations::state.eq(InvitationState::Pending.as_str()))
        .select((
            (invitations::email_key, invitations::kind, invitations::scope),
            invitations::id,
            invitations::generation,
            invitations::expires_at,
            invitations::account_id,
        ))
        .load::<((String, String, String), String, i32, At, Option<String>)>(connection)?;
    rows.into_iter()
        .map(|(key, id, generation, expires_at, account)| {
            let account =
                account.map(|account| account.parse()).transpose().map_err(|_| corrupt("account_id", &id))?;
            let id = id.parse().map_err(|_| corrupt("id", &id))?;
            Ok(Pending {
                key: PendingKey(key.0, key.1, key.2),
                id,
                generation,
                expires_at: expires_at.0,
                account,
            })
        })
        .collect()
}

/// The unique key of a pending invitation: address, kind and scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PendingKey(String, String, String);

impl PendingKey {
    /// The unique key of an invitation.
    #[must_use]
    pub fn of(invitation: &Invitation) -> Self {
        let (key, kind, scope) = (invitation.email.key(), invitation.kind.as_str(), scope(invitation));
        Self(key.to_owned(), kind.to_owned(), scope.to_owned())
    }
}

/// The fields of a pending invitation that creating another one depends on.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its unique key.
    pub key: PendingKey,
    /// The id.
    pub id: InvitationId,
    /// The current generation of the link.
    pub generation: i32,
    /// When the link expires.
    pub expires_at: DateTime<Utc>,
    /// The account that it leads to.
    pub account: Option<AccountId>,
}
