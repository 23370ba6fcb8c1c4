//! The code that words stand for, where a report has no code or one that says nothing.

use super::status_code::StatusCode;
use crate::domain::refusal_phrases::{Refusal, refusal_in};

/// The code that the words of a failure stand for. Line breaks and apostrophes do not matter.
#[must_use]
pub fn code_of_words(text: &str) -> Option<StatusCode> {
    refusal_in(text).map(code)
}

fn code(refusal: Refusal) -> StatusCode {
    match refusal {
        Refusal::NoMailbox => StatusCode::new(5, 1, 1),
        Refusal::NoDomain => StatusCode::new(5, 1, 2),
        Refusal::AddressSyntax => StatusCode::new(5, 1, 3),
        Refusal::MailboxClosed => StatusCode::new(5, 2, 1),
        Refusal::MailboxFull => StatusCode::new(5, 2, 2),
        Refusal::TooLarge => StatusCode::new(5, 3, 4),
        Refusal::NoAnswer => StatusCode::new(4, 4, 1),
        Refusal::Loop => StatusCode::new(5, 4, 6),
        Refusal::TooLate => StatusCode::new(4, 4, 7),
        Refusal::Policy => StatusCode::new(5, 7, 1),
    }
}
