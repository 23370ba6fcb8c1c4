//! Returned mail: what another mail server, an autoresponder or a mail service sends back about one of our
//! letters.
//!
//! The messages are read by `mail::returned_mail`. What is here is what the reading gives, the trait by which
//! services call the reader, and how a report becomes a delivery event.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::{
    bounce_address::BounceAddress,
    delivery_reports::{DeliveryEvent, DeliveryStatus, Provider},
    email::Email,
    enhanced_status::{Blame, StatusCode},
    ids::LetterId,
    mail_fault::MailFault,
};

/// Where delivery events from returned mail come from, as if it were a provider.
pub const RETURNED_MAIL: Provider = Provider { name: "dsn", title: "Returned mail" };

closed_set! {
    /// What a message is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Verdict {
        /// The letter was given up.
        Failed = "failed",
        /// The letter is still on its way; a server tries again.
        Delayed = "delayed",
        /// The recipient's server has put the letter into the mailbox.
        Delivered = "delivered",
        /// The letter was passed to a server that reports no more, or to several addresses.
        Noted = "noted",
        /// The recipient called the letter spam (RFC 5965).
        Complained = "complained",
        /// An automatic reply: a vacation note, a receipt.
        AutomaticReply = "automatic_reply",
        /// None of these: spam, or what a person wrote.
        Other = "other",
        /// Words alone report on a letter that the message does not have: anyone can write them. It changes
        /// nothing.
        Unproven = "unproven",
        /// A return address that this service did not make, several letters at once, or another letter than
        /// the one that the message has. It changes nothing.
        Forged = "forged",
        /// It is larger, deeper or has more parts than is read.
        Unreadable = "unreadable",
    }
}

impl Verdict {
    /// The status that a letter gets by it. `None` where it changes nothing.
    #[must_use]
    pub fn status(self) -> Option<DeliveryStatus> {
        match self {
            Self::Failed => Some(DeliveryStatus::Bounced),
            Self::Delayed => Some(DeliveryStatus::Deferred),
            Self::Delivered => Some(DeliveryStatus::Delivered),
            Self::Complained => Some(DeliveryStatus::Complained),
            Self::Noted
            | Self::AutomaticReply
            | Self::Other
            | Self::Unproven
            | Self::Forged
            | Self::Unreadable => None,
        }
    }
}

closed_set! {
    /// What named the letter.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum FoundBy {
        /// The address that the message came to.
        Verp = "verp",
        /// The envelope id in the report (RFC 3461 §4.4).
        Envid = "envid",
        /// The letter's `Message-ID`, in the returned letter or in `References`.
        MessageId = "message_id",
    }
}

/// Checks a return address.
pub type VerpChecker = dyn Fn(&str) -> BounceAddress + Send + Sync;

/// What a message says about a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedMail {
    /// Identifies the message: its SHA-256 digest in hexadecimal digits.
    pub id: String,
    /// The letter. `None` where no letter is named, and for what is forged.
    pub letter: Option<LetterId>,
    /// What named it.
    pub found_by: Option<FoundBy>,
    /// What the message is.
    pub verdict: Verdict,
    /// Whether it has no report that programs can read, so that words alone were judged.
    pub by_words: bool,
    /// The enhanced status code, from the report or from its words.
    pub status: Option<StatusCode>,
    /// Whose fault it is, where that is known.
    pub blame: Option<Blame>,
    /// What is at fault where it is not the address.
    pub fault: Option<MailFault>,
    /// Whether it says that the mailbox does not exist, for good.
    pub no_such_mailbox: bool,
    /// The address that the report is about, as it gives it: another one than the letter's recipient where
    /// the letter was forwarded. `None` where there is no such report.
    pub final_recipient: Option<String>,
    /// Why, in one short line without an address or a link.
    pub reason: Option<String>,
    /// When the reporting server received the letter.
    pub arrived_at: Option<DateTime<Utc>>,
    /// When it happened: the last attempt, or the date of the message; never after the reading.
    pub at: DateTime<Utc>,
    /// The server that reports.
    pub reporting_mta: Option<String>,
}

