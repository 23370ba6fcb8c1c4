//! Text on one line, as in a form field: the common rules of names, streets and cities.

use super::invisible::{is_blank, tidy};

/// 1 to `MAX` characters on one line, in any script, without surrounding blanks and without invisible
/// characters that change nothing for a reader. At least one character is visible.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SingleLine<const MAX: usize>(String);

/// Why a text is no such line; each message says what to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No visible character.
    #[error("This is required.")]
    Empty,
    /// Too many characters.
    #[error("This has at most {most} characters.")]
    TooLong {
        /// The maximum.
        most: usize,
    },
    /// Line breaks, other control characters, or characters that reorder the text around them.
    #[error("This must not contain line breaks, control characters or text-direction controls.")]
    Control,
}

impl LineError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong { .. } => "too_long",
            Self::Control => "control_characters",
        }
    }
}

impl<const MAX: usize> SingleLine<MAX> {
    /// Parses a line.
    ///
    /// # Errors
    /// [`LineError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, LineError> {
        // Before trimming: a field of one line cannot produce a line break.
        if text.chars().any(is_control) {
            return Err(LineError::Control);
        }
        let text = tidy(text);
        if is_blank(&text) {
            return Err(LineError::Empty);
        }
        if text.chars().count() > MAX {
            return Err(LineError::TooLong { most: MAX });
        }
        Ok(Self(text))
    }

    /// A stored line, accepted by the rules of its time.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, line separators, and the bidirectional embeddings, overrides and isolates (UAX 9),
/// with which a text could change how the words around it read. Right-to-left letters, and the marks that
/// belong to them, are allowed.
#[must_use]
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn trims_and_counts_characters() {
        assert_eq!(SingleLine::<3>::parse(" äöü ").unwrap().as_str(), "äöü");
        assert_eq!(SingleLine::<3>::parse("abcd"), Err(LineError::TooLong { most: 3 }));
        assert_eq!(LineError::TooLong { most: 3 }.to_string(), "This has at most 3 characters.");
    }

    #[test]
    fn refuses_what_cannot_be_seen_or_reorders() {
        for text in ["", " ", "\u{A0}", "\u{200B}", "\u{3164}\u{200D}", "\u{FE0F}", "\u{2800}", "\u{E0041}"] {
            assert_eq!(SingleLine::<9>::parse(text), Err(LineError::Empty), "{text:?}");
        }
        for text in ["a\nb", "a\n", "a\tb", "a\0", "a\u{202E}b", "a\u{2067}b", "a\u{2028}"] {
            assert_eq!(SingleLine::<9>::parse(text), Err(LineError::Control), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_parsing_is_stable(text in any::<String>()) {
            if let Ok(line) = SingleLine::<20>::parse(&text) {
                prop_assert!((1..=20).contains(&line.as_str().chars().count()));
                prop_assert!(!line.as_str().chars().any(is_control));
                prop_assert_eq!(SingleLine::<20>::parse(line.as_str()), Ok(line));
            }
        }
    }
}
