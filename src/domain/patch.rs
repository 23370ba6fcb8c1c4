//! What a caller wants of one member of something that exists.

/// A member of a merge patch (RFC 7396): left out, `null`, or a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is to have no value.
    Clear,
    /// It is to have this one.
    Set(T),
}

impl<T: Clone> Change<T> {
    /// The member afterwards.
    #[must_use]
    pub fn of(&self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }

    /// Whether the caller said anything of it.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// The same in other terms.
    #[must_use]
    pub fn map<U>(&self, into: impl FnOnce(&T) -> U) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Clear => Change::Clear,
            Self::Set(value) => Change::Set(into(value)),
        }
    }
}
