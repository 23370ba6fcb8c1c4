//! Reads a key from a variable, or from the file that another variable names.

use std::path::Path;

use secrecy::SecretString;

use super::{Entry, Read};
use crate::config::{registry::Variable, secret};

impl Entry<'_, '_> {
    /// The key in this variable, or in the file that the variable `file` names, as for container secrets. The
    /// inner `None` when neither is set.
    pub(in crate::config) fn secret(&mut self, file: &'static Variable) -> Read<Option<SecretString>> {
        let (text, path) = (self.given(), self.reader.entry(file).given());
        // When both are set, the fault is reported for the file's variable: it was probably added later.
        let (blamed, text) = match (text, path) {
            (None, None) => return Some(None),
            (Some(text), None) => (self.variable, Ok(text)),
            (None, Some(path)) => (file, secret::from_file(Path::new(path.trim()))),
            (Some(_), Some(_)) => {
                (file, Err(format!("is set together with {}: set only one of them", self.variable.name)))
            }
        };
        match text.and_then(|text| strong(&text)) {
            Ok(key) => Some(Some(key)),
            Err(fault) => {
                self.reader.entry(blamed).report(&fault);
                None
            }
        }
    }
}

/// The key, unless it is too short or can be guessed.
fn strong(text: &str) -> Result<SecretString, String> {
    // A trailing line break does not belong to the key.
    let text = text.trim();
    match secret::weakness(text) {
        None => Ok(text.to_owned().into()),
        Some(weakness) => Err(weakness),
    }
}
