//! Whether a key can be guessed. Anyone who has a link or a token can guess offline, without a limit.
//!
//! Three things are checked: the text, the bytes of which it is the hexadecimal or base64 form, and whether
//! these are the digest of a common word.

mod digests;
mod phrase;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Words in keys from documentation, and in placeholders that people make up.
const PLACEHOLDERS: [&str; 19] = [
    "secret",
    "password",
    "passwort",
    "passphrase",
    "changeme",
    "changethis",
    "changeit",
    "replaceme",
    "replacethis",
    "placeholder",
    "example",
    "insecure",
    "testkey",
    "quickbrownfox",
    "loremipsum",
    "correcthorse",
    "tobeornottobe",
    // Commands that make a key, pasted instead of run.
    "opensslrand",
    "devurandom",
];
/// Published values: digits of pi and e, the AES keys of FIPS 197 and NIST SP 800-38A, the HMAC key of RFC
/// 7515, the UUIDs of RFC 4122, of RFC 9562 and of common examples.
const PUBLISHED: [&str; 10] = [
    "3141592653589793",
    "2718281828459045",
    "2b7e151628aed2a6",
    "603deb1015ca71be",
    "8e73b0f7da0e6452",
    "aym1sysppbyd",
    "123e4567e89b12d3",
    "550e8400e29b41d4",
    "f81d4fae7dec11d0",
    "6ba7b8109dad11d1",
];
/// How many times a text is decoded as hexadecimal or base64.
const LAYERS: u32 = 3;
/// A key that takes fewer than two to the power of this guesses is guessable.
const MIN_LOG2_GUESSES: u32 = 63;

/// Whether a key can be guessed.
pub(super) fn is_guessable(text: &str) -> bool {
    is_guessable_within(text, MIN_LOG2_GUESSES, LAYERS)
}

fn is_guessable_within(text: &str, enough: u32, layers: u32) -> bool {
    is_guessable_text(text, enough)
        || (layers > 0 && decoded(text).is_some_and(|bytes| is_guessable_bytes(&bytes, layers - 1)))
}

fn is_guessable_text(text: &str, enough: u32) -> bool {
    // zxcvbn is slow on long texts, and reads no more than this.
    const MAX_SCANNED_CHARS: usize = 100;
    let start: String = text.chars().take(MAX_SCANNED_CHARS).collect();
    let known = |known: fn(&char) -> bool| {
        text.chars().filter(known).map(|one| one.to_ascii_lowercase()).collect::<String>()
    };
    let (letters, signs) = (known(char::is_ascii_alphabetic), known(char::is_ascii_alphanumeric));
    PLACEHOLDERS.iter().any(|word| letters.contains(word))
        || PUBLISHED.iter().any(|key| signs.contains(key))
        || is_regular(text.as_bytes(), 8)
        || phrase::is_made_up(&start, if enough < MIN_LOG2_GUESSES { 32.0 } else { 72.0 })
        || (!is_random_hexadecimal(text) && zxcvbn::zxcvbn(&start, &[]).guesses() < 1 << enough)
}

/// Whether a text looks as `openssl rand -hex 32` prints it; fewer than one in 10^6 of its keys do not.
/// zxcvbn would find nothing in it, and its dictionaries, once loaded, stay in memory (8 MB).
fn is_random_hexadecimal(text: &str) -> bool {
    let count = |known: fn(&u8) -> bool| text.bytes().filter(known).count();
    hexadecimal(text).is_some_and(|bytes| bytes.len() >= 32 && distinct(bytes.into_iter()) >= 24)
        && count(u8::is_ascii_alphabetic) >= 8
        && count(u8::is_ascii_digit) >= 20
}

/// Whether bytes are not random. Fewer than one in 10^16 keys of 16 random bytes fail any of these checks,
/// and fewer still of more bytes.
fn is_guessable_bytes(bytes: &[u8], layers: u32) -> bool {
    let nibbles: Vec<u8> = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let few = |limit: usize, values: &[u8]| distinct(values.iter().copied()) <= limit;
    few((bytes.len() / 3).min(40), bytes)
        || few(4, &nibbles)
        || is_regular(bytes, 4)
        || is_regular(&nibbles, 10)
        || digests::is_of_common_word(bytes)
        || written(bytes).is_some_and(|text| {
            // A short key of random bytes may happen to be printable, and is not weaker for that.
            let enough = u32::try_from(bytes.len() * 3).unwrap_or(MIN_LOG2_GUESSES).min(MIN_LOG2_GUESSES);
            is_guessable_within(text, enough, layers)
        })
}

/// The text of these bytes, if all are printable.
fn written(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')).then_some(text)
}

/// Whether a piece of at most eight values repeats, or the differences between neighbours have few distinct
/// values: at most one for every `for_each` values.
fn is_regular(values: &[u8], for_each: usize) -> bool {
    let repeats = (1..=8).any(|period| {
        values.len() >= 3 * period
            && values.iter().zip(values.iter().skip(period)).all(|(one, next)| one == next)
    });
    let steps = values.iter().zip(values.iter().skip(1)).map(|(one, next)| next.wrapping_sub(*one));
    repeats || distinct(steps) <= (values.len() / for_each).min(12)
}

fn distinct(values: impl Iterator<Item = u8>) -> usize {
    values.collect::<std::collections::HashSet<_>>().len()
}

/// The bytes of a hexadecimal or base64 text, with or without separators; at least 16 of them.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const LEAST: usize = 16;
    hexadecimal(text).or_else(|| base64(text)).filter(|bytes| bytes.len() >= LEAST)
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let signs: String =
        text.chars().filter(|sign| !matches!(sign, '-' | ':' | ' ' | '_' | '.' | ',')).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (signs.len().is_multiple_of(2) && signs.bytes().all(|sign| sign.is_ascii_hexdigit()))
        .then(|| signs.as_bytes().chunks(2).map(byte).collect())
        .flatten()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let signs: String = text.chars().filter(|sign| !sign.is_whitespace()).collect();
    let signs = signs.replace('-', "+").replace('_', "/");
    GeneralPurpose::new(&alphabet::STANDARD, LENIENT).decode(signs).ok()
}

#[cfg(test)]
mod tests;
