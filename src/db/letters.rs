//! Letters: the outbox, delivery reports, quotas, and the suppression list.

pub mod delivery_reports;
pub mod mark_sent;
pub(super) mod newest;
pub mod notices;
pub mod outbox;
pub mod overview;
pub mod quota;
pub mod rate_limit;
pub mod reminders;
pub(super) mod state_filter;
pub mod status_check;
pub mod suppressions;
pub mod unread_mail;
pub mod webhook_events;
