//! Phrases with which mail servers and providers say whom a refusal concerns, taken from real replies. Why
//! they refuse a letter is said by the phrases of [`refusal_phrases`](crate::domain::refusal_phrases).
//!
//! Phrases are in lower case, without apostrophes, with one blank between words: the form that
//! [`super::words::clean`] produces.

mod certain;
mod likely;
mod recipient;

use self::{certain::CERTAIN, likely::LIKELY};
use crate::domain::mail_fault::MailFault::{self, Authentication, Client, Policy, Quota, Sender};

/// Who may write to whom is the recipient's decision.
const RECIPIENT_PHRASES: [&str; 5] =
    ["to send to", "to send mail to", "to send email to", "to send messages to", "to send a message to"];

/// Phrases about the letter, which therefore state no policy against us.
const CONTENT: [&str; 12] = [
    "content",
    "spam",
    "virus",
    "malware",
    "attachment",
    "attachments",
    "size",
    "too large",
    "too big",
    "malformed",
    "organization",
    "organisation",
];

/// Faults that are certainly on our side.
pub(super) fn certain(words: &str) -> Option<MailFault> {
    let required =
        words.contains(" authenticat") && (words.contains(" require") || words.contains(" required "));
    find(CERTAIN, words).or_else(|| required.then_some(Authentication))
}

/// Faults that are on our side unless the reply names the recipient.
pub(super) fn likely(words: &str) -> Option<MailFault> {
    let words = RECIPIENT_PHRASES
        .iter()
        .fold(words.to_owned(), |words, phrase| words.replace(&format!(" {phrase} "), " "));
    find(LIKELY, &words).or_else(|| relaying(&words))
}

/// Whether relaying is refused, in any wording: "relaying disallowed as".
fn relaying(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let refused =
        any(&[
            "disallowed",
            "denied",
            "refused",
            "rejected",
            "forbidden",
            "prohibited",
            "blocked",
            "disabled",
        ]) || any(&["not allowed", "not permitted", "not authorized", "not authorised", "unauthorized"]);
    (any(&["relaying", "to relay", "a relay", "as relay", "relay mail"]) && refused && !any(&CONTENT))
        .then_some(Authentication)
}

/// Phrases about a paid plan: that is the sender's account, not the recipient's.
const PAID: [&str; 16] = [
    "plan",
    "subscription",
    "invoice",
    "payment",
    "credit",
    "credits",
    "billing",
    "upgrade",
    "unpaid",
    "overdue",
    "balance",
    "prepaid",
    "out of funds",
    "insufficient funds",
    "license",
    "licence",
];

/// An account that may send only to its owner's own addresses.
const ON_TRIAL: [&str; 4] = ["trial", "trial account", "test account", "test mode"];

/// Phrases that count letters, and so concern the sender.
const COUNTED: [&str; 12] = [
    "message count",
    "too many recipients",
    "too many messages",
    "too many emails",
    "too many mails",
    "this hour",
    "per hour",
    "per day",
    "per minute",
    "throttled",
    "recipients per",
    "messages per",
];

/// Phrases about a person with a mailbox, and its content.
const PERSON: [&str; 11] = [
    "mailbox",
    "user",
    "users",
    "inbox",
    "storage",
    "disk",
    "this recipient",
    "the recipient",
    "recipients account",
    "recipients subscription",
    "recipients plan",
];

/// Whether our account has exceeded what it may send, or what was paid for. Checked before the phrases about
/// the recipient, since "over quota" and "recipient not verified" occur in such replies, too.
pub(super) fn of_our_account(words: &str, is_of_security: bool) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let content = any(&CONTENT) || any(&["phishing", "scam", "fraud"]);
    let ours =
        !any(&PERSON) && (any(&COUNTED) || any(&PAID) || is_of_security && any(&["quota", "limit exceeded"]));
    (!content && (any(&ON_TRIAL) || ours)).then_some(Quota)
}

/// Whether the recipient is mentioned.
pub(super) fn of_recipient(words: &str) -> bool {
    recipient::of_recipient().any(|phrase| has(words, phrase))
}

/// The fault of a reply whose code concerns the recipient. The first statement counts: "User unknown (sender
/// verify …)" concerns the recipient, "Sender address rejected: User unknown" does not.
pub(super) fn certain_before_recipient(words: &str) -> Option<MailFault> {
    let first = |phrases: &mut dyn Iterator<Item = &'static str>| {
        phrases.filter_map(|phrase| position(words, phrase)).min()
    };
    let ours = first(&mut CERTAIN.iter().flat_map(|(_, phrases)| phrases.iter().copied()));
    let theirs = first(&mut recipient::of_recipient());
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if theirs < ours => None,
        _ => certain(words),
    }
}

/// Removes successful checks, which a refusal may mention.
pub(super) fn without_successes(words: String) -> String {
    let checks = [
        "spf",
        "dkim",
        "dmarc",
        "arc",
        "sender verify",
        "sender verification",
        "sender callout",
        "client host",
    ];
    let passed = ["pass", "passed", "ok", "was ok", "is ok", "succeeded", "success", "accepted"];
    let pairs =
        checks.iter().flat_map(|check| passed.iter().map(move |passed| format!(" {check} {passed} ")));
    pairs.fold(words, |words, pair| words.replace(&pair, " "))
}

/// Removes the words that RFC 5321 §4.2.2 gives to code 550 itself, for any reason; and whether they were
/// there.
pub(super) fn without_the_codes_own(words: &str) -> (String, bool) {
    let kept = [
        " requested action not taken mailbox unavailable ",
        " requested mail action not taken mailbox unavailable ",
    ]
    .iter()
    .fold(words.to_owned(), |words, own| words.replace(own, " "));
    let had = kept != words;
    (kept, had)
}

