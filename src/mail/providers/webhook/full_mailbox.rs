//! Whether a recipient's server speaks of the address, of a full mailbox, or of the sender.

use crate::domain::{
    enhanced_status::{StatusCode, code_of_words, judge},
    refusal_phrases::{Place, phrases_in},
};

/// Whether it says that the mailbox is full (RFC 3463, X.2.2), where no code says it.
pub(super) fn is_full(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    phrases_in(Place::Reason).any(|phrase| said.contains(phrase))
}

/// Whether a refusal says for good that the mailbox does not exist: by its enhanced code, or else by the code
/// that its words stand for, judged by the table that returned mail is judged by. `None` where neither says
/// why.
pub(in crate::mail::providers) fn denies_mailbox(said: &str) -> Option<bool> {
    let given = StatusCode::first_in(said);
    // A policy (X.7.x) says nothing of the address, and a temporary refusal nothing for good.
    if given.is_some_and(|code| code.class == 4 || code.subject == 7) || is_temporary(said) {
        return Some(false);
    }
    if let Some(judged) = given.and_then(judge) {
        return Some(judged.denies_mailbox);
    }
    // A code of the mailbox's state that says no more: the mailbox is there.
    if said.starts_with("552") || is_full(said) || given.is_some_and(|code| code.subject == 2) {
        return Some(false);
    }
    code_of_words(said).map(|code| judge(code).is_some_and(|judged| judged.denies_mailbox))
}

/// Whether a refusal may mean that the mailbox does not exist. Where it does not say why, the provider has
/// decided that the letter bounced for good.
///
/// A provider's own list of addresses is no refusal of a server's: it may be old, or be of another customer's
/// letters, and its entry is lifted there. No event about such a list denies a mailbox.
pub(in crate::mail::providers) fn is_about_address(said: Option<&str>) -> bool {
    denies_mailbox(said.unwrap_or_default()).unwrap_or(true)
}

/// Whether the first basic code is that of a temporary failure: `450`, `smtp;450`, `450-4.2.0`.
fn is_temporary(said: &str) -> bool {
    let mut codes = said.split_whitespace().filter_map(|word| {
        let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (code, rest) = word.split_at(end);
        let is_code = matches!(code.as_bytes(), [b'4' | b'5', _, _]) && !rest.starts_with('.');
        is_code.then_some(code)
    });
    codes.next().is_some_and(|code| code.starts_with('4'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_codes_says_what_denies_a_mailbox() {
        for (said, denies) in [
            ("550 5.1.1 user unknown", Some(true)),
            ("smtp;550 5.1.3 bad address", Some(true)),
            ("550-5.1.1 no such\n550 user", Some(true)),
            ("550 No such user here", Some(true)),
            ("550 5.5.0 mailbox unavailable", Some(true)),
            // The domain, or the way to it.
            ("550 5.1.2 host unknown", Some(false)),
            ("5.4.4", Some(false)),
            ("550 5.4.1 Recipient address rejected: Access denied", Some(false)),
            ("550 5.4.310 DNS domain does not exist", Some(false)),
            ("Unable to find MX of domain, no MX", Some(false)),
            // The mailbox is there.
            ("550 5.2.1 account disabled", Some(false)),
            ("552 5.2.2 mailbox full", Some(false)),
            ("552 no room", Some(false)),
            ("over quota", Some(false)),
            // A policy.
            ("550 5.7.1 user unknown", Some(false)),
            ("554 rejected by policy", Some(false)),
            ("550 High probability of spam", Some(false)),
            ("550 5.2.0 mailbox error", Some(false)),
            // Not for good.
            ("450 4.1.1 user unknown", Some(false)),
            ("450 user unknown", Some(false)),
            ("smtp; 451-4.0.0 later", Some(false)),
            ("550 no", None),
            ("550 5.0.0 no", None),
            ("192.0.2.7 said no", None),
            ("", None),
        ] {
            assert_eq!(denies_mailbox(said), denies, "{said}");
            assert_eq!(is_about_address(Some(said)), denies.unwrap_or(true), "{said}");
        }
        assert!(is_about_address(None));
    }
}
