//! Reads returned mail: reports of other mail servers, complaints, automatic replies (`mail-parser` reads
//! MIME).
//!
//! A letter is named by the address that the message came to, by the envelope id, or by the `Message-ID` of
//! the returned letter. The report for programs (RFC 3464), in whatever container, says what became of it; or
//! words do, where a server sends no report. The returned letter itself is never read for words, of which
//! inviters choose some.

mod cause;
mod delivery_status;
mod feedback;
mod fields;
mod headers;
mod letter;
mod mask;
mod own_text;
mod parts;
mod phrases;
mod sender;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use self::{
    cause::{Cause, cause},
    delivery_status::{Action, Recipient, Report},
    letter::{Found, envelope_sender, find},
    own_text::own_text,
    parts::{Kind, Parts},
    phrases::Announced,
};
use crate::domain::{
    enhanced_status::StatusCode,
    ids::LetterId,
    refusal_cause::RefusalCause,
    returned_mail::{FoundBy, ReturnedMail, ReturnedMailReader, Verdict, VerpChecker},
    token::hex,
};

/// The largest message that is read at all, in bytes.
pub const MAX_MESSAGE: usize = 20 << 20;

/// Reads messages with `mail-parser`, and letters' return addresses with a function.
pub struct MimeReader {
    check: Box<VerpChecker>,
}

impl MimeReader {
    /// A reader that checks return addresses with this function.
    #[must_use]
    pub fn new(check: Box<VerpChecker>) -> Self {
        Self { check }
    }
}

/// `Debug` gets into logs, and the function holds a key.
impl fmt::Debug for MimeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MimeReader")
    }
}

impl ReturnedMailReader for MimeReader {
    fn read(&self, message: &[u8], recipient: Option<&str>, now: DateTime<Utc>) -> ReturnedMail {
        let id = hex(&Sha256::digest(message));
        let parts = if message.len() > MAX_MESSAGE { None } else { Parts::read(message).ok() };
        let Some(parts) = parts else { return ReturnedMail::new(id, Verdict::Unreadable, now) };
        let report = report(&parts);
        let sender = envelope_sender(&parts.headers, recipient, &*self.check).unwrap_or_default();
        let reading = classify(&parts, report.as_ref(), sender);
        let envelope_id = report.as_ref().and_then(|report| report.envelope_id.as_deref());
        let found = find(&parts, recipient, envelope_id, &*self.check);
        let (letter, found_by) = match found {
            // Words are easily written: they count for a letter that the message has.
            Found::Letter { letter, by: FoundBy::Verp, is_held: false }
                if reading.by_words && reading.verdict.status().is_some() =>
            {
                let (letter, found_by) = (Some(letter), Some(FoundBy::Verp));
                return ReturnedMail { letter, found_by, ..ReturnedMail::new(id, Verdict::Unproven, now) };
            }
            Found::Forged => return ReturnedMail::new(id, Verdict::Forged, now),
            Found::Letter { letter, by, .. } => (Some(letter), Some(by)),
            Found::None => (None, None),
        };
        let report = report.unwrap_or_default();
        reading.of_letter(id, (letter, found_by), report, (parts.headers.date, now))
    }

    fn masked(&self, message: &[u8]) -> String {
        mask::masked(message)
    }
}

/// A time that is neither in the future nor before 1970.
fn past(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    at.filter(|at| (DateTime::UNIX_EPOCH..=now).contains(at))
}

/// What a message is, and why.
struct Reading {
    verdict: Verdict,
    by_words: bool,
    cause: Cause,
}

impl Reading {
    fn plain(verdict: Verdict) -> Self {
        Self { verdict, by_words: false, cause: Cause::default() }
    }

