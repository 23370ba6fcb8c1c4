//! The words by which mail servers and providers say whom a refusal is about, as the real ones write them.
//!
//! Phrases stand in lower case, without apostrophes, with one blank between words: as [`super::words::clean`] leaves them.

use crate::domain::mail_fault::MailFault::{
    self, Authentication, Client, DomainAuthentication, Policy, Quota, Reputation, Sender,
};

/// What speaks of us whatever the code is.
const CERTAIN: &[(MailFault, &[&str])] = &[
    (
        DomainAuthentication,
        &["spf", "dkim", "dmarc", "sender policy framework", "authentication level", "mfrom", "mfrom identity"],
    ),
    (
        Reputation,
        &[
            "blocked using",
            "black listed using",
            "blacklisted using",
            "listed using",
            "blocked by spamhaus",
            "host is in an rbl",
            "is in a black list",
            "outboundspamexception",
            "wascl",
            "permanently deferred",
        ],
    ),
    (
        Sender,
        &[
            "sender address rejected",
            "sender address refused",
            "sender address denied",
            "sender address blocked",
            "sender address not allowed",
            "sender address is not allowed",
            "sender address does not",
            "sender address is not",
            "sender address must",
            "sender rejected",
            "sender denied",
            "sender refused",
            "sender not allowed",
            "sender is not allowed",
            "sender not authorized",
            "sender is not authorized",
            "sender not authorised",
            "sender is not authorised",
            "sender not permitted",
            "sender is not permitted",
            "sender not verified",
            "sender is not verified",
            "sender not valid",
            "sender is not valid",
            "sender invalid",
            "invalid sender",
            "sender unknown",
            "sender mismatch",
            "senders mailbox",
            "sending rights",
            "send rights",
            "sender must",
            "sender does not match",
            "sender doesnt match",
            "mail from must",
            "verify the sender",
            "unknown sender",
            "sender verify failed",
            "sender verify",
            "sender verification",
            "sender callout",
            "callback setup failed",
            "callout verification failed",
            "sender signature",
            "sender identity",
            "sender you used",
            "verified sender",
            "verified senders",
            "unverified sender",
            "unauthenticated sender",
            "unauthenticated senders",
            "unauthorized sender",
            "unauthorised sender",
            "sender domain",
            "senders domain",
            "domain of sender",
            "sender has no",
            "envelope sender",
            "bad outbound sender",
            "outbound sender",
            "not local sender",
            "from address",
            "from header",
            "from domain",
            "mail from address",
            "send as",
            "send on behalf",
            "sendasdenied",
            "sendasdeniedexception",
            "mapiexceptionsendasdenied",
            "send from",
            "send mail from",
            "send email from",
            "sending domain",
            "not owned by",
            "my badmailfrom list",
            "email address is not verified",
            "identities failed the check",
            "domain is not verified",
            "domain not verified",
            "domain is unverified",
            "is not allowed to send the domain",
            "verify a domain",
            "verify your domain",
            "from parameter",
            "reply-to parameter",
            "from field",
        ],
    ),
    (
        Authentication,
        &[
            "relay access denied",
            "relay denied",
            "relaying denied",
            "relaying is denied",
            "relay not permitted",
            "relaying not permitted",
            "relaying is not permitted",
            "relay not allowed",
            "relaying not allowed",
            "relaying is not allowed",
            "relay prohibited",
            "relaying prohibited",
            "relaying is prohibited",
            "relay forbidden",
            "relaying forbidden",
            "unable to relay",
            "cannot relay",
            "allowed to relay",
            "permitted to relay",
            "authorized to relay",
            "authorised to relay",
            "do not relay",
            "credentials for relay",
            "not authenticated",
            "must authenticate",
            "authentication required",
            "authentication is required",
            "requires authentication",
            "require authentication",
            "authentication failed",
            "authentication unsuccessful",
            "authentication failure",
            "allowed rcpthosts",
            "pop before smtp",
            "must issue a starttls",
            "must issue an auth",
            "encryption required",
            "invalid credentials",
            "bad credentials",
            "invalid login",
            "not authorized to perform",
        ],
    ),
    (
        Client,
        &[
            "client host rejected",
            "client host denied",
            "helo command rejected",
            "ehlo command rejected",
            "bad helo",
            "invalid helo",
        ],
    ),
    (
        Quota,
        &[
            "submissionquotaexceededexception",
            "sending limit",
            "sending limits",
            "sending quota",
            "daily message quota",
            "message quota exceeded",
            "email quota exceeded",
            "sending suspended",
            "sending paused",
            "sending is paused",
            "sending has been paused",
            "sending disabled",
            "ability to send",
            "outgoing blocked",
            "outgoing mail",
            "unusual sending activity",
            "max emails per hour",
            "max defers and failures",
            "emails per hour",
            "daily smtp relay limit",
            "maximum credits",
            "tenant has exceeded",
        ],
    ),
];

