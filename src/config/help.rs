//! The table of variables as `--help` prints it.

use super::variables::variables;

/// Each variable with its default in brackets, if it has one, and its meaning on the next line.
#[must_use]
pub fn help() -> String {
    let mut text = String::from("Environment:\n");
    for variable in variables() {
        let meaning = variable.explanation();
        let default =
            if variable.default.is_empty() { String::new() } else { format!(" [{}]", variable.default) };
        text.extend(["  ", variable.name, &default, "\n      ", &meaning, "\n"]);
    }
    text
}
