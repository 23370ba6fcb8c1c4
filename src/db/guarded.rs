//! The result of a guarded update: one whose condition names the state that the row is expected to be in.

/// Whether a guarded update was applied. What was read before it may be stale; this decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Guarded {
    /// The row was in the expected state and has been changed.
    Applied,
    /// The row was in another state, or is gone. Nothing was changed.
    Stale,
}

impl Guarded {
    /// From the number of changed rows; the condition names one row by its key.
    pub(super) fn of(changed: usize) -> Self {
        if changed == 1 { Self::Applied } else { Self::Stale }
    }
}
