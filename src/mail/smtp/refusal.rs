//! What a relay's refusal means for the letter.

use super::talk::{Fault, Stage};

/// Whether a connection that had waited was closed without a word about this letter, so that another may take it at once:
/// after its last letter, as some relays do after so many, or with 421, which may come at any command (RFC 5321 §3.8). When
/// nothing is said after the content, the letter may have been taken; that is no case for haste.
pub(super) fn is_closing(stage: Stage, error: &Fault) -> bool {
    match (stage, error.status()) {
        (_, Some(421)) => true,
        (Stage::Sender, _) => !error.is_permanent() && !error.is_late(),
        (Stage::Recipient, None) => !error.is_timeout(),
        _ => false,
    }
}

/// Whether a permanent refusal (5xx) is about this letter for good.
///
/// What is said before a recipient is named is about us: a banner (554, 521), AUTH (535, 534), a sender whom the relay
/// does not let us use (550, 553). Every letter would meet the same, and an operator can put it right, so that letters
/// wait. After that a refusal is about the recipient or the letter, but for replies that still speak of the talk itself:
/// 502 to 504 (commands and their order, RFC 5321 §4.2.3), 521 (a host that takes no mail at all, RFC 7504), and 530, 534,
/// 535, 538 (sign in first, RFC 4954 §6). Relays that want a sign-in before they relay have no code of their own for it:
/// Postfix says 554, Exim and Exchange 550, all of them with the word "relay".
pub(super) fn is_final(stage: Stage, code: u16, said: &str) -> bool {
    let about_us = matches!(code, 502..=504 | 521 | 530 | 534 | 535 | 538);
    match stage {
        Stage::Connect | Stage::SignIn | Stage::Sender => false,
        Stage::Recipient => !about_us && !said.to_ascii_lowercase().contains("relay"),
        Stage::Content => !about_us,
    }
}
