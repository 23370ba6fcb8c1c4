//! Folds text for searches: without regard to case in any script, or to invisible characters.

use unicode_normalization::UnicodeNormalization;

use super::invisible::is_ignorable;

/// Folds `text` so that two spellings that differ only in case or in invisible characters become equal, and
/// any part of one is found in the other.
///
/// Removes ignorable characters, then applies NFKC, then upper and lower case character by character: unlike
/// `str::to_lowercase` this does not depend on context, so that a part of a word folds as it does within the
/// word (Greek final sigma), and `ß` equals `SS`.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !is_ignorable(*c))
        .nfkc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_every_script() {
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert!(fold("ΟΔΟΣ 5").contains(&fold("οδος")));
        assert_eq!(fold("ÉLODIE"), fold("élodie"));
        assert_eq!(fold("ИВАН"), fold("иван"));
    }

    #[test]
    fn invisible_characters_make_no_difference() {
        for text in ["Ac\u{AD}me", "A\u{200B}cm\u{200D}e", "\u{FEFF}Acme\u{FE0F}", "Ac\u{3164}me\u{E0041}"] {
            assert_eq!(fold(text), "acme", "{text:?}");
        }
        assert_eq!(fold("e\u{34F}\u{301}"), fold("É"), "what is composed without it");
    }
}
