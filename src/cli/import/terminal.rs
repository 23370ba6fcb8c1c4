//! Standard error, with the progress bar on its last line.

use std::io::{self, Write};

use indicatif::ProgressBar;

/// Standard error, with a progress bar on its last line while rows are sent, if it is a terminal. Clones
/// share the bar.
#[derive(Clone)]
pub(super) struct Screen(pub(super) ProgressBar);

impl Screen {
    /// Writes a line above the bar.
    pub(super) fn say(&self, line: &str) {
        // A closed standard error leaves no way to report the error.
        self.0.suspend(|| drop(writeln!(io::stderr(), "{line}")));
    }
}