/// What speaks of the recipient, where no code says otherwise.
const RECIPIENT: &[&str] = &[
    "user unknown",
    "unknown user",
    "user not known",
    "unknown local user",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "no such person",
    "no such account",
    "no such address",
    "no such local user",
    "user not found",
    "recipient not found",
    "mailbox not found",
    "account not found",
    "mailbox unavailable",
    "mailbox is unavailable",
    "mailbox full",
    "mailbox is full",
    "mailbox quota",
    "mailbox over quota",
    "mailbox size",
    "mailbox disabled",
    "mailbox is disabled",
    "mailbox inactive",
    "mailbox is inactive",
    "mailbox does not",
    "mailbox doesnt",
    "mailbox unknown",
    "unknown mailbox",
    "invalid mailbox",
    "invalid recipient",
    "unknown recipient",
    "recipient unknown",
    "recipient rejected",
    "recipient refused",
    "recipient does not",
    "recipient doesnt",
    "recipient is not",
    "recipient not",
    "recipient has",
    "bad recipient",
    "my badrecipientto list",
    "this recipient",
    "does not exist",
    "doesnt exist",
    "doesnt have a",
    "no mailbox",
    "tried to reach",
    "unrouteable address",
    "unroutable address",
    "address unknown",
    "unknown address",
    "address rejected",
    "address blacklisted",
    "recipient domain",
    "account or domain may not exist",
    "not our customer",
    "marked as inactive",
    "inactive recipient",
    "inactive recipients",
    "rejected by this user",
    "by recipient",
    "by the recipient",
    "undeliverable address",
    "over quota",
    "quota exceeded for user",
    "no longer accepts",
    "is no longer valid",
    "has left",
    "mailbox owner",
];

