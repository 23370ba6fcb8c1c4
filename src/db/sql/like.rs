//! `LIKE` patterns that take the text of a search box literally.

use crate::domain::case_fold::fold;

/// The pattern that finds `text` anywhere, without regard to case; `%` and `_` are ordinary characters. Use
/// it with `ESCAPE '\'` and a case-folded column.
pub(in crate::db) fn containing(text: &str) -> String {
    containing_exactly(&fold(text))
}

/// The pattern that finds exactly this text anywhere. Use it with `ESCAPE '\'`.
pub(in crate::db) fn containing_exactly(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
