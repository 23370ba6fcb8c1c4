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

/// The cause by a report, or by the text alone.
pub(super) fn cause(recipient: Option<&Recipient>, text: &str) -> Cause {
    let reported = recipient.and_then(|recipient| recipient.status);
    let diagnostic = recipient.and_then(|recipient| recipient.diagnostic.as_deref());
    let quoted = quoted_reply(text);
    let said = diagnostic.map_or(quoted.as_str(), |said| said);
    let status = code(reported, said, text);
    let addresses: Vec<&str> =
        recipient.iter().flat_map(|recipient| &recipient.addresses).map(String::as_str).collect();
    let judged = status.and_then(judge);
    let coded = status.map_or_else(|| said.to_owned(), |status| format!("{status} {said}"));
    let about =
        Reply { text: &coded, sender: "", recipient: &addresses, recipient_accepted: false, content: &[] };
    let is_temporary = status.is_some_and(|status| status.class == 4);
    let (blame, fault) = match (about.about(), judged) {
        (About::Us(fault), _) => (Some(Blame::Us(fault)), Some(fault)),
        (_, Some(judged)) => (Some(judged.blame), judged.fault()),
        // What is given up after temporary failures says nothing of the address.
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

/// The code: as reported, unless that says nothing; else the one that the other server gave, or the one that
/// its words stand for.
fn code(reported: Option<StatusCode>, said: &str, text: &str) -> Option<StatusCode> {
    let is_said = |code: &StatusCode| !code.is_undefined();
    if let Some(code) = reported.filter(|code| is_said(code) && judge(*code).is_some()) {
        return Some(code);
    }
    let own = reported.filter(is_said);
    let quoted = StatusCode::first_in(said).filter(|code| is_said(code) && own.is_none());
    // A code that is given for any reason is replaced where the words are plain, unless it is one of policy.
    let vague = own.or(quoted);
    match vague {
        Some(code) if judge(code).is_some() || code.subject == 7 => Some(code),
        _ => code_of_words(said).or_else(|| code_of_words(text)).or(vague).or(reported),
    }
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
