//! `POST /v1/mail-events/{provider}`: delivery reports of mail providers, and the suppression list.

mod automatic_replies;
mod delivery_reports;
mod event_grid;
mod event_lists;
mod every_provider;
mod operator_faults;
mod reminders;
mod replayed_tokens;
mod returned_mail;
mod returned_mail_bounds;
mod returned_mail_limits;
mod smtp_letters;
mod sns;
mod suppressions;
mod unconfirmed_sends;
