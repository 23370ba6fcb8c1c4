//! Reads a key that is set by itself, or in a file of its own.

use std::path::Path;

use secrecy::SecretString;

use super::{Entry, Read};
use crate::config::{registry::Variable, secret};

impl Entry<'_, '_> {
    /// The key in this variable or in the file that `file` names, as containers are handed secrets; the inner
    /// `None` when neither is set.
    pub(in crate::config) fn secret(&mut self, file: &'static Variable) -> Read<Option<SecretString>> {
        let (text, path) = (self.given(), self.reader.entry(file).given());
        // The file's variable is blamed whenever it is set: who sets both has added it.
        let (blamed, text) = match (text, path) {
            (None, None) => return Some(None),
            (Some(text), None) => (self.variable, Ok(text)),
            (None, Some(path)) => (file, secret::from_file(Path::new(path.trim()))),
            (Some(_), Some(_)) => {
                (file, Err(format!("is given beside {}: only one of them can count", self.variable.name)))
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
    // A line break at its end is an accident of whoever put it there.
    let text = text.trim();
    match secret::weakness(text) {
        None => Ok(text.to_owned().into()),
        Some(weakness) => Err(weakness),
    }
}
