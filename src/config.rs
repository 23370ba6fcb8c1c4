//! Configuration, from environment variables alone: every variable has a default, all faults are reported at
//! once.
//!
//! The table of variables is [`variables`]; everything else here reads its rows or explains them.

mod cautions;
mod fault;
mod guessable;
mod help;
mod issuers;
mod links;
mod log;
mod parse;
mod public_host;
mod reader;
mod registry;
mod secret;
#[cfg(test)]
mod tests;
mod time_zone;
pub mod variables;
mod web_url;
mod webhook_keys;

use self::reader::Reader;
pub use self::{
    fault::ConfigFault,
    help::help,
    log::LogFormat,
    registry::Variable,
    secret::{SecretError, exposed_key_file, root_key, root_key_or_new},
    variables::{Config, SHORTEST_JWT_MAX_TTL},
};

impl Config {
    /// Reads the configuration. `variable` looks one up, as `std::env::var` does.
    ///
    /// # Errors
    /// All faults.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<ConfigFault>> {
        let mut reader = Reader::new(&variable);
        let config = Self::read_fields(&mut reader);
        let faults = reader.into_faults();
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(faults),
        }
    }

    /// Whether the variable is set. Otherwise its value is the default, or derived from other variables.
    #[must_use]
    pub fn is_given(&self, variable: &Variable) -> bool {
        self.given.contains(variable.name)
    }
}
