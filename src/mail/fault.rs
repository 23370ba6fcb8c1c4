//! Makes the error of an attempt safe to show: one short line, without the link, the address or a password.
//!
//! Relays quote: spam filters repeat the link that they dislike, and bounces the address. These texts get
//! into the timeline and into logs, so they are cleaned before they leave this module.

use std::error::Error;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use super::server_url::Login;
use crate::domain::letter::Letter;

/// The longest line, in characters.
const MAX_LEN: usize = 200;
/// No word of a readable reply is as long as this; a token is, even when it was cut in half.
const LONGEST_WORD: usize = 48;

/// An error and its sources, each once.
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

/// The secrets to remove, each with its replacement.
#[derive(Default)]
pub(super) struct Secrets(Vec<(SecretString, &'static str)>);

impl Secrets {
    /// These and those.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A key or a password.
    pub fn of(secret: &SecretString) -> Self {
        let (plain, encoded) = (secret.expose_secret(), STANDARD_NO_PAD.encode(secret.expose_secret()));
        Self(vec![(plain.into(), "[password]"), (encoded.into(), "[password]")])
    }

    /// The credentials of a sign-in: the password, and its encoded forms. A relay that quotes them quotes
    /// base64: of AUTH PLAIN (RFC 4616), of each half of AUTH LOGIN, or of HTTP's Basic scheme (RFC 7617).
    pub fn of_login(Login { user, password }: &Login) -> Self {
        let plain = password.expose_secret();
        let joint = [format!("\0{user}\0{plain}"), format!("{user}:{plain}")];
        let mut secrets = joint.map(|joint| (STANDARD_NO_PAD.encode(joint).into(), "[password]")).to_vec();
        secrets.extend(Self::of(password).0);
        secrets.push((STANDARD_NO_PAD.encode(user).into(), "[user]"));
        Self(secrets)
    }

    /// The text with each secret replaced.
    fn remove_from(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (secret, shown) in &self.0 {
            if !secret.expose_secret().is_empty() {
                text = text.replace(secret.expose_secret(), shown);
            }
        }
        text
    }
}

/// Makes `text` safe to show and log.
pub(super) fn clean(text: &str, letter: &Letter, secrets: &Secrets) -> String {
    let mut text = secrets.remove_from(text);
    let (typed, wire, masked) = (letter.to.as_str(), letter.to.wire(), letter.to.masked());
    let link = letter.link.expose_secret();
    let token = link.rsplit('=').next().unwrap_or(link);
    text = text.replace(link, "[link]").replace(typed, &masked).replace(&wire, &masked);
    let said: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| {
            // Relays may write the address in lower case, or with brackets and commas around it.
            let lower = word.to_lowercase();
            if lower.contains(&typed.to_lowercase()) || lower.contains(letter.to.key()) {
                return masked.as_str();
            }
            let is_secret = word.contains("://")
                || word.contains("token=")
                || (!token.is_empty() && word.contains(token));
            if is_secret || word.chars().count() > LONGEST_WORD { "[…]" } else { word }
        })
        .collect();
    shortened(said.join(" "))
}

/// Makes `text` safe to show, where it is about no letter.
pub(super) fn clean_text(text: &str, secrets: &Secrets) -> String {
    let text = secrets.remove_from(text);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    shortened(words.collect::<Vec<_>>().join(" "))
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MAX_LEN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
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
        let text = format!(
            "550 5.7.1 <Ada@example.com>:\r\nspam {link} {half} for <ada@EXAMPLE.com> said hunter2 {}",
            "x ".repeat(300)
        );
        let cleaned = clean(&text, &letter, &Secrets::of(&SecretString::from("hunter2")));
        assert!(
            cleaned.starts_with(
                "550 5.7.1 <A…@example.com>: spam [link] […] for A…@example.com said [password] x"
            ),
            "{cleaned}"
        );
        assert!(cleaned.chars().count() <= MAX_LEN + 1 && !cleaned.contains(['\r', '\n']));
    }
    /// AUTH PLAIN and AUTH LOGIN, with and without padding.
    #[test]
    fn a_sign_in_is_reported_in_no_form() {
        let secrets = Secrets::of_login(&Login {
            user: "ada-lovelace".to_owned(),
            password: SecretString::from("hunter22"),
        });
        let text = "535 AGFkYS1sb3ZlbGFjZQBodW50ZXIyMg== AGFkYS1sb3ZlbGFjZQBodW50ZXIyMg aHVudGVyMjI= \
            YWRhLWxvdmVsYWNl YWRhLWxvdmVsYWNlOmh1bnRlcjIy hunter22 are wrong";
        let cleaned = clean(text, &letter(), &secrets);
        assert_eq!(cleaned, "535 [password]== [password] [password]= [user] [password] [password] are wrong");
    }
}
