//! The name of a person, which ends up in letters, pages and lists.

use super::line::is_control;

/// A first or a last name: 1 to 100 characters on one line, surrounding blanks trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonNameError {
    /// Nothing but blanks.
    #[error("A name is required.")]
    Empty,
    /// More than 100 characters.
    #[error("A name has at most 100 characters.")]
    TooLong,
    /// Line breaks, other control characters, or characters that reorder the text around them.
    #[error("A name holds no line breaks, control characters or text-direction controls.")]
    Control,
}

impl PersonNameError {
    /// The stable code of a fault like this.
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
    /// Reads a name.
    ///
    /// # Errors
    /// [`PersonNameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        // Before trimming: a name that ends in a line break was not typed into a form by its owner.
        if text.chars().any(is_control) {
            return Err(PersonNameError::Control);
        }
        let text = text.trim();
        match text.chars().count() {
            0 => Err(PersonNameError::Empty),
            1..=100 => Ok(Self(text.to_owned())),
            _ => Err(PersonNameError::TooLong),
        }
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
        assert_eq!(PersonName::parse(" "), Err(PersonNameError::Empty));
        assert_eq!(PersonName::parse(&"a".repeat(101)), Err(PersonNameError::TooLong));
        for name in ["Ada\r\nBcc: x", "Ada\n", "a\0b", "a\u{202E}b"] {
            assert_eq!(PersonName::parse(name), Err(PersonNameError::Control), "{name:?}");
        }
    }
}
