//! `POST /v1/mail-events/{provider}`: delivery reports of mail providers, and the suppression list.

mod automatic_replies;
mod delivery_reports;
mod event_lists;
mod operator_faults;
mod reminders;
mod replayed_tokens;
mod smtp_letters;
mod suppressions;
mod unconfirmed_sends;