/// What speaks of us, where neither code nor words speak of the recipient.
const LIKELY: &[(MailFault, &[&str])] = &[
    (
        DomainAuthentication,
        &[
            "authentication checks",
            "pass authentication",
            "unauthenticated email",
            "unauthenticated mail",
            "anti-spoofing",
            "antispoofing",
            "spoofed",
            "spoofing",
        ],
    ),
    (
        Reputation,
        &[
            "block list",
            "block lists",
            "blocklist",
            "blocklisted",
            "block-listed",
            "block listed",
            "block for spam",
            "spam ip",
            "uceprotect",
            "abusix",
            "invaluement",
            "psbl",
            "newly registered",
            "bounce attacks",
            "abuse complaints",
            "your network",
            "black list",
            "black listed",
            "blacklist",
            "blacklisted",
            "black-listed",
            "denylist",
            "denylisted",
            "dnsbl",
            "rbl",
            "bl list",
            "spamhaus",
            "spamhauss",
            "spamcop",
            "sorbs",
            "barracuda",
            "server is listed",
            "host is listed",
            "ip is listed",
            "domain is listed",
            "network is listed",
            "listed at",
            "listed in",
            "listed on",
            "listed by",
            "reputation",
            "senderscore",
            "sender score",
            "user complaints",
            "spam history",
            "complaint rate",
            "spam source",
            "open relay",
            "open proxy",
            "unusual rate",
            "spam abuse detected",
            "banned sending",
            "banned sender",
            "banned ip",
            "sender blocked",
            "sender is blocked",
            "blocked sender",
            "traffic not accepted",
            "ip blocked",
            "ip is blocked",
            "exploitable server",
        ],
    ),
    (
        Client,
        &[
            "helo",
            "ehlo",
            "client host",
            "client address",
            "ptr",
            "rdns",
            "fcrdns",
            "reverse dns",
            "reverse lookup",
            "reverse hostname",
            "your hostname",
            "your host",
            "your ip",
            "your server",
            "your mail server",
            "your isp",
            "your isps",
            "your postmaster",
            "not whitelisted",
            "not allowlisted",
            "allow list",
            "allowlist",
            "too many errors",
            "no smtp service",
            "your provider",
            "your providers",
            "ip name lookup",
            "sending ip",
            "connecting ip",
            "connecting host",
            "unauthorized ip",
            "unauthorised ip",
            "ip youre using",
            "ip sending",
            "ip not authorized",
            "ip is not authorized",
            "dynamic ip",
            "dynamic address",
            "dial-up",
            "email directly",
            "connections not accepted",
            "use this server",
            "connection rejected",
            "connections will not",
        ],
    ),
    (
        Quota,
        &[
            "send limit",
            "message limit",
            "messages limit",
            "message rate",
            "sending rate",
            "rate limit",
            "rate limits",
            "rate limited",
            "rate-limited",
            "ratelimit",
            "ratelimited",
            "daily quota",
            "hourly quota",
            "monthly quota",
            "frequency limited",
            "email allowance",
            "out of emails",
            "not activated",
            "under review",
            "recipients allowed",
            "restricted from sending",
            "you have reached your",
            "you have reached the",
            "youve reached your",
            "youve reached the",
            "you have exceeded",
            "youve exceeded",
            "you exceeded",
            "daily limit",
            "hourly limit",
            "monthly limit",
            "daily sending",
            "daily user sending",
            "hourly sending",
            "per hour",
            "per day",
            "per minute",
            "this hour",
            "too many messages",
            "too many emails",
            "too many mails",
            "credits",
            "credit limit",
            "your account",
            "account suspended for sending",
            "activate your",
            "not yet activated",
            "pending approval",
            "sandbox",
            "test purposes",
            "free accounts",
            "exceeded threshold",
            "over package quota",
            "message count",
            "throttled",
            "throttling",
        ],
    ),
    (
        Authentication,
        &[
            "smtp auth",
            "smtp user",
            "api key",
            "client certificate",
            "smarthost",
            "smart host",
            "not allowed to use",
            "not permitted to use",
            "not authorized to use",
            "not authorised to use",
            "starttls",
            "tls required",
            "must use tls",
            "requires tls",
            "authenticate",
            "unauthenticated",
            "log in",
            "login",
            "credentials",
        ],
    ),
    (
        Sender,
        &[
            "invalid dns",
            "the sender is",
            "the sender has",
            "this sender",
            "your domain",
            "not allowed to send",
            "not authorized to send",
            "not authorised to send",
            "not permitted to send",
            "permission to send",
            "permissions to send",
        ],
    ),
];

/// Who may write to whom is the recipient's to decide.
const TO_SOMEBODY: [&str; 5] =
    ["to send to", "to send mail to", "to send email to", "to send messages to", "to send a message to"];

/// What speaks of the letter, and so of no policy against us.
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

/// What is certainly about us.
pub(super) fn certain(words: &str) -> Option<MailFault> {
    let required = words.contains(" authenticat") && (words.contains(" require") || words.contains(" required "));
    find(CERTAIN, words).or_else(|| required.then_some(Authentication))
}

/// What is about us where nothing speaks of the recipient.
pub(super) fn likely(words: &str) -> Option<MailFault> {
    let words = TO_SOMEBODY.iter().fold(words.to_owned(), |words, phrase| words.replace(&format!(" {phrase} "), " "));
    find(LIKELY, &words).or_else(|| relaying(&words))
}

/// Whether relaying is refused, in whatever words: "relaying disallowed as".
fn relaying(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let refused = any(&["disallowed", "denied", "refused", "rejected", "forbidden", "prohibited", "blocked", "disabled"])
        || any(&["not allowed", "not permitted", "not authorized", "not authorised", "unauthorized"]);
    (any(&["relaying", "to relay", "a relay", "as relay", "relay mail"]) && refused && !any(&CONTENT)).then_some(Authentication)
}

/// What speaks of a plan that somebody pays for; nobody pays for a recipient whom they write to.
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

/// An account that may write to nobody but its owner's own addresses.
const ON_TRIAL: [&str; 4] = ["trial", "trial account", "test account", "test mode"];

/// What counts letters, and so speaks of whoever sends them.
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

