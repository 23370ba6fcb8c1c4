//! Limits every log line to a few kilobytes, whatever the source of its text: a caller's method, path or
//! header, a relay's reply, a dependency's message.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

/// The longest line, in bytes, including its line break.
pub(super) const MAX_LINE: usize = 4096;
/// The longest text in a JSON line that is too long; halved until the line fits.
const MAX_TEXT: usize = 512;

/// Makes writers that shorten lines. The formatter writes each line in one call.
pub(super) struct Bounded<M> {
    pub(super) inner: M,
    pub(super) format: LogFormat,
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Bounded<M> {
    type Writer = BoundedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        BoundedWriter { inner: self.inner.make_writer(), format: self.format }
    }
}

/// Shortens each write.
pub(super) struct BoundedWriter<W> {
    inner: W,
    format: LogFormat,
}

impl<W: Write> Write for BoundedWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.inner.write_all(&shortened(line, self.format))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn shortened(line: &[u8], format: LogFormat) -> Cow<'_, [u8]> {
    if line.len() <= MAX_LINE {
        return Cow::Borrowed(line);
    }
    let json = (format == LogFormat::Json).then(|| serde_json::from_slice::<Value>(line).ok()).flatten();
    Cow::Owned(json.and_then(shortened_json).unwrap_or_else(|| {
        let mut text = cut(&String::from_utf8_lossy(line), MAX_LINE - 64).into_bytes();
        text.push(b'\n');
        text
    }))
}

/// The result is JSON with the same members.
fn shortened_json(mut value: Value) -> Option<Vec<u8>> {
    let mut longest = MAX_TEXT;
    while longest >= 8 {
        shorten(&mut value, longest);
        let mut line = serde_json::to_vec(&value).ok()?;
        line.push(b'\n');
        if line.len() <= MAX_LINE {
            return Some(line);
        }
        longest /= 2;
    }
    None
}

fn shorten(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) if text.len() > longest => *text = cut(text, longest),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, longest)),
        Value::Object(members) => members.values_mut().for_each(|member| shorten(member, longest)),
        _ => {}
    }
}

fn cut(text: &str, longest: usize) -> String {
    let kept = text.floor_char_boundary(longest);
    format!("{}… ({} bytes)", &text[..kept], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_and_json_stays_json() {
        let short = b"{\"message\":\"x\"}\n";
        assert_eq!(shortened(short, LogFormat::Json), short.as_slice());
        let line = serde_json::json!({
            "message": "x", "method": "M".repeat(60_000), "span": { "id": "é".repeat(9000) }, "n": 1
        });
        let line = format!("{line}\n");
        let cut = shortened(line.as_bytes(), LogFormat::Json);
        assert!(cut.len() <= MAX_LINE && cut.ends_with(b"}\n"), "{}", cut.len());
        let value: Value = serde_json::from_slice(&cut).unwrap();
        assert_eq!((&value["message"], &value["n"]), (&Value::from("x"), &Value::from(1)));
        assert!(value["method"].as_str().unwrap().ends_with("… (60000 bytes)"), "{value}");
        for format in [LogFormat::Pretty, LogFormat::Json] {
            let cut = shortened("é".repeat(50_000).as_bytes(), format).into_owned();
            assert!(cut.len() <= MAX_LINE && cut.ends_with(b"\n") && String::from_utf8(cut).is_ok());
        }
    }
}
