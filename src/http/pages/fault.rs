//! What can be wrong with a field, and the words for it in each language.

use super::words::Words;
use crate::domain::{email::EmailError, locale::Locale, password, password::PasswordFault, person::PersonNameError};

/// A usual fault of a form field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// Nothing was typed or chosen.
    Required,
    /// More characters than this.
    TooLong(usize),
    /// Line breaks or control characters.
    Control,
    /// No e-mail address.
    EmailMalformed,
    /// An address, but not the one invited.
    EmailOther,
    /// None of the choices offered.
    NotOffered,
    /// Not of the form that the field or the country asks for.
    Malformed,
    /// The password breaks a rule.
    Password(PasswordFault),
}

impl FieldFault {
    /// What to change, in the language of `locale`.
    #[must_use]
    pub fn message(self, locale: Locale) -> String {
        let words = &Words::of(locale).faults;
        let (text, number) = match self {
            Self::Required => (words.required, 0),
            Self::TooLong(longest) => (words.too_long, longest),
            Self::Control => (words.control, 0),
            Self::EmailMalformed => (words.email_malformed, 0),
            Self::EmailOther => (words.email_other, 0),
            Self::NotOffered => (words.not_offered, 0),
            Self::Malformed => (words.malformed, 0),
            Self::Password(PasswordFault::TooShort(shortest)) => (words.password_too_short, shortest),
            Self::Password(PasswordFault::TooLong) => (words.password_too_long, password::LONGEST),
            Self::Password(PasswordFault::Common) => (words.password_common, 0),
            Self::Password(PasswordFault::Guessable) => (words.password_guessable, 0),
            Self::Password(PasswordFault::ContainsIdentity) => (words.password_contains_identity, 0),
        };
        text.replace("{number}", &number.to_string())
    }
}

impl From<PasswordFault> for FieldFault {
    fn from(fault: PasswordFault) -> Self {
        Self::Password(fault)
    }
}

impl From<PersonNameError> for FieldFault {
    fn from(error: PersonNameError) -> Self {
        match error {
            PersonNameError::Empty => Self::Required,
            PersonNameError::TooLong => Self::TooLong(100),
            PersonNameError::Control => Self::Control,
        }
    }
}

impl From<EmailError> for FieldFault {
    fn from(error: EmailError) -> Self {
        match error {
            EmailError::Empty => Self::Required,
            EmailError::TooLong => Self::TooLong(254),
            EmailError::Malformed | EmailError::LocalPart => Self::EmailMalformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_filled_in_and_languages_differ() {
        let fault = FieldFault::from(PasswordFault::TooShort(15));
        assert!(fault.message(Locale::En).contains("15 characters"));
        assert!(fault.message(Locale::Nl).contains("15 tekens"));
        for locale in Locale::ALL {
            assert!(!FieldFault::TooLong(100).message(locale).contains('{'));
        }
    }
}
