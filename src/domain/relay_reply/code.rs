//! Whom a reply concerns by its enhanced status code: `domain::enhanced_status` has the table.

use super::about::About;
use crate::domain::enhanced_status::{StatusCode, judge};

/// Classifies the first code in a text.
pub(super) fn about(text: &str) -> About {
    StatusCode::first_in(text).and_then(judge).map_or(About::Unknown, |judgement| judgement.blame.into())
}

/// Whether the first code is one of security and policy (X.7.x).
pub(super) fn is_of_security(text: &str) -> bool {
    StatusCode::first_in(text).is_some_and(|code| code.subject == 7)
}
