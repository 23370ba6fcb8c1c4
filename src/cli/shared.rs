//! What the subcommands share.

use std::time::Duration;

use crate::{clock::Clock, config::Config, telemetry};

/// The warning about a key file with too wide permissions.
pub(super) const EXPOSED_KEY: &str =
    "other users can read the key file: set its mode to 600, and rotate the key if it may have been read";

/// The warning about such a file with a key of `MAIL_DKIM`.
pub(super) const EXPOSED_DKIM_KEY: &str = "every user of this machine can read this DKIM \
    key, and sign letters with it: set its mode to 600, or 640 with the service's group, and replace the key \
    if it may have been read";

/// How a subcommand ends.
pub(super) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A single-threaded runtime for everything except the API's workers.
pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(Duration::from_secs(10))
        .build()
}

/// Starts the log, as configured.
pub(super) fn start_logging(config: &Config) {
    telemetry::start(&config.log, config.log_format);
}

/// The system's clock.
pub(super) fn clock() -> Clock {
    Clock::system()
}
