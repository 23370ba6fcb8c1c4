//! Conditions in the words of partial indexes. A plan that is made for every value of a parameter cannot use
//! an index of some values, and SQLite, as it is built here, plans so as well.

use diesel::{dsl::sql, expression::SqlLiteral, sql_types::Bool};

/// That a letter is queued (`letters_due`).
pub(in crate::db) fn is_queued() -> SqlLiteral<Bool> {
    sql("letters.state = 'queued'")
}

/// That an invitation is pending (`invitations_live`).
pub(in crate::db) fn is_pending() -> SqlLiteral<Bool> {
    sql("invitations.state = 'pending'")
}

/// That a user sent an invitation (`invitations_by_user`).
pub(in crate::db) fn sent_by_user() -> SqlLiteral<Bool> {
    sql("invitations.inviter_kind = 'user'")
}

/// That a user made an entry of a timeline (`invitation_events_by_user`).
pub(in crate::db) fn made_by_user() -> SqlLiteral<Bool> {
    sql("invitation_events.actor_kind = 'user'")
}

/// That a webhook has not been accepted (`webhook_deliveries_of_subject`).
pub(in crate::db) fn is_unaccepted() -> SqlLiteral<Bool> {
    sql("webhook_deliveries.state <> 'delivered'")
}

/// That a webhook is to be delivered (`webhook_deliveries_due`).
pub(in crate::db) fn is_undelivered() -> SqlLiteral<Bool> {
    sql("webhook_deliveries.state = 'pending'")
}
