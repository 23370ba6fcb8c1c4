//! Why a letter was not delivered: the code, whose fault it is, and a reason to show.

use super::{delivery_status::Recipient, mask::mask_words};
use crate::{
    domain::{
        enhanced_status::{StatusCode, code_of_words},
        refusal_cause::{RefusalCause, decides},
        relay_reply::Reply,
        returned_mail::Verdict,
    },
    mail::providers::reason_line,
};

/// How many lines of a reply are quoted from a text.
const MAX_LINES: usize = 4;

/// Why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    pub cause: RefusalCause,
    pub reason: Option<String>,
}

impl Cause {
    /// The cause of a delay is not final, whatever its words stand for.
    pub fn of(mut self, verdict: Verdict) -> Self {
        if verdict == Verdict::Delayed {
            self.cause.status = self.cause.status.map(|status| StatusCode { class: 4, ..status });
            self.cause.no_such_mailbox = false;
        }
        self
    }
}

/// The cause by a report, or by the text alone. `sender` is that of the letter's envelope; empty where it is
/// unknown.
pub(super) fn cause(recipient: Option<&Recipient>, text: &str, sender: &str) -> Cause {
    let reported = recipient.and_then(|recipient| recipient.status);
    let diagnostic = recipient.and_then(|recipient| recipient.diagnostic.as_deref()).map(in_one_line);
    let quoted = in_one_line(&quoted_reply(text));
    let said = diagnostic.as_deref().unwrap_or(&quoted);
    let replies = [said, &quoted];
    let addresses: Vec<&str> =
        recipient.iter().flat_map(|recipient| &recipient.addresses).map(String::as_str).collect();
    let given = given_code(reported, said);
    let words = if given.is_some_and(decides) { None } else { code_by_words(reported, replies, text) };
    let reply = Reply { text: said, sender, recipient: &addresses, recipient_accepted: false, content: &[] };
    let cause = RefusalCause::judge(&reply, given.or(reported), words);
    Cause { cause, reason: reason_line(&mask_words(said)) }
}

/// The code as reported, unless that says nothing; else the one that the other server gave.
fn given_code(reported: Option<StatusCode>, said: &str) -> Option<StatusCode> {
    let is_said = |code: &StatusCode| !code.is_undefined();
    let quoted = || {
        let code = StatusCode::first_in(said).filter(is_said)?;
        Some(if is_temporary(said) == Some(true) { StatusCode { class: 4, ..code } } else { code })
    };
    reported.filter(is_said).or_else(quoted)
}

/// The code that the words of a reply, or those of the text, stand for. It is temporary where the report or
/// the reply says so: "450 mailbox unavailable" is no word about the address (RFC 5321 §4.2.3).
fn code_by_words(reported: Option<StatusCode>, replies: [&str; 2], text: &str) -> Option<StatusCode> {
    let code = code_of_words(replies[0]).or_else(|| code_of_words(text))?;
    let is_temporary = reported.is_some_and(|code| code.class == 4)
        || replies.into_iter().find_map(is_temporary) == Some(true);
    Some(if is_temporary { StatusCode { class: 4, ..code } } else { code })
}

/// Whether the first basic code of a reply is that of a temporary failure.
fn is_temporary(reply: &str) -> Option<bool> {
    reply.split_whitespace().find(|word| is_basic_code(word)).map(|word| {
        let code = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        code.starts_with('4')
    })
}

/// A reply of several lines (RFC 5321 §4.2.1) with its basic code once, at the beginning: the code of each
/// line stands between words, and hides the enhanced code after it.
fn in_one_line(reply: &str) -> String {
    let mut known = None;
    let mut words = Vec::new();
    for word in reply.split_whitespace() {
        let (code, rest) = word.split_at_checked(3).unwrap_or((word, ""));
        let begins_line = is_basic_code(code) && (rest.is_empty() || rest.starts_with('-'));
        if !begins_line {
            words.push(word);
            continue;
        }
        if known.replace(code) != Some(code) {
            words.push(code);
        }
        words.extend(rest.strip_prefix('-').filter(|rest| !rest.is_empty()));
    }
    words.join(" ")
}

/// What another server said, as a text quotes it: from the basic code on, up to a blank line; else what
/// stands behind the address, or in the lines after it.
fn quoted_reply(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |line: &&str| line.split_whitespace().any(is_basic_code);
    let from = lines.iter().position(begins).or_else(|| {
        let starts = |line: &&str| line.split_whitespace().next().is_some_and(|word| word.contains('@'));
        let names = |line: &&str| line.contains('@') && !line.to_ascii_lowercase().starts_with("to:");
        let address = lines.iter().position(starts).or_else(|| lines.iter().position(names))?;
        let says_more = lines.get(address)?.split_once(": ").is_some_and(|(name, _)| name.contains('@'));
        let next =
            || (address + 1..lines.len()).find(|at| lines.get(*at).is_some_and(|line| !line.is_empty()));
        if says_more { Some(address) } else { next() }
    });
    let quoted = lines.iter().skip(from.unwrap_or(lines.len())).take_while(|line| !line.is_empty());
    quoted.take(MAX_LINES).copied().collect::<Vec<_>>().join(" ")
}

/// `550`, `550-5.1.1` and the like.
fn is_basic_code(word: &str) -> bool {
    let word = word.trim_start_matches(['<', '(', '"', '\'']);
    let (code, rest) = word.split_at_checked(3).unwrap_or((word, ""));
    matches!(code.as_bytes(), [b'4' | b'5', b'0'..=b'7', b'0'..=b'9'])
        && (rest.is_empty() || rest.starts_with(['-', ' ', ',']))
}
