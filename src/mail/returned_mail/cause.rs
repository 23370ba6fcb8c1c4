//! Why a letter was not delivered: the code, whose fault it is, and a reason to show.

use super::{delivery_status::Recipient, mask::mask_words};
use crate::{
    domain::{
        enhanced_status::{Blame, StatusCode, code_of_words, judge},
        mail_fault::MailFault,
        relay_reply::{About, Reply},
        returned_mail::Verdict,
    },
    mail::providers::reason_line,
};

/// How many lines of a reply are quoted from a text.
const MAX_LINES: usize = 4;

/// Why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    pub status: Option<StatusCode>,
    pub blame: Option<Blame>,
    pub fault: Option<MailFault>,
    pub no_such_mailbox: bool,
    pub reason: Option<String>,
}

impl Cause {
    /// The cause of a delay is not final, whatever its words stand for.
    pub fn of(mut self, verdict: Verdict) -> Self {
        if verdict == Verdict::Delayed {
            self.status = self.status.map(|status| StatusCode { class: 4, ..status });
            self.no_such_mailbox = false;
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
    let about = |text: &str| {
        Reply { text, sender, recipient: &addresses, recipient_accepted: false, content: &[] }.about()
    };
    let given = given_code(reported, said);
    let by_words = if given.is_some_and(decides) { None } else { code_by_words(reported, replies, text) };
    // A server that could not verify our address quotes what it was answered: "No such user".
    let ours = by_words.map(|_| about(said)).filter(|about| matches!(about, About::Us(_)));
    let blames_recipient =
        |code: &StatusCode| judge(*code).is_some_and(|judged| About::from(judged.blame) == About::Recipient);
    let by_words = by_words.filter(|code| ours.is_none() || !blames_recipient(code));
    let status = by_words.or(given).or(reported);
    let is_temporary = status.is_some_and(|status| status.class == 4);
    // What is given up after temporary failures says nothing of the address, whatever the words stand for.
    let is_vague = by_words.is_some() && is_temporary;
    let judged = status.and_then(judge).filter(|judged| !(is_vague && judged.blame == Blame::Address));
    let coded = status.map_or_else(|| said.to_owned(), |status| format!("{status} {said}"));
    let (blame, fault) = match (ours.unwrap_or_else(|| about(&coded)), judged) {
        (About::Us(fault), _) => (Some(Blame::Us(fault)), Some(fault)),
        (_, Some(judged)) => (Some(judged.blame), judged.fault()),
        (About::Recipient, None) if is_temporary => (Some(Blame::Mailbox), Some(MailFault::Unavailable)),
        (About::Unknown, None) if is_temporary => (Some(Blame::Network), Some(MailFault::Unavailable)),
        (About::Recipient, None) => (Some(Blame::Address), None),
        // A policy against the letter, and no word of ours or of the recipient.
        (About::Unknown, None) => {
            (None, status.filter(|status| status.subject == 7).map(|_| MailFault::Blocked))
        }
    };
    let is_denied = judged.is_some_and(|judged| judged.denies_mailbox);
    Cause {
        status,
        blame,
        fault,
        no_such_mailbox: is_denied && blame == Some(Blame::Address),
        reason: reason_line(&mask_words(said)),
    }
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

/// Whether a code counts whatever the words say. One that is given for any reason does not, unless it is one
/// of policy.
fn decides(code: StatusCode) -> bool {
    judge(code).is_some() || code.subject == 7
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
