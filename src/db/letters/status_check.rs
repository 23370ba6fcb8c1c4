//! The newest letter of an invitation, as far as a provider may be asked about it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{newest::newest_letter, outbox::LetterState};
use crate::db::{
    Tx,
    error::DbFault,
    guarded::Guarded,
    pool::any_connection::AnyConnection,
    schema::{invitations, letters},
    sql::timestamp::At,
};
use crate::domain::{
    delivery_reports::DeliveryStatus,
    ids::{InvitationId, LetterId},
};

/// The newest letter of an invitation.
#[derive(Debug, Clone)]
pub struct CheckedLetter {
    /// The letter.
    pub id: LetterId,
    /// Its state.
    pub state: LetterState,
    /// The number of attempts.
    pub attempts: i32,
    /// The provider that accepted it, where that is known.
    pub provider: Option<String>,
    /// The provider's id of it.
    pub message_id: Option<String>,
    /// What was reported of it.
    pub status: Option<DeliveryStatus>,
    /// When a provider was last asked about it.
    pub checked_at: Option<DateTime<Utc>>,
}

type Row = (String, String, i32, Option<String>, Option<String>, Option<String>, Option<At>);

/// The newest letter of this invitation.
pub fn newest(
    connection: &mut AnyConnection,
    invitation: InvitationId,
) -> Result<Option<CheckedLetter>, DbFault> {
    let row: Option<Row> = invitations::table
        .inner_join(letters::table.on(newest_letter()))
        .filter(invitations::id.eq(invitation.as_str()))
        .select((
            letters::id,
            letters::state,
            letters::attempts,
            letters::provider,
            letters::provider_message_id,
            letters::delivery_status,
            letters::checked_at,
        ))
        .first(connection)
        .optional()?;
    row.map(CheckedLetter::try_from).transpose()
}

impl TryFrom<Row> for CheckedLetter {
    type Error = DbFault;

    fn try_from(
        (id, state, attempts, provider, message_id, status, checked_at): Row,
    ) -> Result<Self, DbFault> {
        let unreadable = |column| DbFault::Corrupt { table: "letters", column, row: id.clone() };
        Ok(Self {
            id: id.parse().map_err(|_| unreadable("id"))?,
            state: state.parse().map_err(|_| unreadable("state"))?,
            attempts,
            provider,
            message_id,
            status: status.map(|it| it.parse().map_err(|_| unreadable("fate"))).transpose()?,
            checked_at: checked_at.map(|at| at.0),
        })
    }
}

/// Records that a provider is asked about a letter at `now`. Stale when one was asked after `since`: of
/// several requests at the same time, one asks.
pub fn begin(
    tx: &mut Tx<'_>,
    letter: LetterId,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Guarded, DbFault> {
    let is_due = letters::checked_at.is_null().or(letters::checked_at.le(At(since)).assume_not_null());
    let changed = diesel::update(letters::table.filter(letters::id.eq(letter.as_str())).filter(is_due))
        .set(letters::checked_at.eq(At(now)))
        .execute(tx.writing())?;
    Ok(Guarded::of(changed))
}
