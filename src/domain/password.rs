//! The rules for passwords, after NIST SP 800-63B-4 §3.1.1: long enough, not commonly used, not guessable,
//! not the person's own name or address; no composition rules.
//!
//! Lengths are counted in Unicode code points, after normalisation to NFC (RFC 8265 §4.2, `OpaqueString`), so
//! that the same password typed on two keyboards is the same password.

mod identity;

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

pub use self::identity::Identity;

/// The longest password accepted, in code points; NIST asks for at least 64.
pub const MAX_LEN: usize = 128;
/// The shortest length that may be configured, NIST's own minimum.
pub const SHORTEST: usize = 8;
/// The shortest password that can be accepted: zxcvbn never needs more than 10 guesses for a character, and a
/// score of 3 begins above 10^8, so every password of eight characters is guessable. See
/// findings/zxcvbn-eight-characters.sh.
const SHORTEST_UNGUESSABLE: usize = 9;
/// The score of zxcvbn that a password needs: 10^8 guesses, "safely unguessable" where hashing is slow.
const SCORE: u8 = 3;
/// The shortest unit whose repetitions are looked up among the common passwords.
const SHORTEST_UNIT: usize = 4;

/// The length that is really required where the operator sets `configured`, for checks and messages.
#[must_use]
pub fn asked_length(configured: usize) -> usize {
    configured.max(SHORTEST_UNGUESSABLE)
}

/// A password in normal form. Only [`Password::expose`] gives its text.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// A typed password, normalised to NFC.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(SecretString::from(typed.nfc().collect::<String>()))
    }

    /// The text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// A rule that a password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// Fewer code points than this minimum.
    TooShort(usize),
    /// More than [`MAX_LEN`] code points.
    TooLong,
    /// On the list of commonly used passwords.
    Common,
    /// A zxcvbn score below 3.
    Guessable,
    /// Contains the person's address or name.
    ContainsIdentity,
}

/// All rules that `password` breaks; empty when it is acceptable.
#[must_use]
pub fn faults(password: &Password, shortest: usize, identity: &Identity<'_>) -> Vec<PasswordFault> {
    let text = password.expose();
    let length = text.chars().count();
    // The time of the checks below grows with the text, so they are skipped for one that is too long.
    if length > MAX_LEN {
        return vec![PasswordFault::TooLong];
    }
    let words = identity.words();
    let inputs: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut faults = Vec::new();
    if length < shortest {
        faults.push(PasswordFault::TooShort(shortest));
    }
    if is_common(text) || is_common(&text.to_lowercase()) {
        faults.push(PasswordFault::Common);
    }
    if identity.is_in(text, shortest) {
        faults.push(PasswordFault::ContainsIdentity);
    }
    if length > 0 && u8::from(zxcvbn::zxcvbn(text, &inputs).score()) < SCORE {
        faults.push(PasswordFault::Guessable);
    }
    faults
}

/// Whether it is on the list, or repeats an entry: `passwordpassword` is no better than `password`.
fn is_common(text: &str) -> bool {
    let repeated = |times: usize| {
        let (length, rest) = (text.len() / times, text.len() % times);
        let unit = text.get(..length).filter(|unit| rest == 0 && unit.len() >= SHORTEST_UNIT);
        unit.is_some_and(|unit| text == unit.repeat(times) && passwords::analyzer::is_common_password(unit))
    };
    !text.is_empty() && (passwords::analyzer::is_common_password(text) || (2..=8).any(repeated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::Email;
    use proptest::prelude::*;

    fn faults_of(text: &str) -> Vec<PasswordFault> {
        let email = Email::parse("ada.lovelace@example.com").unwrap();
        faults(&Password::new(text), 15, &Identity { email: Some(&email), names: vec!["Ada", "Lovelace"] })
    }

    #[test]
    fn a_long_phrase_is_good_in_any_script() {
        for good in [
            "correct horse battery staple",
            "zevenentwintig groene fietsbellen",
            "маленький синий вертолёт летит",
            "🦀🐙🦑🐡🐠🐟🐬🐳🐋🦈🐊🐅🐆🦓🦍",
        ] {
            assert_eq!(faults_of(good), [], "{good}");
        }
    }

    #[test]
    fn length_is_counted_in_code_points_of_the_normal_form() {
        assert!(faults_of("шестнадцать12").contains(&PasswordFault::TooShort(15)));
        assert_eq!(faults_of(&"a\u{301}".repeat(129)), [PasswordFault::TooLong]);
        assert!(!faults_of(&"a\u{301}".repeat(128)).contains(&PasswordFault::TooLong));
        assert_eq!(Password::new("e\u{301}").expose(), "\u{e9}");
    }

    #[test]
    fn the_common_the_guessable_and_the_personal_are_named() {
        assert!(faults_of("passwordpassword").contains(&PasswordFault::Common));
        assert!(faults_of("1q2w3e4r5t6y7u8i9o0p").contains(&PasswordFault::Common));
        assert!(faults_of("PASSWORD").contains(&PasswordFault::Common));
        assert!(faults_of("aaaaaaaaaaaaaaaaaaaaaa").contains(&PasswordFault::Guessable));
        assert!(faults_of("abcdefghijklmnopqrst").contains(&PasswordFault::Guessable));
        assert_eq!(faults_of("my name is LOVELACE, remember"), [PasswordFault::ContainsIdentity]);
        assert!(faults_of("x7 ada.lovelace@example.com q9").contains(&PasswordFault::ContainsIdentity));
        assert_eq!(faults_of("canadas seven green bicycles"), []);
        assert_eq!(faults_of("it is Ada who sings at noon!"), [PasswordFault::ContainsIdentity]);
        let jose = Identity { email: None, names: vec!["Jose\u{301}"] };
        assert_eq!(
            faults(&Password::new("josé green bicycles at noon"), 15, &jose),
            [PasswordFault::ContainsIdentity]
        );
        assert!(faults_of("").contains(&PasswordFault::TooShort(15)));
    }

    #[test]
    fn a_name_inside_a_word_is_no_fault() {
        let lena = Identity { email: None, names: vec!["Lena", "King"] };
        assert_eq!(faults(&Password::new("walking home in the purple rain"), 15, &lena), []);
        assert!(
            faults(&Password::new("King king king king!!"), 15, &lena)
                .contains(&PasswordFault::ContainsIdentity)
        );
    }

    #[test]
    fn nine_characters_can_be_good_and_no_fewer_are_promised() {
        let nobody = Identity::default();
        assert_eq!(faults(&Password::new("qZ7!vR2?m"), asked_length(SHORTEST), &nobody), []);
        assert_eq!((asked_length(8), asked_length(9), asked_length(15)), (9, 9, 15));
    }

    proptest! {
        /// The reason for [`SHORTEST_UNGUESSABLE`], in any script.
        #[test]
        fn eight_characters_are_always_guessable(ascii in "[!-~]{8}", any in "\\PC{8}") {
            for text in [ascii, any] {
                let password = Password::new(&text);
                let is_eight = password.expose().chars().count() <= 8;
                let broken = faults(&password, SHORTEST, &Identity::default());
                prop_assert!(!is_eight || broken.contains(&PasswordFault::Guessable), "{text:?}");
            }
        }
    }

    #[test]
    fn is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password");
    }
}
