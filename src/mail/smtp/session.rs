//! The SMTP dialogue for one letter.
//!
//! A relay with PIPELINING (RFC 2920) gets sender, recipient and DATA in one write: two round trips a letter,
//! not four.

use std::{fmt, string::FromUtf8Error, time::Duration};

use lettre::{
    Address,
    address::Envelope,
    transport::smtp::{
        Error,
        client::AsyncSmtpConnection,
        commands::{Data, Mail, Rcpt},
        extension::{MailBodyParameter, MailParameter, RcptParameter},
        response::{Response, Severity},
    },
};
use tokio::time::timeout;

use super::{
    ehlo::Capabilities,
    fault::{SmtpFault, Stage},
    limits::Limits,
};
use crate::{domain::ids::LetterId, mail::message::TransferEncoding};

/// A reply, within a timeout.
async fn within(
    limit: Duration,
    reply: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, SmtpFault> {
    Ok(timeout(limit, reply).await.map_err(|_| SmtpFault::TimedOut)??)
}

/// Checks for a positive reply, or, after DATA, for the request for the content: any other positive reply
/// belongs to another command.
fn expect(severity: Severity, reply: Result<Response, SmtpFault>) -> Result<(), SmtpFault> {
    let code = reply?.code();
    if code.severity == severity { Ok(()) } else { Err(SmtpFault::UnexpectedReply(code)) }
}

fn done(reply: Result<Response, SmtpFault>) -> Result<(), SmtpFault> {
    expect(Severity::PositiveCompletion, reply)
}

fn go_on(reply: Result<Response, SmtpFault>) -> Result<(), SmtpFault> {
    expect(Severity::PositiveIntermediate, reply)
}

fn at(stage: Stage) -> impl FnOnce(SmtpFault) -> (Stage, SmtpFault) {
    move |fault| (stage, fault)
}

/// A connection that is ready for a letter.
pub(super) struct SmtpSession {
    pub(super) connection: AsyncSmtpConnection,
    pipelining: bool,
    eight_bit: bool,
    dsn: bool,
}

/// What the relay is asked to report, where it supports that (RFC 3461).
pub(super) struct Reports {
    /// The letter's id, which every report repeats.
    pub(super) letter: LetterId,
    /// Whether deliveries are reported, too.
    pub(super) success: bool,
}

impl Reports {
    /// Reports return the headers alone: the text has a live link.
    fn of_sender(&self) -> [MailParameter; 2] {
        [("RET", "HDRS".to_owned()), ("ENVID", self.letter.to_string())]
            .map(|(keyword, value)| MailParameter::Other { keyword: keyword.to_owned(), value: Some(value) })
    }

    fn of_recipient(&self, recipient: &Address) -> [RcptParameter; 2] {
        let notify = if self.success { "SUCCESS,FAILURE,DELAY" } else { "FAILURE,DELAY" };
        [("NOTIFY", notify.to_owned()), ("ORCPT", format!("rfc822;{recipient}"))]
            .map(|(keyword, value)| RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value) })
    }
}

impl SmtpSession {
    pub(super) fn new(connection: AsyncSmtpConnection, capabilities: &Capabilities) -> Self {
        Self {
            connection,
            pipelining: capabilities.has("PIPELINING"),
            eight_bit: capabilities.has("8BITMIME"),
            dsn: capabilities.has("DSN"),
        }
    }

    /// The transfer encoding that it allows.
    pub(super) fn wire(&self) -> TransferEncoding {
        if self.eight_bit { TransferEncoding::EightBit } else { TransferEncoding::Ascii }
    }

    /// Sends a letter as its source has it. After an error there may be outstanding replies, so the
    /// connection must not be used again.
    pub(super) async fn deliver(
        &mut self,
        envelope: &Envelope,
        source: Vec<u8>,
        reports: &Reports,
        limits: Limits,
    ) -> Result<(), (Stage, SmtpFault)> {
        let Limits { reply, end, .. } = limits;
        let content = String::from_utf8(source).map_err(FromUtf8Error::into_bytes);
        // RFC 6152 §3: only for a letter that needs it.
        let needs_eight_bits = self.eight_bit && !content.as_ref().is_ok_and(|text| text.is_ascii());
        let body = needs_eight_bits.then_some(MailParameter::Body(MailBodyParameter::EightBitMime));
        // Unannounced they are errors: Exim answers 501 to the first one.
        let reports = Some(reports).filter(|_| self.dsn);
        let of_sender = reports.map(Reports::of_sender).into_iter().flatten();
        let sender = Mail::new(envelope.from().cloned(), body.into_iter().chain(of_sender).collect());
        let of_recipient = |recipient| reports.map(|reports| reports.of_recipient(recipient));
        let recipients = envelope.to().iter().map(|recipient| {
            Rcpt::new(recipient.clone(), of_recipient(recipient).into_iter().flatten().collect())
        });
        self.begin(sender, recipients.collect(), reply).await?;
        let taken = match &content {
            Ok(text) => within(end, self.connection.command(Content(text))).await,
            Err(bytes) => within(end, self.connection.message(bytes)).await,
        };
        done(taken).map_err(at(Stage::Content))
    }

    /// Sends sender, recipients and DATA, and reads a reply to each within `limit`.
    async fn begin(
        &mut self,
        sender: Mail,
        recipients: Vec<Rcpt>,
        limit: Duration,
    ) -> Result<(), (Stage, SmtpFault)> {
        let connection = &mut self.connection;
        if self.pipelining {
            let commands: String = recipients.iter().map(ToString::to_string).collect();
            // Every reply is read, and the first refusal is reported, since it causes the later ones.
            done(within(limit, connection.command(format!("{sender}{commands}{Data}"))).await)
                .map_err(at(Stage::Sender))?;
            for _ in &recipients {
                done(within(limit, connection.read_response()).await).map_err(at(Stage::Recipient))?;
            }
            go_on(within(limit, connection.read_response()).await).map_err(at(Stage::Content))
        } else {
            done(within(limit, connection.command(sender)).await).map_err(at(Stage::Sender))?;
            for recipient in recipients {
                done(within(limit, connection.command(recipient)).await).map_err(at(Stage::Recipient))?;
            }
            go_on(within(limit, connection.command(Data)).await).map_err(at(Stage::Content))
        }
    }
}

/// The content for DATA (RFC 5321 §4.5.2: a dot that begins a line is doubled, a single one ends the
/// content), written at once.
///
/// lettre writes the end separately, which costs 40 ms for every letter (findings/lettre-two-writes.sh).
/// mail-send does, too, and adds an empty line. See findings/mail-send-letter-grows.sh.
pub(super) struct Content<'a>(pub(super) &'a str);

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.split_inclusive("\r\n") {
            f.write_str(if line.starts_with('.') { "." } else { "" })?;
            f.write_str(line)?;
        }
        f.write_str(if self.0.ends_with("\r\n") { ".\r\n" } else { "\r\n.\r\n" })
    }
}
