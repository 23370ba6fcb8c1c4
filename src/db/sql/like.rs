//! Patterns for `LIKE`: what people type into a search box, taken literally.

use crate::domain::case_fold::fold;

/// The pattern that finds `text` anywhere, without regard to case; `%` and `_` are ordinary characters.
/// Goes with `ESCAPE '\'` and a folded column.
pub(in crate::db) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
