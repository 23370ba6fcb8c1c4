//! Standard error, and the progress bar at its foot.

use std::io::{self, Write};

use indicatif::ProgressBar;

/// Standard error, with a bar at its foot while rows are sent and it is a terminal. Clones share the bar.
#[derive(Clone)]
pub(super) struct Screen(pub(super) ProgressBar);

impl Screen {
    /// Writes a line above the bar.
    pub(super) fn say(&self, line: &str) {
        // With nobody to read it, there is nothing to be told.
        self.0.suspend(|| drop(writeln!(io::stderr(), "{line}")));
    }
}
