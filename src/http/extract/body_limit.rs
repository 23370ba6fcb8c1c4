//! How much a body may be, and how long it may take.

use std::time::Duration;

/// How much a body may be.
pub(in crate::http) struct BodyLimit {
    /// So many bytes.
    pub(in crate::http) bytes: usize,
    /// So long on its way.
    pub(in crate::http) time: Duration,
}

/// What an ordinary request may send.
pub(in crate::http) const ORDINARY: BodyLimit = BodyLimit { bytes: 64 * 1024, time: Duration::from_secs(15) };
