//! Everything that is tested over HTTP against the running service, on both databases. `make test` runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod support;

mod browser;
mod cli;
mod crash;
mod database_gone;
mod invite;
mod races;
mod secrecy;
mod smtp_faults;