/// Whether a text is about many recipients, or about the host, the header or the account that sends.
pub(super) fn mentions_sending(words: &str) -> bool {
    let sending = [
        "too many",
        "ptr",
        "return path",
        "return-path",
        "helo",
        "ehlo",
        "callback",
        "message id",
        "message-id",
        "header",
        "smtp account",
    ];
    sending.iter().any(|phrase| has(words, phrase))
}

/// Whether a text is about one person or mailbox, and not about many or the sender.
pub(super) fn mentions_one_person(words: &str) -> bool {
    let person = ["user", "mailbox", "recipient", "account", "address", "inbox"];
    let others = ["users", "recipients", "sender", "senders", "host"];
    let has_any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    has_any(&person) && !has_any(&others) && !mentions_sending(words)
}

/// Removes the same words from a plain text, unless nothing else is said.
pub(super) fn without_the_codes_own_beside_others(text: &str) -> String {
    let own = [
        "requested action not taken: mailbox unavailable",
        "requested mail action not taken: mailbox unavailable",
    ];
    let rest = own.iter().fold(text.to_owned(), |rest, own| rest.replace(own, " "));
    let beside = rest.replace("permanent error", " ").replace("transient error", " ");
    let says_more =
        beside.split_whitespace().any(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1);
    if says_more { rest } else { text.to_owned() }
}

/// The fault of a refusal that mentions neither the recipient nor the letter's content.
pub(super) fn policy(words: &str) -> Option<MailFault> {
    // "No spam, please" is a general greeting.
    let words = &words.replace(" no spam ", " ");
    let about_content = CONTENT.iter().any(|phrase| has(words, phrase));
    let policy = [
        "policy",
        "policies",
        "administrative prohibition",
        "administratively prohibited",
        "administratively denied",
    ];
    if about_content {
        return None;
    }
    if policy.iter().any(|phrase| has(words, phrase)) {
        return Some(Policy);
    }
    has(words, "access denied").then_some(Client)
}

/// The fault, from a subject and what happened to it, where no known phrase matches. A text that mentions a
/// person or the letter's content gives none.
pub(super) fn by_sense(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let of_others =
        ["recipient", "recipients", "mailbox", "user", "this address", "that address", "group", "list"];
    if any(&of_others) || any(&CONTENT) || !any(&REFUSED) {
        return None;
    }
    let of_sending = [
        "sender",
        "senders",
        "sending",
        "outgoing",
        "outbound",
        "mail from",
        "mailfrom",
        "return path",
        "return-path",
        "reverse path",
        "reverse-path",
        "envelope from",
    ];
    let of_machine = [
        "client",
        "ip",
        "your host",
        "your server",
        "your network",
        "your country",
        "to connect",
        "host network",
        "your access",
    ];
    match (any(&of_sending), any(&of_machine)) {
        (true, _) | (_, true) if any(&["quota", "limit", "exceeded", "too much", "too many"]) => Some(Quota),
        (_, true) => Some(Client),
        (true, false) => Some(Sender),
        (false, false) => None,
    }
}

const REFUSED: [&str; 34] = [
    "unresolvable",
    "not resolve",
    "forged",
    "fake",
    "disallowed",
    "rejected",
    "refused",
    "denied",
    "blocked",
    "banned",
    "forbidden",
    "prohibited",
    "unknown",
    "invalid",
    "suspended",
    "disabled",
    "exceeded",
    "limit",
    "quota",
    "permissions",
    "too much",
    "too many",
    "not allowed",
    "not authorized",
    "not authorised",
    "not permitted",
    "not verified",
    "not been verified",
    "not accepted",
    "not valid",
    "not been authorized",
    "not exist",
    "not found",
    "unauthorized",
];

/// Whether an unusable account is mentioned; it is ours where the code or the step says so.
pub(super) fn of_account(words: &str) -> bool {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    has(words, "account")
        && any(&[
            "suspended",
            "disabled",
            "locked",
            "deactivated",
            "blocked",
            "inactive",
            "not active",
            "under review",
            "on hold",
        ])
}

/// Whether the text addresses the owner of an account.
pub(super) fn addresses_account_owner(words: &str) -> bool {
    let mine = [
        "your mail account",
        "your email account",
        "your e-mail account",
        "your smtp account",
        "your user account",
    ];
    mine.iter()
        .chain(&["your provider", "your isp", "your hosting provider"])
        .any(|phrase| has(words, phrase))
}

/// Whether it is greylisting: a retry will be accepted.
pub(super) fn of_greylisting(words: &str) -> bool {
    words.contains(" greylist") || words.contains(" graylist") || words.contains(" grey-list")
}

/// Whether this word alone would classify a reply.
pub(super) fn is_decisive(word: &str) -> bool {
    let alone = ["policy", "policies"];
    CERTAIN.iter().chain(LIKELY).any(|(_, phrases)| phrases.contains(&word))
        || [&alone[..], &PAID, &ON_TRIAL, &COUNTED].iter().any(|phrases| phrases.contains(&word))
}

fn find(table: &[(MailFault, &[&str])], words: &str) -> Option<MailFault> {
    table.iter().find(|(_, phrases)| phrases.iter().any(|phrase| has(words, phrase))).map(|(fault, _)| *fault)
}

fn has(words: &str, phrase: &str) -> bool {
    position(words, phrase).is_some()
}

fn position(words: &str, phrase: &str) -> Option<usize> {
    let whole = |at: &usize| words[..*at].ends_with(' ') && words[at + phrase.len()..].starts_with(' ');
    words.match_indices(phrase).map(|(at, _)| at).find(whole)
}
