//! A place in a trace, as `traceparent` of W3C Trace Context has it
//! (<https://www.w3.org/TR/trace-context/#traceparent-header>). It is for tracing alone: no rule depends on
//! it.

use std::fmt;

/// The length of version 00: the version, the ids of trace and span, and the flags, with hyphens between.
const LENGTH: usize = 55;
/// The longest text that is read, of a later version.
const MAX_LENGTH: usize = 128;
/// A version that must not be used.
const INVALID_VERSION: u128 = 0xff;
/// The flag by which a caller says that it records the trace.
const SAMPLED: u128 = 1;

/// A span, as the parent of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
    is_sampled: bool,
}

impl TraceParent {
    /// A span of a trace, and whether it is recorded. `None` where an id is zero, which names nothing.
    #[must_use]
    pub fn new(trace_id: u128, span_id: u64, is_sampled: bool) -> Option<Self> {
        (trace_id != 0 && span_id != 0).then_some(Self { trace_id, span_id, is_sampled })
    }

    /// Reads a header or a column. `None` is everything that has not exactly the form. Of later versions the
    /// part is read that version 00 has.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || !(LENGTH..=MAX_LENGTH).contains(&text.len()) {
            return None;
        }
        let (known, more) = text.split_at(LENGTH);
        let mut fields = known.split('-');
        let mut field = |digits| hexadecimal(fields.next()?, digits);
        let (version, trace_id, span_id, flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
        let is_whole = more.is_empty() || (version != 0 && more.starts_with('-'));
        if version == INVALID_VERSION || !is_whole {
            return None;
        }
        Self::new(trace_id, u64::try_from(span_id).ok()?, flags & SAMPLED == SAMPLED)
    }

    /// The id of the trace.
    #[must_use]
    pub fn trace_id(self) -> u128 {
        self.trace_id
    }

    /// The id of the span.
    #[must_use]
    pub fn span_id(self) -> u64 {
        self.span_id
    }

    /// Whether the trace is recorded.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.is_sampled
    }
}

/// A number of exactly so many digits, the letters among them in lower case.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_number = text.len() == digits && text.bytes().all(is_digit);
    if is_number { u128::from_str_radix(text, 16).ok() } else { None }
}

/// As a header and a column have it, in version 00.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.is_sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn what_is_written_is_read() {
        for (flags, is_sampled) in [("00", false), ("01", true)] {
            let text = format!("00-{TRACE}-{SPAN}-{flags}");
            let parent = TraceParent::parse(&text).unwrap();
            assert_eq!((parent.to_string(), parent.is_sampled()), (text, is_sampled));
            assert_eq!(format!("{:032x}", parent.trace_id()), TRACE);
            assert_eq!(format!("{:016x}", parent.span_id()), SPAN);
        }
    }

    #[test]
    fn later_versions_and_flags_are_read_as_far_as_they_are_known() {
        for text in [
            format!("01-{TRACE}-{SPAN}-01"),
            format!("cc-{TRACE}-{SPAN}-01-what-comes-later"),
            format!("00-{TRACE}-{SPAN}-ff"),
        ] {
            let parent = TraceParent::parse(&text).unwrap();
            assert_eq!(parent.to_string(), format!("00-{TRACE}-{SPAN}-01"), "{text}");
        }
    }

    #[test]
    fn every_other_form_is_none() {
        let (zeros, upper) = ("0".repeat(32), TRACE.to_uppercase());
        for text in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("00-{TRACE}-{SPAN}-01 "),
            format!(" 00-{TRACE}-{SPAN}-01"),
            format!("01-{TRACE}-{SPAN}-01more"),
            format!("01-{TRACE}-{SPAN}-01-{}", "a".repeat(MAX_LENGTH)),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{upper}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", TRACE.replace('4', "+")),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}{SPAN}--01"),
            format!("00-{TRACE}-{SPAN}-0\u{e9}"),
        ] {
            assert_eq!(TraceParent::parse(&text), None, "{text}");
        }
        assert_eq!(TraceParent::new(0, 1, true), None);
    }
}
