//! Whether a recipient's server speaks of the address, of a full mailbox, or of the sender.

use crate::domain::enhanced_status::{Blame, StatusCode, judge};

/// Words for a full mailbox (RFC 3463, X.2.2), where no code says it.
const FULL_MAILBOX: [&str; 7] = [
    "mailbox full",
    "mailbox is full",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded storage",
    "out of storage",
];

/// Whether it says that the mailbox is full.
pub(super) fn is_full(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    FULL_MAILBOX.iter().any(|words| said.contains(words))
}

/// Whether a refusal may mean that the mailbox does not exist: by its code, or else by its words. Replies
/// about a full mailbox or a policy (RFC 3463, X.7.x) say nothing of the address.
pub(in crate::mail::providers) fn is_about_address(said: Option<&str>) -> bool {
    let said = said.unwrap_or_default();
    if let Some(judged) = StatusCode::first_in(said).and_then(judge) {
        return judged.blame == Blame::Address;
    }
    !said.starts_with("552") && !said.contains("5.7.") && !is_full(said)
}
