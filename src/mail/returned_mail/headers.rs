//! The header of a message or of one of its parts.

use chrono::{DateTime, Utc};
use mail_parser::{HeaderName, MessageParser};

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
    pub fn parse(head: &[u8]) -> Self {
        let parsed = if head.is_empty() { None } else { MessageParser::default().parse_headers(head) };
        let Some(message) = parsed else { return Self::default() };
        let mut headers = Self::default();
        for header in message.headers() {
            let (start, end) = (to_index(header.offset_start()), to_index(header.offset_end()));
            let raw = String::from_utf8_lossy(head.get(start..end).unwrap_or_default());
            let value = raw.split_whitespace().collect::<Vec<_>>().join(" ");
            match header.name {
                HeaderName::Subject => {
                    header.value().as_text().unwrap_or_default().clone_into(&mut headers.subject);
                }
                HeaderName::Date => headers.date = header.value().as_datetime().and_then(time),
                HeaderName::ContentType => {
                    if let Some(content) = header.value().as_content_type() {
                        let subtype = content.subtype().unwrap_or_default();
                        headers.media_type = format!("{}/{subtype}", content.ctype()).to_ascii_lowercase();
                        headers.is_delivery_report =
                            content.attribute("report-type").is_some_and(|kind| kind == "delivery-status");
                        headers.boundary = content.attribute("boundary").map(str::to_owned);
                        headers.charset = content.attribute("charset").map(str::to_owned);
                    }
                }
                _ => {}
            }
            headers.fields.push((header.name().to_ascii_lowercase(), value));
        }
        headers
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
