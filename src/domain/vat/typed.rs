//! A VAT number as typed or pasted: with blanks, dots, dashes, invisible characters, and a label before it.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{super::invisible::is_invisible, labels};

/// The longest accepted text, in bytes; far longer than any number with its label and separators.
const MAX_LEN: usize = 300;

/// The most digits in a label: those of a paragraph (§ 27a).
const MOST_DIGITS_OF_A_LABEL: usize = 3;

/// Capitals and digits without separators.
#[derive(Debug)]
pub(super) struct Typed {
    text: String,
    /// The offsets in `text` before which a separator stood.
    breaks: Vec<usize>,
}

impl Typed {
    /// Removes separators and invisible characters. `None` when the text has a character that neither a
    /// number nor its label contains (`+` and `*` are in old Irish numbers), or is empty.
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

    /// All candidates for the number: the whole text, and the text after a label. The longer ones come first,
    /// so that as little as possible is taken for a label.
    pub(super) fn candidates(&self) -> Vec<&str> {
        std::iter::once(0).chain(labels::ends(&self.text)).filter_map(|at| self.from(at)).collect()
    }

    /// The candidates in a country without a form that would distinguish number and label: only a separate
    /// word is a label.
    pub(super) fn set_apart(&self) -> Vec<&str> {
        let ends = labels::ends(&self.text).into_iter().filter(|at| self.breaks.contains(at));
        std::iter::once(0).chain(ends).filter_map(|at| self.from(at)).collect()
    }

    /// The separate part after any words: an unlisted label, as in an imprint ("gemäß § 27a UStG: DE…"). It
    /// counts only with a prefix, since bare digits after unknown words may belong to another register. With
    /// more digits before it there are two numbers, and the intended one is unknown.
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

/// The ASCII character for a full-width one of East Asian keyboards, or the character itself.
fn half_width(c: char) -> char {
    let ascii = matches!(c, '\u{FF01}'..='\u{FF5E}').then(|| char::from_u32(u32::from(c) - 0xFEE0));
    ascii.flatten().unwrap_or(c)
}

/// Separators between the parts of a number, or between it and its label: blanks and line breaks, all dashes
/// and dots, slashes, brackets, quotes, and the signs that abbreviate "number".
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
