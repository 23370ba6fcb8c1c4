//! An error at one place of the file.

use std::fmt;

use crate::domain::single_line;

/// An error: its column, its code for programs, and its text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowError {
    pub column: String,
    pub code: String,
    pub words: String,
}

impl RowError {
    pub(super) fn new(column: impl Into<String>, code: impl Into<String>, words: impl Into<String>) -> Self {
        Self { column: column.into(), code: code.into(), words: words.into() }
    }
}

/// The text that follows the file name and the line. Cells and API answers are untrusted, so control
/// characters in them are replaced and cannot reach the terminal.
impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, code, words } = self;
        write!(f, "{}: {} ({})", clean(column), clean(words), clean(code))
    }
}

/// Text on one line without control characters.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if single_line::is_control(c) { '\u{FFFD}' } else { c }).collect()
}
