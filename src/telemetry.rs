//! Log lines: readable text on a terminal, JSON otherwise. They contain no full address, no token and no
//! password.
//!
//! Foreign text (a relay's reply, a database's message) may be in a field. It can neither start a line of its
//! own nor send control characters to a terminal: JSON escapes it, and `Clean` does so in text lines.

mod bounded;

use std::{
    fmt::{self, Write},
    io::IsTerminal,
};

use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    fmt::{FormatFields, format, format::Writer},
};

use self::bounded::Bounded;
use crate::config::LogFormat;

/// Starts logging to standard error. `filter` was checked with the configuration.
pub fn start(filter: &str, format: Option<LogFormat>) {
    let terminal = std::io::stderr().is_terminal();
    let format = format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let subscriber = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(filter));
    // A line that cannot be written would be reported on standard error by a macro that panics there.
    let subscriber = subscriber.log_internal_errors(false);
    let subscriber = subscriber.with_writer(Bounded { inner: std::io::stderr, format });
    // A second start, as in tests, keeps the first subscriber.
    let started = match format {
        LogFormat::Pretty => {
            subscriber.with_ansi(terminal).with_target(false).fmt_fields(fields()).try_init()
        }
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
}

/// The fields of a text line.
fn fields() -> impl for<'writer> FormatFields<'writer> + 'static {
    format::debug_fn(field).delimited(" ")
}

fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    match field.name() {
        "message" => {}
        name => write!(writer, "{name}=")?,
    }
    write!(Clean(writer), "{value:?}")
}

/// Passes text on with its control characters escaped.
struct Clean<W>(W);

impl<W: Write> Write for Clean<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for sign in text.chars() {
            // Unicode, and some log viewers, treat these two as line breaks.
            if sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}') {
                write!(self.0, "{}", sign.escape_default())?;
            } else {
                self.0.write_char(sign)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn foreign_text_forges_no_line() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).without_time().with_target(false).fmt_fields(fields());
        let said = "no\n INFO all is well\r\u{1b}[2J\u{9b}1m\u{2028}x";
        tracing::subscriber::with_default(subscriber.with_writer(move || writer.clone()).finish(), || {
            let span = tracing::info_span!("request", id = %said);
            span.in_scope(
                || tracing::warn!(error = %said, text = said, debug = ?said, "a relay said: {said}"),
            );
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.trim_end().chars().all(|sign| !sign.is_control() && sign != '\u{2028}'), "{text:?}");
        assert!(text.contains(r"error=no\n INFO all is well\r\u{1b}[2J\u{9b}1m\u{2028}x"), "{text}");
    }
}
