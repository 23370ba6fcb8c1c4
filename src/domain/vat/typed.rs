//! A VAT number as people type or paste it: with blanks, dots, dashes, characters that no one sees, and a
//! label before it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{super::invisible::is_invisible, labels};

/// The longest text that is looked at, in bytes; no number with its label and its separators comes near.
const MAX_LEN: usize = 300;

/// As many digits stand in words: of a paragraph (§ 27a).
const MOST_DIGITS_OF_A_LABEL: usize = 3;

/// Capitals and digits without anything between them.
#[derive(Debug)]
pub(super) struct Typed {
    text: String,
    /// Where in `text` a separator stood before the next character.
    breaks: Vec<usize>,
}

impl Typed {
    /// Sets aside what separates, and what cannot be seen. None when something else is in it than a number or
    /// its label holds (`+` and `*` are in old Irish numbers), or nothing at all.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let (mut text, mut breaks) = (String::new(), Vec::new());
        let typed = (typed.len() <= MAX_LEN).then_some(typed)?;
        for c in typed.chars().map(half_width).nfd().filter(|c| !is_combining_mark(*c)) {
            if is_separator(c) {
                breaks.push(text.len());
            } else if c.is_alphanumeric() || matches!(c, '+' | '*') {
                text.extend(c.to_uppercase());
            } else if !is_invisible(c) && !matches!(c, '\u{202A}'..='\u{202E}') {
                return None;
            }
        }
        (!text.is_empty()).then_some(Self { text, breaks })
    }

    /// Everything that the number may be: the whole, and what follows a label. The longer ones come first, so
    /// that as little as possible is taken for a label.
    pub(super) fn candidates(&self) -> Vec<&str> {
        std::iter::once(0).chain(labels::ends(&self.text)).filter_map(|at| self.from(at)).collect()
    }

    /// What the number may be where it has no form that would tell it from its label: only what was set apart
    /// is a label.
    pub(super) fn set_apart(&self) -> Vec<&str> {
        let ends = labels::ends(&self.text).into_iter().filter(|at| self.breaks.contains(at));
        std::iter::once(0).chain(ends).filter_map(|at| self.from(at)).collect()
    }

    /// What stands apart behind any words: a label that nobody has listed, as in an imprint ("gemäß § 27a
    /// UStG: DE…"). It counts with a prefix alone, for bare digits behind unknown words may be another
    /// register's. More digits before it are another number, and which of the two is meant is not guessed.
    pub(super) fn behind_words(&self) -> Vec<&str> {
        let is_words = |at: &&usize| {
            let before = self.text.get(..**at).unwrap_or_default();
            !before.is_empty()
                && before.chars().filter(char::is_ascii_digit).count() <= MOST_DIGITS_OF_A_LABEL
        };
        self.breaks.iter().filter(is_words).filter_map(|at| self.from(*at)).collect()
    }

    fn from(&self, at: usize) -> Option<&str> {
        self.text.get(at..).filter(|rest| rest.is_ascii() && !rest.is_empty())
    }
}

/// The ASCII character that East Asian keyboards type in full width, or the character itself.
fn half_width(c: char) -> char {
    let ascii = matches!(c, '\u{FF01}'..='\u{FF5E}').then(|| char::from_u32(u32::from(c) - 0xFEE0));
    ascii.flatten().unwrap_or(c)
}

/// What stands between the parts of a number, or between it and its label: blanks and line breaks, every kind
/// of dash and dot, slashes, brackets, quotes, and what makes an abbreviation of "number".
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | ',' | ':' | ';' | '-' | '_' | '/' | '\\' | '|' | '#' | '=' | '~' | '(' | ')' | '[' | ']'
        )
        || matches!(c, '\'' | '"' | '`' | '´' | '\u{2018}'..='\u{201F}' | '«' | '»' | '‹' | '›')
        || matches!(
            c,
            '°' | 'º'
                | 'ª'
                | '№'
                | '§'
                | '&'
                | '·'
                | '•'
                | '\u{2024}'
                | '\u{2027}'
                | '\u{22C5}'
                | '\u{30FB}'
                | '\u{3002}'
        )
        || matches!(
            c,
            '\u{2010}'
                ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{58A}' | '\u{1806}'
        )
        || matches!(c, '\u{2E3A}' | '\u{2E3B}' | '\u{2044}' | '\u{2215}')
}
