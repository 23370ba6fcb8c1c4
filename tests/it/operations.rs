//! The command line, the configuration, the compose file, metrics and what watches them.

mod bounce;
mod cli;
mod compose;
mod configuration;
mod counted_facts;
mod delivery_overview;
mod metrics;
mod observe;
mod output;
