//! Builds the message of a letter: headers, both bodies, and their transfer encoding.

use std::{fmt::Write, sync::Arc};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};

use super::{
    Sender, dkim,
    template::{Rendered, Templates},
};
use crate::domain::{
    ids::LetterId,
    letter::{Letter, SendError},
};

/// RFC 3834 §5: an automatic message that is no reply, and should get no automatic reply.
pub(super) const AUTO_SUBMITTED: (&str, &str) = ("Auto-Submitted", "auto-generated");
/// Not standardised, but checked by many autoresponders that do not know `Auto-Submitted`.
pub(super) const PRECEDENCE: (&str, &str) = ("Precedence", "bulk");
/// Exchange's own header: no out-of-office notes, no other automatic replies.
pub(super) const SUPPRESS: (&str, &str) = ("X-Auto-Response-Suppress", "OOF, AutoReply");

/// The longest line of a message, RFC 5322 §2.1.1, without its line break.
const LONGEST_LINE: usize = 998;

/// The data that the transport can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferEncoding {
    /// ASCII only: a relay without 8BITMIME (RFC 6152).
    Ascii,
    /// Any bytes: a file, or a relay with 8BITMIME.
    EightBit,
}

/// Builds messages, from the sender's data and the templates.
#[derive(Debug)]
pub struct MessageBuilder {
    pub(super) sender: Sender,
    templates: Arc<Templates>,
}

impl MessageBuilder {
    pub(super) fn new(sender: Sender) -> Result<Self, String> {
        let templates = match &sender.templates {
            Some(templates) => Arc::clone(templates),
            None => Arc::new(Templates::built_in().map_err(|faults| faults.join("; "))?),
        };
        Ok(Self { sender, templates })
    }

    /// The texts of the letter.
    pub(super) fn write(&self, letter: &Letter) -> Result<Rendered, SendError> {
        // A template error is permanent: it would occur at every attempt.
        self.templates
            .render(letter, &self.sender.time_zone)
            .map_err(|error| SendError::permanent(error.to_string()))
    }

    /// The letter as a message to send.
    pub(super) fn message(&self, letter: &Letter, wire: TransferEncoding) -> Result<Message, SendError> {
        self.message_with(letter, wire, Vec::new())
    }

    /// The same with further headers.
    pub(super) fn message_with(
        &self,
        letter: &Letter,
        wire: TransferEncoding,
        headers: Vec<(&'static str, String)>,
    ) -> Result<Message, SendError> {
        let words = self.write(letter)?;
        // A relay may have to convert 8-bit bodies for the next one, which breaks a signature (RFC 6376
        // §5.3).
        let wire = if self.sender.signers.is_empty() { wire } else { TransferEncoding::Ascii };
        let (envelope, to) = self.envelope(letter)?;
        let mut builder = Message::builder()
            .envelope(envelope)
            .from(self.sender.from.clone())
            .to(Mailbox::new(None, to))
            .subject(words.subject)
            .date(letter.now.into())
            .message_id(Some(self.message_id(letter)))
            .raw_header(raw(AUTO_SUBMITTED))
            .raw_header(raw(PRECEDENCE))
            .raw_header(raw(SUPPRESS));
        for (name, value) in headers {
            builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        if let Some(reply_to) = &self.sender.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        builder
            .multipart(bodies(words.text, words.html, wire))
            .map_err(|error| SendError::permanent(format!("the message cannot be built: {error}")))
    }

    /// The envelope, and the recipient in it.
    fn envelope(&self, letter: &Letter) -> Result<(Envelope, Address), SendError> {
        let to: Address = letter
            .to
            .wire()
            .parse()
            .map_err(|_| SendError::permanent("the address is not valid in a message".to_owned()))?;
        let envelope = Envelope::new(Some(self.envelope_sender(letter)), vec![to.clone()])
            .map_err(|error| SendError::permanent(error.to_string()))?;
        Ok((envelope, to))
    }

    /// The sender in the envelope, where undeliverable letters are returned.
    pub(super) fn envelope_sender(&self, letter: &Letter) -> Address {
        let returned = self.sender.returned.as_ref().map(|address| address.of(letter.id));
        returned.unwrap_or_else(|| self.sender.from.email.clone())
    }

    /// The message as it is sent, with the signatures of `MAIL_DKIM`.
    pub(super) fn source(&self, message: &Message, letter: &Letter) -> Result<Vec<u8>, SendError> {
        // Another attempt is another computation.
        dkim::sign(&self.sender.signers, message.formatted(), letter.now)
            .map_err(|fault| SendError::temporary(fault.to_string()))
    }

    /// The same for every attempt of a letter, so that a mail program shows a duplicate once.
    pub(super) fn message_id(&self, letter: &Letter) -> String {
        format!("<{}>", self.message_id_of(letter.id))
    }

    /// The `Message-ID` of a letter, without its angle brackets.
    pub(super) fn message_id_of(&self, letter: LetterId) -> String {
        format!("{letter}@{}", self.sender.domain())
    }
}

fn bodies(text: String, html: String, wire: TransferEncoding) -> MultiPart {
    let html = if wire == TransferEncoding::Ascii { ascii_html(&html) } else { html };
    MultiPart::alternative().singlepart(part(ContentType::TEXT_PLAIN, text, wire)).singlepart(part(
        ContentType::TEXT_HTML,
        html,
        wire,
    ))
}

fn raw((name, value): (&'static str, &str)) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// HTML in which every non-ASCII character is a reference, so that it needs no encoding and its links stay
/// intact.
fn ascii_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    for c in html.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            // Writing into a `String` does not fail.
            let _ = write!(text, "&#{};", u32::from(c));
        }
    }
    text
}

/// A body without encoding where the transport allows it, so that a link can be copied from the source of a
/// message.
///
/// lettre would encode every body with a line of 76 characters or more, such as the line with the link:
/// quoted-printable would break it in two and write `=3D` for `=`. The standard allows 998, so this code
/// checks the lines itself.
fn part(content_type: ContentType, text: String, wire: TransferEncoding) -> SinglePart {
    let crlf = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let short = crlf.split("\r\n").all(|line| line.len() <= LONGEST_LINE);
    let plain = if crlf.is_ascii() {
        Some(ContentTransferEncoding::SevenBit)
    } else {
        (wire == TransferEncoding::EightBit).then_some(ContentTransferEncoding::EightBit)
    };
    let body = match plain.filter(|_| short) {
        Some(encoding) => Body::dangerous_pre_encoded(crlf.into_bytes(), encoding),
        None => Body::new(text),
    };
    SinglePart::builder().content_type(content_type).body(body)
}

#[cfg(test)]
mod tests;
