//! The result of removing a user or an account without a use.

/// Whether a user or an account was removed, which holds for one that was never activated and has no pending
/// invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Removal {
    /// It was removed.
    Removed,
    /// It is in use, or was removed before.
    Kept,
}

impl Removal {
    /// Whether it was removed, as the timeline says it.
    pub fn is_removed(self) -> bool {
        self == Self::Removed
    }

    /// From the number of changed rows; the condition names one row by its key.
    pub(super) fn of(changed: usize) -> Self {
        if changed == 1 { Self::Removed } else { Self::Kept }
    }
}
