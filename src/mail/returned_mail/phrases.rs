//! What words alone announce, where a server sends no report for programs: a failure or a delay. Why a letter
//! was refused is said by the phrases of [`refusal_phrases`](crate::domain::refusal_phrases), which
//! announce a failure, too; what an automatic reply says stands in `sender.rs`.

use memchr::memmem;

use super::own_text::up_to;
use crate::domain::refusal_phrases::{Place, phrases_in};

/// How much of the text is searched, in bytes.
const MAX_TEXT: usize = 8 << 10;

/// What the words announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announced {
    Failure,
    Delay,
    Nothing,
}

/// The subject of a failure, in lower case.
const FAILURE_SUBJECTS: &[&str] = &[
    "undeliver",
    "non-deliver",
    "nondeliver",
    "not deliver",
    "failure notice",
    "failure delivery",
    "delivery fail",
    "delivery failure",
    "delivery has failed",
    "delivery error",
    "delivery problem",
    "delivery notification: failed",
    "delivery status notification (failure)",
    "failed mail",
    "failed delivery",
    "failed message",
    "mail failure",
    "mail error",
    "mail system error",
    "message error",
    "returned mail",
    "returned message",
    "return to sender",
    "returned to sender",
    "could not be delivered",
    "couldnt be delivered",
    "could not send message",
    "bounced",
    "bounce message",
    "rejected",
    "unzustellbar",
    "nicht zugestellt",
    "nicht zustellbar",
    "onbestelbaar",
    "niet bezorgd",
    "non remis",
    "non distribu",
    "echec de",
    "échec de",
    "no se puede entregar",
    "no entregado",
    "non recapitat",
    "mancato recapito",
    "nao entregue",
    "não entregue",
];

/// The subject of a delay.
const DELAY_SUBJECTS: &[&str] = &[
    "delayed",
    "(delay)",
    "delay ",
    "warning: could not send",
    "warning: message",
    "still being retried",
    "not yet delivered",
    "verzögert",
    "verzoegert",
    "vertraagd",
    "retardé",
];

/// The end of all attempts, whatever else is said of retries.
const FINAL: &[&str] = &[
    "given up",
    "giving up",
    "gave up",
    "permanent error",
    "permanent failure",
    "permanent fatal",
    "fatal error",
    "fatal failure",
    "permanently",
    "will not be retried",
    "will not try again",
    "no further attempt",
    "no further delivery",
    "been returned",
    "being returned",
    "was returned",
    "returned to sender",
];

/// The letter is still on its way.
const DELAY: &[&str] = &[
    "will continue to",
    "will continue for",
    "will continue trying",
    "will be continued",
    "will be retried",
    "will be tried again",
    "will keep trying",
    "will try again",
    "will retry",
    "still trying",
    "still being retried",
    "still attempting",
    "keep trying",
    "trying to deliver",
    "attempts to deliver the message will continue",
    "no action is required",
    "you do not need to resend",
    "do not need to resend",
    "dont need to resend",
    "need not resend",
    "not resend your message",
    "this is a warning message only",
    "this is only a warning",
    "not yet been delivered",
    "not been delivered yet",
    "has been delayed",
    "is delayed",
    "was delayed",
    "delivery is delayed",
    "temporarily delayed",
    "temporarily deferred",
    "noch nicht zugestellt",
    "weitere zustellversuche",
    "nog niet bezorgd",
    "nog niet afgeleverd",
    "sera retent",
];

/// The letter was not delivered.
const FAILURE: &[&str] = &[
    "could not be delivered",
    "couldnt be delivered",
    "cannot be delivered",
    "cant be delivered",
    "can not be delivered",
    "could not deliver",
    "couldnt deliver",
    "cannot deliver",
    "was not delivered",
    "were not delivered",
    "wasnt delivered",
    "not been delivered",
    "has not been delivered",
    "not deliver",
    "not delivered to",
    "unable to deliver",
    "unable to be delivered",
    "wasnt able to deliver",
    "was not able to deliver",
    "not able to deliver",
    "failed to deliver",
    "failed to be delivered",
    "delivery failed",
    "delivery has failed",
    "delivery failure",
    "delivery to the following recipient",
    "delivery to the following address",
    "delivery attempt failed",
    "undeliverable",
    "undelivered",
    "nondeliverable",
    "non-deliver",
    "could not be sent",
    "could not send",
    "could not be processed",
    "could not be reached",
    "did not reach",
    "had transient non-fatal",
    "had permanent fatal errors",
    "had delivery errors",
    "failed addresses",
    "failed recipient",
    "addresses failed",
    "address failed",
    "following recipients failed",
    "errors occurred",
    "error occurred",
    "bounced",
    "was aborted",
    "has been aborted",
    "unzustellbar",
    "nicht zugestellt werden",
    "konnte nicht zugestellt",
    "konnte nicht zustellen",
    "niet worden bezorgd",
    "niet worden afgeleverd",
    "kon niet worden",
    "na pas pu être",
    "na pu être",
    "pas pu etre",
    "no se pudo entregar",
    "no pudo ser entregado",
    "no ha podido ser entregado",
    "non è stato possibile",
    "non e stato possibile",
    "nao pode ser entregue",
    "não pôde ser entregue",
    "não foi entregue",
    "无法发送",
    "无法投递",
    "无法送达",
    "無法投遞",
    "配信できません",
    "не может быть доставлено",
    "не удалось доставить",
];

/// Reads subject and text.
pub(super) fn announced(subject: &str, text: &str) -> Announced {
    let (subject, text) = (plain(subject), plain(up_to(text, MAX_TEXT)).replace("non-fatal", ""));
    let is_final = any(&text, FINAL) || refuses(&text, Place::End);
    let is_failure = is_failure_subject(&subject);
    let announces_delay = any(&subject, DELAY_SUBJECTS) && !is_failure;
    if !is_final && (announces_delay || any(&text, DELAY)) {
        Announced::Delay
    } else if is_failure || is_final || any(&text, FAILURE) || refuses(&text, Place::Notice) {
        Announced::Failure
    } else {
        Announced::Nothing
    }
}

/// Whether a subject, in lower case, is that of a failure.
pub(super) fn is_failure_subject(subject: &str) -> bool {
    any(subject, FAILURE_SUBJECTS) || refuses(subject, Place::Subject)
}

/// In lower case, with one blank between words, without apostrophes and the marks of quoted lines.
pub(super) fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.trim_start_matches(['>', '|', '*']));
    let mut plain = String::with_capacity(text.len());
    for word in words.filter(|word| !word.is_empty()) {
        plain.extend(word.chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).flat_map(char::to_lowercase));
        plain.push(' ');
    }
    plain
}

/// Whether one of these phrases is in a text in the form of [`plain`].
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| has(text, phrase))
}

fn refuses(text: &str, place: Place) -> bool {
    phrases_in(place).any(|phrase| has(text, phrase))
}

fn has(text: &str, phrase: &str) -> bool {
    memmem::find(text.as_bytes(), phrase.as_bytes()).is_some()
}
