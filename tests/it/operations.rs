//! The command line, the configuration, the compose file, the package, metrics and what watches them.

mod bounce;
mod cli;
mod compose;
mod configuration;
mod counted_facts;
mod delivery_overview;
mod manual;
mod metrics;
mod observe;
mod output;
mod package;
mod traces;
