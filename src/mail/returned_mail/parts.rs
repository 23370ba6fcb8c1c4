//! Splits a message into its parts and decodes them, within limits.
//!
//! The parser reads headers, encodings and character sets. The parts are split here: it bounds neither their
//! number nor their depth, and looks for the end of each multipart up to the end of the message, which takes
//! quadratic time for hostile messages.

use std::borrow::Cow;

use mail_parser::decoders::{
    base64::base64_decode, charsets::map::charset_decoder, quoted_printable::quoted_printable_decode,
};
use memchr::memchr;

use super::headers::{Headers, TooMuch};

/// How much of a message is read, in bytes. Our letters have 10 KB, and what is said of them comes first.
pub(super) const MAX_READ: usize = 1 << 20;
/// The most parts, multiparts and returned messages included.
const MAX_PARTS: usize = 200;
/// How deep parts may be within each other.
const MAX_DEPTH: usize = 10;
/// The longest header of all parts together, in bytes.
const MAX_HEADER: usize = 64 << 10;

/// What a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Html,
    /// `message/delivery-status` (RFC 3464).
    DeliveryStatus,
    /// `message/feedback-report` (RFC 5965).
    FeedbackReport,
    /// `message/disposition-notification` (RFC 8098).
    Receipt,
    /// The header of a message within the message.
    Header,
    Other,
}

/// A part, decoded.
#[derive(Debug)]
pub(super) struct Part {
    pub kind: Kind,
    /// Type and subtype.
    pub media_type: String,
    /// Whether it belongs to a message within the message, as the returned letter does.
    pub is_returned: bool,
    /// The text; of other parts the bytes, as far as they are text.
    pub text: String,
}

/// A message's header, and its parts in their order.
#[derive(Debug)]
pub(super) struct Parts {
    pub headers: Headers,
    pub all: Vec<Part>,
    visited: usize,
    header_bytes: usize,
}

/// Where a part is.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    is_returned: bool,
    /// What a part without a type is (RFC 2046 §5.1.5).
    default: &'static str,
}

impl Parts {
    /// Reads a message.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub fn read(message: &[u8]) -> Result<Self, TooMuch> {
        let message = message.get(..MAX_READ).unwrap_or(message);
        let message = without_mbox_line(message.trim_ascii_start());
        let mut parts = Self { headers: Headers::default(), all: Vec::new(), visited: 0, header_bytes: 0 };
        let place = Place { depth: 0, is_returned: false, default: "text/plain" };
        parts.headers = parts.walk(message, place)?;
        Ok(parts)
    }

    /// The parts of this kind that are not in a returned message.
    pub fn own(&self, kind: Kind) -> impl Iterator<Item = &Part> {
        self.all.iter().filter(move |part| part.kind == kind && !part.is_returned)
    }

    /// Reads a part, and those within it. Returns its header.
    fn walk(&mut self, part: &[u8], place: Place) -> Result<Headers, TooMuch> {
        let (head, body) = split(part);
        self.visited += 1;
        self.header_bytes += head.len();
        if self.visited > MAX_PARTS || place.depth > MAX_DEPTH || self.header_bytes > MAX_HEADER {
            return Err(TooMuch);
        }
        let headers = Headers::parse(head)?;
        self.walk_body(&headers, body, place)?;
        Ok(headers)
    }

    fn walk_body(&mut self, headers: &Headers, body: &[u8], place: Place) -> Result<(), TooMuch> {
        let media_type =
            if headers.media_type.is_empty() { place.default.to_owned() } else { headers.media_type.clone() };
        let deeper = Place { depth: place.depth + 1, ..place };
        if media_type.starts_with("multipart/")
            && let Some(boundary) = headers.boundary.as_deref().filter(|boundary| !boundary.is_empty())
        {
            let default = if media_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
            let mut is_empty = true;
            for child in Children::new(body, boundary.as_bytes()) {
                is_empty = false;
                self.walk(child, Place { default, ..deeper })?;
            }
            if !is_empty {
                return Ok(());
            }
        }
        let bytes = decoded(body, &headers.lower("content-transfer-encoding"));
        if is_message(&media_type) {
            let (inner, _) = split(without_mbox_line(&bytes));
            self.push(Kind::Header, media_type, true, String::from_utf8_lossy(inner).into_owned());
            let inner = Place { is_returned: true, default: "text/plain", ..deeper };
            return self.walk(&bytes, inner).map(drop);
        }
        let kind = kind(&media_type);
        let is_returned = place.is_returned || kind == Kind::Header;
        self.push(kind, media_type, is_returned, text(&bytes, headers.charset.as_deref()));
        Ok(())
    }

    fn push(&mut self, kind: Kind, media_type: String, is_returned: bool, text: String) {
        self.all.push(Part { kind, media_type, is_returned, text });
    }
}

