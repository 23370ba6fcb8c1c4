//! Everything that is tested over HTTP against the running service, on both databases. `make test` runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod account_owners;
mod accounts;
mod activate;
mod architecture;
mod bodies;
mod browser;
mod cli;
mod companies;
mod configuration;
mod contract;
mod conventions;
mod crash;
mod database_gone;
mod database_held;
mod database_panic;
mod idempotency;
mod invite;
mod lists;
mod model;
mod owners_as_callers;
mod page;
mod page_customers;
mod parity;
mod passwords;
mod permissions;
mod permissions_customers;
mod races;
mod rates;
mod renew;
mod resend;
mod revoke;
mod revoke_customers;
mod rules;
mod search;
mod secrecy;
mod several_places;
mod sign_in;
mod smtp_faults;
mod sub_accounts;
mod sub_accounts_route;
mod support;
mod tokens;
mod users_csv;
mod validation;
