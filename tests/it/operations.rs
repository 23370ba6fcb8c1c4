//! The command line, the configuration, and the compose file.

mod bounce;
mod cli;
mod compose;
mod configuration;
mod delivery_overview;
mod metrics;
mod output;
