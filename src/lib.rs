//! Invites people to an EV-charging operator's platform: an e-mailed link, valid 24 hours, usable once.
//!
//! The modules, and which of them each may use (`tests/it/repository/architecture.rs` checks this dependency
//! rule, and `docs/architecture.md` has the picture):
//!
//! ```text
//! main -> cli -> app -> everything          `cli::import` calls our own API, and uses `reqwest` for it
//! http     -> services, domain, clock       never db, never mail
//! services -> db, domain, clock             never actix, never a transport
//! courier  -> db, mail, domain, clock       the background worker that sends letters
//! db       -> domain, otel                  the only module that uses `diesel`
//! mail     -> domain                        the only module that uses `lettre`, and `reqwest` for letters
//! dispatcher -> db, domain, clock           the background worker that sends webhooks; uses `reqwest`
//! otel     -> domain, metrics               spans, and their export to a collector; uses `reqwest`
//! domain   -> locales                       pure
//! locales  -> nothing of this crate         the table of languages, and their data
//! ```
//!
//! A request passes three layers: a handler turns HTTP into values, a service decides and owns the
//! transaction, a query function accesses the database. Start at `http/router.rs` for the table of routes, or
//! at [`services::invite`] for one invitation; `docs/architecture.md` follows it from the route to SMTP.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where the output is closed or full: `cli/output.rs`"
)]

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod courier;
pub mod db;
pub mod dispatcher;
pub mod domain;
pub mod http;
pub mod identity;
pub mod locales;
pub mod mail;
pub mod metrics;
pub mod otel;
pub mod services;
pub mod telemetry;
