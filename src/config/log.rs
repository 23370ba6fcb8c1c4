//! Reads `LOG` and `LOG_FORMAT`.

use tracing_subscriber::EnvFilter;

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Readable text.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Checks a filter of log lines. It stays a text, since `tracing`'s own type cannot be cloned.
pub(super) fn filter(text: &str) -> Result<String, &'static str> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is no filter, as info or warn,invitation_service=debug"),
    }
}

pub(super) fn format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("is neither pretty nor json"),
    }
}
