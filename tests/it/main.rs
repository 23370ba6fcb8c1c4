//! Everything that is tested over HTTP against the running service, on both databases. `make test` runs it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails where it stands")]
#![allow(clippy::similar_names, reason = "a body and its bodies, a look and its looks")]

mod access;
mod activation;
mod batch;
mod database;
mod import;
mod invitations;
mod invite;
mod lists;
mod mail;
mod operations;
mod partner_webhooks;
mod privacy;
mod repository;
mod requests;
mod robustness;
mod support;
mod users;
mod webhooks;
