//! Everything that is tested over HTTP against the running service, on both databases. `make test` runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod activate;
mod architecture;
mod bodies;
mod browser;
mod cli;
mod configuration;
mod contract;
mod conventions;
mod crash;
mod database_gone;
mod database_held;
mod database_panic;
mod invite;
mod lists;
mod page;
mod parity;
mod passwords;
mod permissions;
mod races;
mod resend;
mod revoke;
mod rules;
mod search;
mod secrecy;
mod smtp_faults;
mod support;
mod tokens;
mod validation;
