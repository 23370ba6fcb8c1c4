//! Invites people onto an EV-charging operator's platform: an e-mailed link, valid 24 hours, usable once.
//!
//! The rooms of the house, and who may know whom (a test holds them to it):
//!
//! ```text
//! main -> cli -> app -> everything          `cli::import` is a client of our own API, and says `reqwest` for it
//! http     -> services, domain, clock       never db, never mail
//! services -> db, domain, clock             never actix, never a transport
//! courier  -> db, mail, domain, clock       the background worker
//! db       -> domain                        the only room that says `diesel`
//! mail     -> domain                        the only room that says `lettre`, and `reqwest` for letters
//! domain   -> locales                       pure
//! locales  -> nothing of ours               the table of languages, and their data
//! ```
//!
//! A request makes three hops: a handler turns HTTP into values, a service decides and holds the transaction, a query
//! function speaks to the database. Start reading at [`http`] for the table of routes, or at [`services::invite`] for the
//! path of one invitation.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod courier;
pub mod db;
pub mod domain;
pub mod http;
pub mod locales;
pub mod mail;
pub mod metrics;
pub mod services;
pub mod telemetry;
