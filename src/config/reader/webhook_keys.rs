//! Reads the keys with which mail providers authenticate the requests of their webhooks.

use super::Reader;
use crate::{
    config::registry::Variable,
    domain::delivery_reports::{Key, Keys, Provider},
};

impl Reader<'_> {
    /// The key of each provider whose variable is set; `variables` must contain all of these variables.
    pub(in crate::config) fn webhook_keys(&mut self, variables: &'static [Variable]) -> Keys {
        let mut keys = Keys::default();
        for provider in Provider::ALL {
            let name = provider.variable();
            let Some(variable) = variables.iter().find(|variable| variable.name == name) else {
                // A missing row is a programming error, which every test of the configuration detects.
                self.report(format!("{name}: has no row in the table of variables"));
                continue;
            };
            let key = self.entry(variable).parsed_if_given(|text| Key::parse(provider, text)).flatten();
            keys.0.extend(key.map(|key| (provider, key)));
        }
        keys
    }
}
