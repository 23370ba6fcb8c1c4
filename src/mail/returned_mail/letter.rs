//! Which letter a message is about.

use memchr::memmem;

use super::{headers::Headers, parts::Parts};
use crate::domain::{
    bounce_address::BounceAddress,
    ids::LetterId,
    returned_mail::{FoundBy, VerpChecker},
};

/// Fields that may hold the address that a message came to.
const ADDRESS_FIELDS: [&str; 8] = [
    "to",
    "cc",
    "delivered-to",
    "x-delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "apparently-to",
];
/// The most addresses that are checked.
const MAX_ADDRESSES: usize = 40;
/// The most letters that are distinguished.
const MAX_LETTERS: usize = 8;
/// The length of `ltr_` and 26 characters.
const ID_LENGTH: usize = 30;
const PREFIX: &[u8] = b"ltr_";

/// The letter that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// This one. `is_held` says whether the message has the letter's `Message-ID` too.
    Letter { letter: LetterId, by: FoundBy, is_held: bool },
    /// None is named.
    None,
    /// The address is not one that this service made, or several letters are named.
    Forged,
}

/// Finds the letter: by the address, else by the envelope id, else by the `Message-ID` anywhere.
pub(super) fn find(
    parts: &Parts,
    recipient: Option<&str>,
    envelope_id: Option<&str>,
    check: &VerpChecker,
) -> Found {
    let held = held(parts);
    let found = |letter: LetterId, by| {
        // A report about one letter that has another one in it was forged.
        let is_contradicted = !held.is_empty() && !held.contains(&letter);
        if is_contradicted { Found::Forged } else { Found::Letter { letter, by, is_held: !held.is_empty() } }
    };
    let mut named: Vec<LetterId> = Vec::new();
    for address in recipient.into_iter().chain(addresses(&parts.headers)).take(MAX_ADDRESSES) {
        match check(address) {
            BounceAddress::Forged => return Found::Forged,
            BounceAddress::Letter(letter) if !named.contains(&letter) => named.push(letter),
            BounceAddress::Letter(_) | BounceAddress::None => {}
        }
    }
    match (named.as_slice(), envelope_id.and_then(id_in), held.as_slice()) {
        ([letter], ..) => found(*letter, FoundBy::Verp),
        // Several letters.
        ([_, ..], ..) | ([], None, [_, _, ..]) => Found::Forged,
        ([], Some(letter), _) => found(letter, FoundBy::Envid),
        ([], None, [letter]) => found(*letter, FoundBy::MessageId),
        ([], None, []) => Found::None,
    }
}

/// The sender of the letter's envelope, where it is known: the address that the message came to.
pub(super) fn envelope_sender<'a>(
    headers: &'a Headers,
    recipient: Option<&'a str>,
    check: &VerpChecker,
) -> Option<&'a str> {
    let is_ours = |address: &&str| matches!(check(address), BounceAddress::Letter(_));
    recipient.or_else(|| addresses(headers).take(MAX_ADDRESSES).find(is_ours))
}

fn addresses(headers: &Headers) -> impl Iterator<Item = &str> {
    let separates = |c: char| c.is_whitespace() || ",;<>()\"':".contains(c);
    ADDRESS_FIELDS
        .iter()
        .flat_map(move |name| headers.all(name))
        .flat_map(move |value| value.split(separates).filter(|word| word.contains('@')))
}

/// The letters whose `Message-ID` is in the message: in a returned header, `References`, `In-Reply-To`, or in
/// any text, where servers put the returned letter without a part of its own.
fn held(parts: &Parts) -> Vec<LetterId> {
    let mut letters = Vec::new();
    for name in ["references", "in-reply-to", "x-original-message-id", "original-message-id"] {
        for value in parts.headers.all(name) {
            collect(value.as_bytes(), &mut letters);
        }
    }
    for part in &parts.all {
        collect(part.text.as_bytes(), &mut letters);
    }
    letters
}

/// Adds the letters whose `Message-ID` is in a text. In a return address the id stands after a `+`, and a dot
/// follows.
fn collect(text: &[u8], letters: &mut Vec<LetterId>) {
    for at in memmem::find_iter(text, PREFIX) {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let is_begun = before.is_none_or(|byte| !(byte.is_ascii_alphanumeric() || b"+._-".contains(byte)));
        if is_begun
            && text.get(at + ID_LENGTH) == Some(&b'@')
            && let Some(letter) = text.get(at..at + ID_LENGTH).and_then(parse)
            && letters.len() < MAX_LETTERS
            && !letters.contains(&letter)
        {
            letters.push(letter);
        }
    }
}

/// The id in an envelope id.
fn id_in(text: &str) -> Option<LetterId> {
    let at = memmem::find(text.as_bytes(), PREFIX)?;
    text.as_bytes().get(at..at + ID_LENGTH).and_then(parse)
}

fn parse(id: &[u8]) -> Option<LetterId> {
    std::str::from_utf8(id).ok()?.parse().ok()
}
