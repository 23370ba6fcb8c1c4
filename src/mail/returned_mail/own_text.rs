//! What a server says itself in a message, without the letter that it returns.

use mail_parser::decoders::html::html_to_text;

use super::parts::{Kind, Part, Parts};

/// How much text is judged, in bytes. Servers say what happened at the beginning.
const MAX_TEXT: usize = 16 << 10;

/// What lines that announce the returned letter contain, where they begin with a rule of dashes or the like.
const ANNOUNCEMENTS: [&str; 11] = [
    "original message",
    "copy of",
    "message header",
    "headers",
    "message follows",
    "returned message",
    "unsent message",
    "message text",
    "text of",
    "begin message",
    "header",
];
/// Fields that a returned header has and that servers do not quote by themselves.
const FIELDS: [&str; 6] =
    ["received:", "return-path:", "message-id:", "dkim-signature:", "mime-version:", "content-type:"];

/// How servers quote the subject of the letter, whose words the inviter chose.
const SUBJECTS: [&str; 7] = ["subject:", "betreff:", "onderwerp:", "objet:", "sujet:", "asunto:", "oggetto:"];

/// The text of the message's own parts, without lines that quote the subject. HTML counts where there is no
/// plain text.
pub(super) fn own_text(parts: &Parts) -> String {
    let text = text(parts);
    let is_subject = |line: &&str| {
        let line = up_to(line.trim_start(), 20).to_ascii_lowercase();
        SUBJECTS.iter().any(|name| line.starts_with(name))
    };
    text.split_inclusive('\n').filter(|line| !is_subject(line)).collect()
}

fn text(parts: &Parts) -> String {
    let plain = join(parts.own(Kind::Text));
    if plain.trim().is_empty() {
        let html: Vec<String> =
            parts.own(Kind::Html).take(1).map(|part| html_to_text(head(&part.text))).collect();
        return without_letter(&html.concat()).to_owned();
    }
    plain
}

fn join<'a>(parts: impl Iterator<Item = &'a Part>) -> String {
    let mut text = String::new();
    for part in parts {
        let left = MAX_TEXT.saturating_sub(text.len());
        text.push_str(up_to(without_letter(&part.text), left));
        text.push('\n');
        if left == 0 {
            break;
        }
    }
    text
}

fn head(text: &str) -> &str {
    up_to(text, 4 * MAX_TEXT)
}

/// At most this many bytes, up to the end of a character.
pub(super) fn up_to(text: &str, length: usize) -> &str {
    text.get(..text.floor_char_boundary(length)).unwrap_or_default()
}

/// The text before the returned letter.
fn without_letter(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if at > MAX_TEXT || begins_letter(line) {
            return text.get(..at).unwrap_or_default();
        }
        at += line.len();
    }
    text
}

fn begins_letter(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '>' | '|'));
    let lower = up_to(line, 200).to_ascii_lowercase();
    let is_rule = ["--", "==", "__", "**", "##"].iter().any(|rule| lower.starts_with(rule));
    let announces = is_rule && ANNOUNCEMENTS.iter().any(|words| lower.contains(words));
    announces
        || lower.starts_with("below is a copy of")
        || lower.starts_with("message headers follow")
        || FIELDS.iter().any(|field| lower.starts_with(field))
}
