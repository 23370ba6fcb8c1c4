//! The command line, the configuration, and the compose file.

mod cli;
mod compose;
mod configuration;
mod metrics;