    /// What is known of the letter. `date` is the message's own.
    fn of_letter(
        self,
        id: String,
        (letter, found_by): (Option<LetterId>, Option<FoundBy>),
        report: Report,
        (date, now): (Option<DateTime<Utc>>, DateTime<Utc>),
    ) -> ReturnedMail {
        let Recipient { last_attempt, final_address, .. } = report.recipient.unwrap_or_default();
        let at = past(last_attempt, now).or_else(|| past(date, now)).unwrap_or(now);
        let Cause { cause: RefusalCause { status, blame, fault, no_such_mailbox }, reason } = self.cause;
        ReturnedMail {
            id,
            letter,
            found_by,
            verdict: self.verdict,
            by_words: self.by_words,
            status,
            blame,
            fault,
            no_such_mailbox,
            final_recipient: final_address,
            reason,
            arrived_at: past(report.arrived_at, now),
            at,
            reporting_mta: report.reporting_mta,
        }
    }
}

/// The report, where a part is one. One in a returned message counts where there is no other: some servers
/// wrap the whole report.
fn report(parts: &Parts) -> Option<Report> {
    let of = |is_returned| {
        let statuses = parts
            .all
            .iter()
            .filter(move |part| part.kind == Kind::DeliveryStatus && part.is_returned == is_returned);
        statuses.map(|part| Report::parse(&part.text)).find(|report| report.recipient.is_some())
    };
    of(false).or_else(|| of(true))
}

/// `sender` is that of the letter's envelope; empty where it is unknown.
fn classify(parts: &Parts, report: Option<&Report>, sender: &str) -> Reading {
    if let Some(kind) = parts.own(Kind::FeedbackReport).next() {
        let is_complaint = feedback::is_complaint(&kind.text);
        return Reading::plain(if is_complaint { Verdict::Complained } else { Verdict::Other });
    }
    let recipient = report.and_then(|report| report.recipient.as_ref());
    if let Some(recipient) = recipient
        && let Some(action) = recipient.action()
    {
        let text = own_text(parts);
        let verdict = match action {
            Action::Failed => Verdict::Failed,
            Action::Delayed if has_expired(recipient, &text) => Verdict::Failed,
            Action::Delayed => Verdict::Delayed,
            Action::Delivered if is_relayed(&text) => return Reading::plain(Verdict::Noted),
            Action::Delivered => return Reading::plain(Verdict::Delivered),
            Action::Noted => return Reading::plain(Verdict::Noted),
        };
        return Reading {
            verdict,
            by_words: false,
            cause: cause(Some(recipient), &text, sender).of(verdict),
        };
    }
    by_words(parts, sender)
}

/// OpenSMTPD 6.8 calls a letter delayed that it gives up (findings/opensmtpd-gives-up-delayed.sh). Others
/// report delays with the same code, and do not say so.
fn has_expired(recipient: &Recipient, text: &str) -> bool {
    recipient.status == Some(StatusCode::new(4, 4, 7)) && text.contains("Envelope expired")
}

/// Exim 4.96 calls a letter delivered that it gave to a server without DSN, for which RFC 3461 §5.2.2 has
/// `relayed` (findings/exim-relayed-is-delivered.sh).
fn is_relayed(text: &str) -> bool {
    text.contains("(relayed to non-DSN-aware mailer)")
}

/// Without a report: by sender, subject and text.
fn by_words(parts: &Parts, sender: &str) -> Reading {
    let text = own_text(parts);
    let subject = phrases::plain(&parts.headers.subject);
    let is_system = sender::is_mail_system(&parts.headers)
        || parts.headers.is_delivery_report
        || (phrases::is_failure_subject(&subject) && !sender::quotes_subject(&parts.headers, &subject));
    // A mailbox's own server refuses letters by receipts, too.
    let is_reply = parts.own(Kind::Receipt).next().is_some()
        || sender::is_marked_as_reply(&parts.headers)
        || sender::is_note(&phrases::plain(&text));
    let verdict = match phrases::announced(&subject, &text) {
        // A vacation note may say that something is delayed or does not exist.
        _ if is_reply && !is_system => return Reading::plain(Verdict::AutomaticReply),
        // A person may say so, too.
        Announced::Failure if is_system || sender::has_empty_path(&parts.headers) => Verdict::Failed,
        Announced::Delay if is_system || sender::has_empty_path(&parts.headers) => Verdict::Delayed,
        _ if is_reply => return Reading::plain(Verdict::AutomaticReply),
        _ => return Reading::plain(Verdict::Other),
    };
    Reading { verdict, by_words: true, cause: cause(None, &text, sender).of(verdict) }
}
