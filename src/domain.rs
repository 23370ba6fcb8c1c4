//! The domain: values and rules of invitations.
//!
//! This module is pure. It depends on no HTTP, no database, no clock and no random numbers: `now` and ids are
//! arguments, so that every rule can be tested without a double.

#[macro_use]
pub mod closed_set;

pub mod account;
pub mod activation;
pub mod actor;
pub mod api_client;
pub mod audit;
pub mod base_path;
pub mod bounce_address;
pub mod case_fold;
pub mod client_address;
pub mod company;
pub mod country;
pub mod counts;
pub mod delivery_overview;
pub mod delivery_reports;
pub mod email;
pub mod email_change;
pub mod enhanced_status;
pub mod erasure;
pub mod event;
pub mod field_error;
pub mod guess_count;
pub mod ids;
pub mod invisible;
pub mod invitation;
pub mod letter;
pub mod letter_quota;
pub mod letter_status;
pub mod link_lifetime;
pub mod link_template;
pub mod list_order;
pub mod locale;
pub mod mail_fault;
pub mod mail_link;
pub mod networks;
pub mod origin;
pub mod password;
pub mod password_reset;
pub mod patch;
pub mod permission;
pub mod person;
mod postal_codes;
pub mod public_address;
pub mod rate_limit;
pub mod refusal_cause;
pub mod refusal_phrases;
pub mod reimbursement;
pub mod relay_reply;
pub mod returned_mail;
pub mod revision;
pub mod role;
pub mod rules;
pub mod search_text;
pub mod session;
pub mod shared_secret;
pub mod single_line;
pub mod sub_account;
pub mod suppression;
pub mod suppression_keys;
pub mod time_zone;
pub mod token;
pub mod trace_parent;
pub mod user;
pub mod vat;
pub mod visibility;
pub mod webhook_client;
pub mod webhooks;
