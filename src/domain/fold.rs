//! Text as it is searched: without regard to case in any script.

use unicode_normalization::UnicodeNormalization;

/// Folds `text` so that two spellings that differ in case alone become equal, and any part of one is found in the other.
///
/// NFKC, then upper and lower case character by character: unlike `str::to_lowercase` this knows no context, so that a part
/// of a word folds as it does within the word (Greek final sigma), and `ß` meets `SS`.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
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
}
