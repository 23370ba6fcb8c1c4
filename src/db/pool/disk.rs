//! The disk of a SQLite file.

use std::path::Path;

use rustix::fs::statvfs;

/// How many bytes the file system of this path has free for this process; `None` where it does not say.
pub(in crate::db) fn free_bytes(path: &Path) -> Option<u64> {
    let system = statvfs(path).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}
