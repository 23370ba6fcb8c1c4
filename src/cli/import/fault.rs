//! What is wrong at one place of the file.

use std::fmt;

use crate::domain::single_line;

/// A fault: its column, what is wrong for programs, and for people.
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

/// As it is told behind the file and the row. Cells and answers come from elsewhere: nothing in them steers a
/// terminal.
impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, code, words } = self;
        write!(f, "{}: {} ({})", clean(column), clean(words), clean(code))
    }
}

/// Text on one line that steers no terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if single_line::is_control(c) { '\u{FFFD}' } else { c }).collect()
}
