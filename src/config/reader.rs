//! Reads variables from the environment, and collects their faults.

mod secret;
mod sender;

use std::{collections::BTreeSet, fmt::Display, path::PathBuf};

pub(super) use self::sender::SenderVariables;
use super::{fault::ConfigFault, registry::Variable};

/// The value; `None` when a fault has been reported.
pub(super) type Read<T> = Option<T>;

/// The environment, the faults found so far, and which variables are set.
pub(super) struct Reader<'e> {
    environment: &'e dyn Fn(&str) -> Option<String>,
    faults: Vec<ConfigFault>,
    given: BTreeSet<&'static str>,
}

impl<'e> Reader<'e> {
    /// `environment` looks a variable up, as `std::env::var` does.
    pub(super) fn new(environment: &'e dyn Fn(&str) -> Option<String>) -> Self {
        Self { environment, faults: Vec::new(), given: BTreeSet::new() }
    }

    pub(super) fn entry(&mut self, variable: &'static Variable) -> Entry<'_, 'e> {
        Entry { reader: self, variable }
    }

    pub(super) fn given_names(&self) -> BTreeSet<&'static str> {
        self.given.clone()
    }

    pub(super) fn into_faults(self) -> Vec<ConfigFault> {
        self.faults
    }

    fn report(&mut self, fault: String) {
        self.faults.push(ConfigFault(fault));
    }

    /// Looks a variable up. An empty one counts as not set: compose files pass variables that the shell does
    /// not have as an empty text.
    fn look_up(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.trim().is_empty())
    }
}

/// One variable, to be read.
pub(super) struct Entry<'r, 'e> {
    reader: &'r mut Reader<'e>,
    variable: &'static Variable,
}

impl Entry<'_, '_> {
    /// The text, if the variable is set.
    pub(super) fn given(&mut self) -> Option<String> {
        let text = self.reader.look_up(self.variable.name)?;
        self.reader.given.insert(self.variable.name);
        Some(text)
    }

    /// The text, or the default.
    pub(super) fn text(&mut self) -> String {
        self.given().unwrap_or_else(|| self.variable.default.to_owned())
    }

    /// The value of the text, or of the default.
    pub(super) fn parsed<T, E: Display>(&mut self, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let text = self.text();
        self.parse(&text, parse)
    }

    /// The value of the text, or of the default, where it can have several faults.
    pub(super) fn parsed_whole<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, Vec<String>>,
    ) -> Option<T> {
        let text = self.text();
        parse(text.trim()).map_err(|faults| faults.iter().for_each(|fault| self.report(fault))).ok()
    }

    /// The value of the text, or one derived from other variables.
    pub(super) fn parsed_or<T, E: Display>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
        otherwise: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        match self.given() {
            Some(text) => self.parse(&text, parse),
            None => otherwise(),
        }
    }

    /// The value of the text; the inner `None` when the variable is not set.
    pub(super) fn parsed_if_given<T, E: Display>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Read<Option<T>> {
        match self.given() {
            Some(text) => self.parse(&text, parse).map(Some),
            None => Some(None),
        }
    }

    /// The path, if the variable is set. The code that uses it checks whether the file exists.
    pub(super) fn path(&mut self) -> Option<PathBuf> {
        self.given().map(|path| path.trim().into())
    }

    /// A variable of the system, which is not in the table.
    pub(super) fn system_variable(&self, name: &str) -> Option<String> {
        self.reader.look_up(name)
    }

    fn parse<T, E: Display>(&mut self, text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        parse(text.trim()).map_err(|error| self.report(&error)).ok()
    }

    fn report(&mut self, error: &impl Display) {
        self.reader.report(format!("{}: {error}", self.variable.name));
    }
}
