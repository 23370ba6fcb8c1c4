//! Finds the invitations for which a reminder is due.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{exists, not},
    prelude::*,
};

use super::{newest::newest_letter, outbox::LetterState};
use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{invitations, letters, suppressions},
    sql::{partial_index::is_pending, timestamp::At},
};
use crate::domain::{
    delivery_reports::DeliveryStatus, email::Email, ids::InvitationId, letter::LetterPurpose,
};

/// A sending for which a reminder is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// The invitation.
    pub invitation: InvitationId,
    /// The generation of the link.
    pub generation: i32,
    /// The recipient of the reminder.
    pub recipient: Email,
}

/// Up to `limit` sendings whose link expires after `now` and not after `until`, and that have no reminder
/// yet: only those whose letter was sent without a bounce or complaint, and whose address is not suppressed.
pub fn due(
    connection: &mut AnyConnection,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Due>, DbFault> {
    let reminders = diesel::alias!(letters as reminders);
    let reminded = reminders.filter(
        reminders
            .field(letters::invitation_id)
            .eq(invitations::id.nullable())
            .assume_not_null()
            .and(reminders.field(letters::generation).eq(invitations::generation))
            .and(reminders.field(letters::kind).eq(LetterPurpose::Reminder.as_str())),
    );
    let suppressed = suppressions::table.filter(suppressions::email_key.eq(invitations::email_key));
    let rows: Vec<(String, i32, String)> = invitations::table
        .inner_join(letters::table.on(newest_letter()))
        .filter(is_pending())
        .filter(invitations::expires_at.gt(At(now)).and(invitations::expires_at.le(At(until))))
        .filter(letters::state.eq(LetterState::Sent.as_str()))
        .filter(
            letters::delivery_status.is_null().or(letters::delivery_status
                .eq_any([DeliveryStatus::Delivered, DeliveryStatus::Deferred].map(DeliveryStatus::as_str))
                .assume_not_null()),
        )
        .filter(not(exists(reminded)))
        .filter(not(exists(suppressed)))
        // A fixed order, so that two couriers that write the same reminders cannot deadlock.
        .order((invitations::expires_at, invitations::id))
        .limit(limit)
        .select((invitations::id, invitations::generation, invitations::email))
        .load(connection)?;
    rows.into_iter().map(read).collect()
}

fn read((id, generation, email): (String, i32, String)) -> Result<Due, DbFault> {
    let unreadable = |column| DbFault::Corrupt { table: "invitations", column, row: id.clone() };
    let recipient = Email::parse(&email).map_err(|_| unreadable("email"))?;
    Ok(Due { invitation: id.parse().map_err(|_| unreadable("id"))?, generation, recipient })
}
