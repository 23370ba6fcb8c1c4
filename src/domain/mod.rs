//! What an invitation is and what may happen to it: values and rules, nothing else.
//!
//! This room is pure. It knows no HTTP, no database, no clock and no dice: `now` and ids come in as arguments,
//! so that every rule can be tested without a double.

pub mod account;
pub mod activation;
pub mod actor;
pub mod change;
pub mod client_address;
pub mod company;
pub mod country;
mod country_names;
pub mod email;
pub mod event;
pub mod fault;
pub mod feedback;
pub mod fold;
pub mod ids;
pub mod invitation;
pub mod letter;
pub mod line;
pub mod locale;
pub mod pace;
pub mod password;
pub mod permission;
pub mod person;
mod postal_codes;
pub mod reimbursement;
pub mod revision;
pub mod role;
pub mod sight;
pub mod time_zone;
pub mod token;
pub mod user;
pub mod vat;
