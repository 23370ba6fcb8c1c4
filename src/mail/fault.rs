//! What may be said of a failed attempt: one short line, without the link, the address or a password.
//!
//! Relays quote: spam filters repeat the link that they dislike, and bounces the address. What is said here ends in the
//! timeline and in logs, so that it is cleaned before it leaves the room.

use std::error::Error;

use secrecy::{ExposeSecret, SecretString};

use crate::domain::letter::Letter;

/// The longest line, in characters.
const LONGEST: usize = 200;
/// No word of a reply to a person is as long as this; a token, even one that was cut in half, is.
const LONGEST_WORD: usize = 48;

/// An error and everything that lies beneath it, said once each.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut beneath = error.source();
    while let Some(cause) = beneath {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        beneath = cause.source();
    }
    text
}

/// Makes `text` fit to be shown and logged.
pub(super) fn clean(text: &str, letter: &Letter, password: Option<&SecretString>) -> String {
    let mut text = text.to_owned();
    if let Some(password) = password.map(ExposeSecret::expose_secret).filter(|password| !password.is_empty()) {
        text = text.replace(password, "[password]");
    }
    let (typed, wire, masked) = (letter.to.as_str(), letter.to.wire(), letter.to.masked());
    let link = letter.link.expose_secret();
    let token = link.rsplit('=').next().unwrap_or(link);
    text = text.replace(link, "[link]").replace(typed, &masked).replace(&wire, &masked);
    let said: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| {
            // Relays may write the address in lower case, or with brackets and commas about it.
            let lower = word.to_lowercase();
            if lower.contains(&typed.to_lowercase()) || lower.contains(letter.to.key()) {
                return masked.as_str();
            }
            let telling = word.contains("://") || word.contains("token=") || (!token.is_empty() && word.contains(token));
            if telling || word.chars().count() > LONGEST_WORD { "[…]" } else { word }
        })
        .collect();
    let said = said.join(" ");
    match said.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", said.get(..end).unwrap_or_default()),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::testing::letter;

    #[test]
    fn one_short_line_without_secrets() {
        let letter = letter();
        let link = letter.link.expose_secret();
        let half = &link[..link.len() - 20];
        let text =
            format!("550 5.7.1 <Ada@example.com>:\r\nspam {link} {half} for <ada@EXAMPLE.com> said hunter2 {}", "x ".repeat(300));
        let cleaned = clean(&text, &letter, Some(&SecretString::from("hunter2")));
        assert!(
            cleaned.starts_with("550 5.7.1 <A…@example.com>: spam [link] […] for A…@example.com said [password] x"),
            "{cleaned}"
        );
        assert!(cleaned.chars().count() <= LONGEST + 1 && !cleaned.contains(['\r', '\n']));
    }
}
