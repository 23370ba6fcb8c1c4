//! Texts about a person: the name, for letters, pages and lists.

use super::{
    invisible::{is_blank, tidy},
    single_line::is_control,
};

/// A first or a last name: 1 to 100 characters on one line, without surrounding blanks and without invisible
/// characters that change nothing for a reader. At least one character is visible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonNameError {
    /// No visible character.
    #[error("A name is required.")]
    Empty,
    /// More than 100 characters.
    #[error("A name has at most 100 characters.")]
    TooLong,
    /// Line breaks, other control characters, or characters that reorder the text around them.
    #[error("A name must not contain line breaks, control characters or text-direction controls.")]
    Control,
}

impl PersonNameError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "required",
            Self::TooLong => "too_long",
            Self::Control => "invalid_name",
        }
    }
}

impl PersonName {
    /// Parses a name.
    ///
    /// # Errors
    /// [`PersonNameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        // Before trimming: a form field cannot produce a line break, so this was not typed by the person.
        if text.chars().any(is_control) {
            return Err(PersonNameError::Control);
        }
        let text = tidy(text);
        if is_blank(&text) {
            return Err(PersonNameError::Empty);
        }
        if text.chars().count() > 100 {
            return Err(PersonNameError::TooLong);
        }
        Ok(Self(text))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_in_any_script() {
        for name in ["Ada", " José María ", "李", "O'Brien-Smith", "أحمد"] {
            assert_eq!(PersonName::parse(name).unwrap().as_str(), name.trim());
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        for name in [
            "",
            " ",
            "\u{A0}",
            "\u{200B}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{2800}",
            "\u{FE0F}",
            "\u{200D} \u{AD}",
        ] {
            assert_eq!(PersonName::parse(name), Err(PersonNameError::Empty), "{name:?}");
        }
        assert_eq!(PersonName::parse(&"a".repeat(101)), Err(PersonNameError::TooLong));
        for name in ["Ada\r\nBcc: x", "Ada\n", "a\0b", "a\u{202E}b"] {
            assert_eq!(PersonName::parse(name), Err(PersonNameError::Control), "{name:?}");
        }
    }
}
