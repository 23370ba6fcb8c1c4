//! An enhanced status code as a value.

use std::{fmt, str::FromStr};

/// An enhanced status code, as 5.1.1 (RFC 3463 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode {
    /// 2 is success, 4 a temporary failure, 5 a permanent one.
    pub class: u8,
    /// The subject: addresses, mailboxes, systems, the network, the protocol, content, policy.
    pub subject: u16,
    /// The detail within the subject.
    pub detail: u16,
}

/// The text is no enhanced status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not an enhanced status code.")]
pub struct NotAStatusCode;

impl StatusCode {
    /// The code of these three numbers.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        Self { class, subject, detail }
    }

    /// The first code of a failure in a text. It follows the basic code, or is at the end in brackets as in
    /// qmail: `(#5.7.1)`.
    ///
    /// In all lines of a reply but the last the basic code is joined to it: `550-5.7.1` (RFC 5321 §4.2.1).
    /// Details have up to three digits. See findings/mail-send-large-status-code.sh.
    #[must_use]
    pub fn first_in(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let word = word.trim_matches(|c: char| !c.is_ascii_digit());
            let is_basic = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
            let word = word.split_once('-').filter(|(code, _)| is_basic(code)).map_or(word, |(_, rest)| rest);
            word.parse().ok().filter(|code: &Self| code.class != 2)
        })
    }

    /// Whether it says nothing beyond its class (X.0.0, RFC 3463 §3.1).
    #[must_use]
    pub fn is_undefined(self) -> bool {
        self.subject == 0
    }
}

impl FromStr for StatusCode {
    type Err = NotAStatusCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |part: Option<&str>| {
            let part = part.filter(|part| (1..=3).contains(&part.len()))?;
            part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten()
        };
        let mut parts = text.split('.');
        let class = match parts.next() {
            Some("2") => 2,
            Some("4") => 4,
            Some("5") => 5,
            _ => return Err(NotAStatusCode),
        };
        match (number(parts.next()), number(parts.next()), parts.next()) {
            (Some(subject), Some(detail), None) => Ok(Self { class, subject, detail }),
            _ => Err(NotAStatusCode),
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
