//! The summary of errors above a form.

use serde::Serialize;

/// One line of the summary of errors.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    /// The element that it links to, and its label.
    pub target: Option<(String, &'static str)>,
    pub message: &'a str,
}
