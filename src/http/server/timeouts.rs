//! How long a connection may take over each thing.

use std::time::Duration;

/// How long an idle connection is kept.
pub(super) const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the head of a request may be on its way.
pub(super) const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection that is being closed is given to read what it was sent.
pub(super) const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long running requests may take to finish when the service stops, in seconds.
pub(super) const SHUTDOWN_TIMEOUT_SECONDS: u64 = 10;