fn is_message(media_type: &str) -> bool {
    matches!(media_type, "message/rfc822" | "message/global" | "message/partial" | "message/news")
}

fn kind(media_type: &str) -> Kind {
    match media_type {
        "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers" => Kind::Header,
        "text/html" => Kind::Html,
        "message/delivery-status" | "message/global-delivery-status" => Kind::DeliveryStatus,
        "message/feedback-report" => Kind::FeedbackReport,
        "message/disposition-notification" | "message/global-disposition-notification" => Kind::Receipt,
        // A multipart without its parts is read as text, and so is a part whose type is not one.
        other if other.starts_with("text/") || other.starts_with("multipart/") || !other.contains('/') => {
            Kind::Text
        }
        _ => Kind::Other,
    }
}

/// Header and body: before and after the first blank line. A part without a header begins with a blank line,
/// or with a line that is no field.
pub(super) fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while let Some(line) = part.get(at..).filter(|rest| !rest.is_empty()) {
        let length = memchr(b'\n', line).map_or(line.len(), |end| end + 1);
        let content = line.get(..length).unwrap_or_default();
        if content.trim_ascii().is_empty() {
            return (part.get(..at).unwrap_or_default(), part.get(at + length..).unwrap_or_default());
        }
        if at == 0 && !is_field(content) {
            return (&[], part);
        }
        at += length;
    }
    (part, &[])
}

fn is_field(line: &[u8]) -> bool {
    memchr(b':', line)
        .and_then(|end| line.get(..end))
        .is_some_and(|name| !name.is_empty() && name.trim_ascii_end().iter().all(u8::is_ascii_graphic))
}

/// The line that separates messages in a file begins with `From ` (RFC 4155).
fn without_mbox_line(message: &[u8]) -> &[u8] {
    let is_separator = message.starts_with(b"From ") || message.starts_with(b">From ");
    let end = memchr(b'\n', message).filter(|_| is_separator);
    end.and_then(|end| message.get(end + 1..)).unwrap_or(message)
}

fn decoded<'a>(body: &'a [u8], encoding: &str) -> Cow<'a, [u8]> {
    let decoded = match encoding.trim() {
        "base64" => base64_decode(body),
        "quoted-printable" => quoted_printable_decode(body),
        _ => None,
    };
    decoded.map_or(Cow::Borrowed(body), Cow::Owned)
}

fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let decoder = charset.and_then(|charset| charset_decoder(charset.as_bytes()));
    match decoder {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The parts of a multipart (RFC 2046 §5.1.1). The last one ends at the closing line, or at the end of a
/// message that was cut off.
struct Children<'a> {
    rest: Option<&'a [u8]>,
    boundary: &'a [u8],
}

enum Line {
    Delimiter,
    Close,
}

impl<'a> Children<'a> {
    fn new(body: &'a [u8], boundary: &'a [u8]) -> Self {
        let mut children = Self { rest: Some(body), boundary };
        // What is before the first line is for programs without MIME.
        children.next_part();
        children
    }

    /// The bytes before the next delimiter. What follows it becomes the rest.
    fn next_part(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let mut at = 0;
        while let Some(line) = rest.get(at..).filter(|rest| !rest.is_empty()) {
            let length = memchr(b'\n', line).map_or(line.len(), |end| end + 1);
            if let Some(kind) = self.delimiter(line.get(..length).unwrap_or_default()) {
                let is_delimiter = matches!(kind, Line::Delimiter);
                self.rest = rest.get(at + length..).filter(|_| is_delimiter);
                return rest.get(..at);
            }
            at += length;
        }
        self.rest = None;
        Some(rest)
    }

    fn delimiter(&self, line: &[u8]) -> Option<Line> {
        let end = line.strip_prefix(b"--")?.strip_prefix(self.boundary)?.trim_ascii();
        match end {
            b"" => Some(Line::Delimiter),
            b"--" => Some(Line::Close),
            _ => None,
        }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_part()
    }
}
