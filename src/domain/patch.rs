//! A change of one member of an existing object.

/// A member of a merge patch (RFC 7396): absent, `null`, or a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// Absent: keep the value.
    #[default]
    Keep,
    /// `null`: remove the value.
    Clear,
    /// A value: set it.
    Set(T),
}

impl<T: Clone> Change<T> {
    /// The member after the change.
    #[must_use]
    pub fn of(&self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }

    /// Whether the member was present.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// Converts the value.
    #[must_use]
    pub fn map<U>(&self, into: impl FnOnce(&T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(into(value)),
        }
    }
}
