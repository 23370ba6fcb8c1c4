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

/// Refusals to relay, which is what relays say to whoever has not signed in, or may not use them. Exchange, Exim, Postfix,
/// Sendmail and others have each their own.
const NOT_FOR_US: [&str; 24] = [
    "relay access denied",
    "relay denied",
    "relaying denied",
    "relaying is denied",
    "relay not permitted",
    "relaying not permitted",
    "relaying is not permitted",
    "relay not allowed",
    "relaying not allowed",
    "relaying is not allowed",
    "relay prohibited",
    "relaying prohibited",
    "relaying is prohibited",
    "relay forbidden",
    "relaying forbidden",
    "unable to relay",
    "cannot relay",
    "not allowed to relay",
    "not permitted to relay",
    "not authorized to relay",
    "do not relay",
    "credentials for relay",
    "not authenticated",
    "must authenticate",
];

/// What replies say in RFC 3463's codes of whoever sends, whatever the three digits are: the sign-in, or the encryption that it needs
/// (X.7.8 to X.7.14, the registry of RFC 5248), DKIM, SPF and names that fail (X.7.20 to X.7.29, RFC 7372 and others), and Gmail's for
/// a sender who has sent enough for the day.
const ABOUT_US: [&str; 18] = [
    "5.4.5", "5.7.8", "5.7.9", "5.7.10", "5.7.11", "5.7.12", "5.7.13", "5.7.14", "5.7.20", "5.7.21", "5.7.22", "5.7.23",
    "5.7.24", "5.7.25", "5.7.26", "5.7.27", "5.7.28", "5.7.29",
];

/// Whether a permanent refusal (5xx) is about this letter for good.
///
/// What is said before a recipient is named is about us: a banner (554, 521), AUTH (535, 534), a sender whom the relay
/// does not let us use (550, 553). Every letter would meet the same, and an operator can put it right, so that letters
/// wait. After that a refusal is about the recipient or the letter, whatever its other digits are, but for replies that still speak
/// of the talk itself: 502 to 504 (commands and their order, RFC 5321 §4.2.3), 521 (a host that takes no mail at all, RFC 7504), 530,
/// 534, 535, 538 (sign in first, RFC 4954 §6), and those that say so in another way ([`ABOUT_US`]). Relays that want a
/// sign-in before they relay have no code of their own for it: Postfix says 554, Exim and Exchange 550, and their words tell.
pub(super) fn is_final(stage: Stage, code: u16, said: &str) -> bool {
    let about_us =
        matches!(code, 502..=504 | 521 | 530 | 534 | 535 | 538) || said.split_whitespace().any(|word| ABOUT_US.contains(&word));
    match stage {
        Stage::Connect | Stage::SignIn | Stage::Sender => false,
        Stage::Recipient => !about_us && !refuses_to_relay(said),
        Stage::Content => !about_us,
    }
}

/// Whether the words say so; addresses and the names of hosts, which may hold any word, say nothing.
fn refuses_to_relay(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    let words = said.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    let words = words.filter(|word| !word.is_empty() && !word.contains(['@', '.'])).collect::<Vec<_>>().join(" ");
    let wants_sign_in = words.contains("authenticat") && words.contains("require");
    wants_sign_in || NOT_FOR_US.iter().any(|refusal| words.contains(refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_to_relay_are_about_us_and_the_word_alone_is_not() {
        for (said, is_ours) in [
            ("5.7.1 <u@elsewhere.example>: Relay access denied", true),
            ("5.7.1 <u@elsewhere.example>... Relaying denied. Proper authentication required.", true),
            ("5.7.1 Unable to relay", true),
            ("5.7.54 SMTP; Unable to relay recipient in non-accepted domain", true),
            ("relay not permitted", true),
            ("5.7.0 Relaying not allowed: <u@elsewhere.example>", true),
            ("5.7.1 We do not relay for (10.0.0.1)", true),
            ("relaying prohibited", true),
            ("5.7.1 authentication is required", true),
            ("SMTP AUTH: this server requires authentication", true),
            ("5.7.57 Client was not authenticated to send mail", true),
            ("5.4.5 Daily user sending limit exceeded", true),
            ("5.1.1 <u@relay.example>: Recipient address rejected: User unknown", false),
            ("5.1.1 <relay@example.com>: Recipient address rejected: User unknown in relay recipient table", false),
            ("5.7.1 relay.denied.example says: no such user", false),
            ("5.7.1 Service unavailable; host relay listed", false),
            ("5.1.1 no such user", false),
        ] {
            assert_eq!(is_final(Stage::Recipient, 550, said), !is_ours, "{said}");
        }
        for code in [500, 501, 522, 523, 541, 550, 551, 552, 553, 554, 555, 556] {
            assert!(is_final(Stage::Recipient, code, "no") && is_final(Stage::Content, code, "no"), "{code}");
            assert!(!is_final(Stage::Recipient, code, "5.7.13 the account is disabled"), "{code}");
            assert!(
                !is_final(Stage::Content, code, "5.7.26 your email has been blocked because the sender is unauthenticated"),
                "{code}"
            );
        }
        assert!(!is_final(Stage::Content, 550, "permanent error (550): 5.4.5 Daily user sending limit exceeded"));
        assert!(is_final(Stage::Content, 554, "5.7.1 relay access denied"));
    }
}
