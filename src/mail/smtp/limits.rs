//! The timeouts of SMTP.

use std::time::Duration;

/// The timeouts for a ready connection, for the reply to each command, and for the reply to the whole letter.
/// When the last one is too short, a slow relay accepts the letter after the timeout, and gets it again and
/// again: RFC 5321 §4.5.3.2.6 gives it ten minutes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    pub(super) reply: Duration,
    pub(super) end: Duration,
}

/// Those of the service.
pub(super) const LIMITS: Limits =
    Limits { connect: Duration::from_secs(10), reply: Duration::from_secs(30), end: Duration::from_mins(10) };
