//! What `--help` prints below the commands: the table of variables, and the mail providers.

use super::variables::variables;
use crate::mail;

/// Each variable with its default in brackets, if it has one, and its meaning on the next line; and a section
/// for each mail provider.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Environment:\n");
    for variable in variables() {
        let meaning = variable.explanation();
        let default =
            if variable.default.is_empty() { String::new() } else { format!(" [{}]", variable.default) };
        text.extend(["  ", variable.name, &default, "\n      ", &meaning, "\n"]);
    }
    text.extend(["\n", &mail::provider_guide()]);
    text
}