/// A person who has a mailbox, and what is kept in it.
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

/// Whether our account is out of what it may send, or of what was paid for: asked before the recipient's words, since "over quota"
/// and "recipient not verified" stand in such replies too.
pub(super) fn of_our_account(words: &str, is_of_security: bool) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let content = any(&CONTENT) || any(&["phishing", "scam", "fraud"]);
    let ours = !any(&PERSON) && (any(&COUNTED) || any(&PAID) || is_of_security && any(&["quota", "limit exceeded"]));
    (!content && (any(&ON_TRIAL) || ours)).then_some(Quota)
}

/// Whether the recipient is spoken of.
pub(super) fn of_recipient(words: &str) -> bool {
    RECIPIENT.iter().any(|phrase| has(words, phrase))
}

/// Whom a reply is about whose code is of the recipient. The statement that stands first counts: "User unknown (sender verify …)" is
/// of the recipient, "Sender address rejected: User unknown" is not.
pub(super) fn certain_before_recipient(words: &str) -> Option<MailFault> {
    let first = |phrases: &mut dyn Iterator<Item = &&str>| phrases.filter_map(|phrase| position(words, phrase)).min();
    let ours = first(&mut CERTAIN.iter().flat_map(|(_, phrases)| phrases.iter()));
    let theirs = first(&mut RECIPIENT.iter());
    match (ours, theirs) {
        (Some(ours), Some(theirs)) if theirs < ours => None,
        _ => certain(words),
    }
}

/// Without what passed: it is told beside a refusal, and is none.
pub(super) fn without_successes(words: String) -> String {
    let checks = ["spf", "dkim", "dmarc", "arc", "sender verify", "sender verification", "sender callout", "client host"];
    let passed = ["pass", "passed", "ok", "was ok", "is ok", "succeeded", "success", "accepted"];
    let pairs = checks.iter().flat_map(|check| passed.iter().map(move |passed| format!(" {check} {passed} ")));
    pairs.fold(words, |words, pair| words.replace(&pair, " "))
}

/// Without the words that RFC 5321 §4.2.2 gives to code 550 itself, whatever the reason is; whether they were there.
pub(super) fn without_the_codes_own(words: &str) -> (String, bool) {
    let kept = [" requested action not taken mailbox unavailable ", " requested mail action not taken mailbox unavailable "]
        .iter()
        .fold(words.to_owned(), |words, own| words.replace(own, " "));
    let had = kept != words;
    (kept, had)
}

/// What refuses without a word of the recipient or of what the letter holds.
pub(super) fn policy(words: &str) -> Option<MailFault> {
    // "No spam, please" is said to everybody.
    let words = &words.replace(" no spam ", " ");
    let about_content = CONTENT.iter().any(|phrase| has(words, phrase));
    let policy = ["policy", "policies", "administrative prohibition", "administratively prohibited", "administratively denied"];
    if about_content {
        return None;
    }
    if policy.iter().any(|phrase| has(words, phrase)) {
        return Some(Policy);
    }
    has(words, "access denied").then_some(Client)
}

/// Who, and what happened to them: where no phrase is known, the two together say enough. What speaks of a person or of what the
/// letter holds is neither.
pub(super) fn by_sense(words: &str) -> Option<MailFault> {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| has(words, phrase));
    let of_others = ["recipient", "recipients", "mailbox", "user", "this address", "that address", "group", "list"];
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
    let of_machine =
        ["client", "ip", "your host", "your server", "your network", "your country", "to connect", "host network", "your access"];
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

/// Whether an account that cannot be used is spoken of; ours, where the code or the step says so.
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

/// Whether it speaks to the owner of an account.
pub(super) fn is_said_to_its_owner(words: &str) -> bool {
    let mine = ["your mail account", "your email account", "your e-mail account", "your smtp account", "your user account"];
    mine.iter().chain(&["your provider", "your isp", "your hosting provider"]).any(|phrase| has(words, phrase))
}

/// Whether somebody is made to wait who will be let in.
pub(super) fn of_greylisting(words: &str) -> bool {
    words.contains(" greylist") || words.contains(" graylist") || words.contains(" grey-list")
}

/// Whether one word alone would say whom a reply is about.
pub(super) fn is_telling(word: &str) -> bool {
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
