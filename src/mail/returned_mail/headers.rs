//! The header of a message or of one of its parts.

use chrono::{DateTime, Utc};
use mail_parser::{HeaderName, HeaderValue, MessageParser, parsers::MessageStream};

/// The longest `Subject` and `Content-Type`, in bytes. Where encoded words do not end, or a parameter has
/// many pieces (RFC 2231 §3), the library takes quadratic time.
const MAX_DECODED: usize = 4 << 10;

/// The message has more, deeper or longer parts than is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// The header's fields, and what a part's decoding needs.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// Name in lower case, and value as it was received, in one line.
    fields: Vec<(String, String)>,
    /// The subject, decoded.
    pub subject: String,
    /// When the message was written.
    pub date: Option<DateTime<Utc>>,
    /// Type and subtype in lower case, as `text/plain`; empty where there is none.
    pub media_type: String,
    /// Whether it announces a report about delivery (RFC 6522), which may be missing.
    pub is_delivery_report: bool,
    /// What separates the parts.
    pub boundary: Option<String>,
    /// What the text is encoded in.
    pub charset: Option<String>,
}

impl Headers {
    /// Reads the bytes before the first blank line.
    ///
    /// # Errors
    /// [`TooMuch`] where the subject or the content's type is too long.
    pub fn parse(head: &[u8]) -> Result<Self, TooMuch> {
        // Every field as it is: what is decoded is measured first.
        let parser = MessageParser::new().header_date(HeaderName::Date).default_header_raw();
        let parsed = if head.is_empty() { None } else { parser.parse_headers(head) };
        let Some(message) = parsed else { return Ok(Self::default()) };
        let mut headers = Self::default();
        for header in message.headers() {
            let (start, end) = (to_index(header.offset_start()), to_index(header.offset_end()));
            let field = head.get(start..end).unwrap_or_default();
            match header.name {
                HeaderName::Subject | HeaderName::ContentType if field.len() > MAX_DECODED => {
                    return Err(TooMuch);
                }
                HeaderName::Subject => headers.set_subject(field),
                HeaderName::Date => headers.date = header.value().as_datetime().and_then(time),
                HeaderName::ContentType => headers.set_content_type(field),
                _ => {}
            }
            let value = String::from_utf8_lossy(field).split_whitespace().collect::<Vec<_>>().join(" ");
            headers.fields.push((header.name().to_ascii_lowercase(), value));
        }
        Ok(headers)
    }

    fn set_subject(&mut self, field: &[u8]) {
        if let HeaderValue::Text(subject) = MessageStream::new(field).parse_unstructured() {
            self.subject = subject.into_owned();
        } else {
            self.subject.clear();
        }
    }

    fn set_content_type(&mut self, field: &[u8]) {
        let HeaderValue::ContentType(content) = MessageStream::new(field).parse_content_type() else {
            return;
        };
        let subtype = content.subtype().unwrap_or_default();
        self.media_type = format!("{}/{subtype}", content.ctype()).to_ascii_lowercase();
        self.is_delivery_report =
            content.attribute("report-type").is_some_and(|kind| kind == "delivery-status");
        self.boundary = content.attribute("boundary").map(str::to_owned);
        self.charset = content.attribute("charset").map(str::to_owned);
    }

    /// The values of a field, by its name in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a field, in lower case; empty where there is none.
    pub fn lower(&self, name: &str) -> String {
        self.all(name).next().unwrap_or_default().to_lowercase()
    }

    /// Whether there is such a field.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// A time of RFC 5322, where it is one.
pub(super) fn time(parsed: &mail_parser::DateTime) -> Option<DateTime<Utc>> {
    parsed.is_valid().then(|| DateTime::from_timestamp(parsed.to_timestamp(), 0)).flatten()
}

fn to_index(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
