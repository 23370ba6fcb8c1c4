//! `LIKE` patterns that take the text of a search box literally.

/// The pattern that finds exactly this text anywhere; `%` and `_` are ordinary characters. Use it with
/// `ESCAPE '\'`.
pub(in crate::db) fn containing(text: &str) -> String {
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
