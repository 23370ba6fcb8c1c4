//! Makes returned mail safe to show: it holds our letters, and their links are live.
//!
//! Everything is decoded before it is masked, so that no encoding hides a link. Servers also put the source
//! of a letter into their text, encoded as it was: lines that end in `=` are joined (quoted-printable), and
//! long runs of letters and digits go, whatever they are (base64, and the rest of a link that was broken).

use super::{
    own_text::up_to,
    parts::{Kind, Parts, split},
};
use crate::domain::ids::LetterId;

/// The longest form that is shown, in bytes.
const MAX_SHOWN: usize = 64 << 10;
/// How much of a message that cannot be read is shown.
const MAX_UNREAD: usize = 16 << 10;
/// A link's token has more than 60 characters; what is left of one that was broken may be shorter, and opens
/// nothing.
const LONGEST_RUN: usize = 24;
const MASK: &str = "[…]";

/// The message, decoded, without links and tokens.
pub(super) fn masked(message: &[u8]) -> String {
    let mut shown = String::new();
    if let Ok(parts) = Parts::read(message) {
        let (head, _) = split(message.trim_ascii_start());
        let head = head.get(..MAX_UNREAD).unwrap_or(head);
        shown.push_str(&mask(&String::from_utf8_lossy(head)));
        for part in &parts.all {
            let text = match part.kind {
                Kind::Other => format!("[{} bytes]\n", part.text.len()),
                _ => mask(up_to(&part.text, MAX_SHOWN)),
            };
            shown.extend(["\n--- ", &mask_words(up_to(&part.media_type, 100)), "\n", &text]);
            if shown.len() > MAX_SHOWN {
                break;
            }
        }
    } else {
        let begin = message.get(..MAX_UNREAD).unwrap_or(message);
        shown.push_str(&mask(&String::from_utf8_lossy(begin)));
    }
    // PostgreSQL stores no NUL, and terminals obey others; a part's type may hold them.
    shown.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    let end = shown.floor_char_boundary(MAX_SHOWN);
    shown.truncate(end);
    shown
}

/// Masks a text, line by line.
fn mask(text: &str) -> String {
    let joined = without_soft_breaks(text);
    joined.lines().map(|line| mask_words(line) + "\n").collect()
}

/// Masks the links and the tokens in a line; blanks stay one each.
pub(super) fn mask_words(line: &str) -> String {
    line.split_whitespace().map(mask_word).collect::<Vec<_>>().join(" ")
}

/// Removes control characters, and the line breaks that quoted-printable adds (RFC 2045 §6.7).
fn without_soft_breaks(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim_end();
        let (content, ending) = match line.strip_suffix('=') {
            Some(content) => (content, ""),
            None => (line, "\n"),
        };
        joined.extend(content.chars().filter(|c| !c.is_control() || *c == '\t'));
        joined.push_str(ending);
    }
    joined
}

fn mask_word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if ["://", "www.", "token", "%2f%2f", ":=2f", "=3a//"].iter().any(|part| lower.contains(part)) {
        return MASK.to_owned();
    }
    let mut masked = String::with_capacity(word.len());
    let mut rest = word;
    let mut follows_letter = false;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_of_run(c)).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        let names_letter = letter_of(run).is_some();
        // The tag of a return address follows the letter's id and a dot.
        let is_tag = follows_letter && behind.starts_with('@');
        if (run.len() >= LONGEST_RUN && !names_letter) || (is_tag && !run.is_empty()) {
            masked.push_str(MASK);
        } else {
            masked.push_str(run);
        }
        let mut others = behind.chars();
        let between = others.next();
        masked.extend(between);
        follows_letter = names_letter && between == Some('.');
        rest = others.as_str();
    }
    masked
}

/// Characters of base64, in both alphabets (RFC 4648), and of hexadecimal digits.
fn is_of_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-' | '=')
}

/// The letter whose id a run ends with, after what may stand before it in an address.
fn letter_of(run: &str) -> Option<LetterId> {
    let (before, id) = run.rsplit_once('+').unwrap_or(("", run));
    id.parse().ok().filter(|_| before.len() < LONGEST_RUN)
}
