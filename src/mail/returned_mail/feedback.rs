//! Reads `message/feedback-report`: complaints about spam (RFC 5965).

use super::fields::fields;

/// Whether the recipient complained. Other reports are about authentication (RFC 6591), or say that a letter
/// was no spam.
pub(super) fn is_complaint(text: &str) -> bool {
    let fields = fields(text);
    let kind = fields.iter().find(|(name, _)| name == "feedback-type").map(|(_, value)| value.to_lowercase());
    kind.is_some_and(|kind| matches!(kind.as_str(), "abuse" | "fraud" | "other"))
}
