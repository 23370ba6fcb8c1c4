//! Everything that is tested over HTTP against the running service, on both databases. `make test` runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]

mod support;

mod activate;
mod architecture;
mod contract;
mod conventions;
mod invite;
mod lists;
mod page;
mod parity;
mod passwords;
mod permissions;
mod resend;
mod revoke;
mod rules;
mod search;
mod tokens;
mod validation;