closed_set! {
    /// Why a message could not be read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum UnreadReason {
        /// It reports on a letter that it does not name, or in words alone on one that it does not have.
        NoLetter = "no_letter",
        /// It is no report: spam, or what a person wrote.
        NoReport = "no_report",
        /// It is too large or too deep, or has too many parts.
        Malformed = "malformed",
    }
}

impl UnreadReason {
    /// For people.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NoLetter => "it names no letter, or reports in words alone on one that it does not have",
            Self::NoReport => "it is no report",
            Self::Malformed => "it is too large or too deep, or has too many parts",
        }
    }
}

impl ReturnedMail {
    /// A message of which nothing but this is known.
    #[must_use]
    pub fn new(id: String, verdict: Verdict, now: DateTime<Utc>) -> Self {
        Self {
            id,
            letter: None,
            found_by: None,
            verdict,
            by_words: false,
            status: None,
            blame: None,
            fault: None,
            no_such_mailbox: false,
            final_recipient: None,
            reason: None,
            arrived_at: None,
            at: now,
            reporting_mta: None,
        }
    }

    /// Why it could not be read, if so: it is kept then, so that staff can look at it.
    #[must_use]
    pub fn unread(&self) -> Option<UnreadReason> {
        match self.verdict {
            Verdict::Unreadable => Some(UnreadReason::Malformed),
            Verdict::Other => Some(UnreadReason::NoReport),
            Verdict::Unproven => Some(UnreadReason::NoLetter),
            Verdict::AutomaticReply | Verdict::Forged => None,
            Verdict::Failed
            | Verdict::Delayed
            | Verdict::Delivered
            | Verdict::Noted
            | Verdict::Complained => self.letter.is_none().then_some(UnreadReason::NoLetter),
        }
    }

    /// The delivery event for a letter that was sent to `recipient`, where that is known. A report about
    /// another address, to which the recipient's forwards, does not say that the recipient's is wrong.
    #[must_use]
    pub fn event_for(&self, recipient: Option<&Email>) -> DeliveryEvent {
        let is_about = |recipient: &Email| {
            let address = self.final_recipient.as_deref().map(Email::parse);
            address.is_none_or(|address| address.is_ok_and(|address| address.key() == recipient.key()))
        };
        let mut event = self.event();
        match recipient.map(is_about) {
            Some(true) => {}
            None => event.no_such_mailbox = false,
            Some(false) => {
                event.no_such_mailbox = false;
                event.status_code = None;
                let is_bounce = event.status == Some(DeliveryStatus::Bounced);
                event.fault = event.fault.or(is_bounce.then_some(MailFault::Mailbox));
            }
        }
        event
    }

    /// The delivery event that it amounts to. Its status is `None` where nothing changes.
    #[must_use]
    pub fn event(&self) -> DeliveryEvent {
        let status = self.verdict.status();
        let is_bounce = status == Some(DeliveryStatus::Bounced);
        DeliveryEvent {
            event_id: self.id.clone(),
            letter: self.letter,
            message_ids: Vec::new(),
            at: self.at,
            status,
            fault: self.fault.filter(|_| is_bounce),
            may_be_reply: self.by_words,
            reason: self.reason.clone().filter(|_| status != Some(DeliveryStatus::Delivered)),
            no_such_mailbox: is_bounce && self.no_such_mailbox,
            status_code: self.status.filter(|code| is_bounce && code.class != 2 && !code.is_undefined()),
        }
    }
}

/// Reads returned mail. It holds what verifies the return addresses of letters.
pub trait ReturnedMailReader: Send + Sync {
    /// Reads a message, byte by byte as it was received.
    ///
    /// `recipient` is the address of the envelope, where it is known. Time and memory are bounded, whatever
    /// the message holds.
    fn read(&self, message: &[u8], recipient: Option<&str>, now: DateTime<Utc>) -> ReturnedMail;

    /// The message in a form that is safe to show to staff: decoded, without links and tokens, 64 KB at most.
    fn masked(&self, message: &[u8]) -> String;
}
