//! An error in a request, with the path of its field, so that a form can show it there.

/// One faulty member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The place: a JSON Pointer (RFC 6901) into the body, or the name of a query parameter.
    pub path: String,
    /// The stable code for programs, in `snake_case`.
    pub code: &'static str,
    /// The text for people: what is wrong, and how to correct it.
    pub detail: String,
}

impl FieldError {
    /// A fault at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { path: path.into(), code, detail: detail.into() }
    }
}

/// The errors of one request: the first ones, and the number of the others. The bound limits the answer, and
/// the memory, for a body full of errors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    reported: Vec<FieldError>,
    omitted: usize,
}

impl Faults {
    /// The number of errors that are kept.
    pub const MAX_REPORTED: usize = 100;
    /// The longest path, in characters. Only paths with unknown members can be longer.
    const LONGEST_PATH: usize = 200;

    /// Adds an error.
    pub fn push(&mut self, fault: FieldError) {
        self.push_with(|| fault);
    }

    /// Adds an error, which is created only if it is kept.
    pub fn push_with(&mut self, fault: impl FnOnce() -> FieldError) {
        if self.reported.len() < Self::MAX_REPORTED {
            let fault = fault();
            self.reported.push(FieldError { path: cut(fault.path), ..fault });
        } else {
            self.omitted += 1;
        }
    }

    /// Keeps the first `most`, and counts the others.
    #[must_use]
    pub fn first(mut self, most: usize) -> Self {
        self.omitted += self.reported.len().saturating_sub(most);
        self.reported.truncate(most);
        self.reported.shrink_to_fit();
        self
    }

    /// Removes the reported errors that match.
    pub fn forget(&mut self, matches: impl Fn(&FieldError) -> bool) {
        self.reported.retain(|fault| !matches(fault));
    }

    /// Replaces the text of the reported errors that match.
    pub fn reword(&mut self, matches: impl Fn(&FieldError) -> bool, detail: &str) {
        self.reported
            .iter_mut()
            .filter(|fault| matches(fault))
            .for_each(|fault| detail.clone_into(&mut fault.detail));
    }

    /// Appends the errors of another list.
    pub fn append(&mut self, other: Self) {
        self.extend(other.reported);
        self.omitted += other.omitted;
    }

    /// The first errors.
    #[must_use]
    pub fn reported(&self) -> &[FieldError] {
        &self.reported
    }

    /// The number of errors beyond the reported ones.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// The number of all errors.
    #[must_use]
    pub fn count(&self) -> usize {
        self.reported.len() + self.omitted
    }

    /// Whether there is no error.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The first errors, by value.
    #[must_use]
    pub fn into_reported(self) -> Vec<FieldError> {
        self.reported
    }
}

impl Extend<FieldError> for Faults {
    fn extend<I: IntoIterator<Item = FieldError>>(&mut self, faults: I) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }
}

impl FromIterator<FieldError> for Faults {
    fn from_iter<I: IntoIterator<Item = FieldError>>(faults: I) -> Self {
        let mut all = Self::default();
        all.extend(faults);
        all
    }
}

impl<const N: usize> From<[FieldError; N]> for Faults {
    fn from(faults: [FieldError; N]) -> Self {
        faults.into_iter().collect()
    }
}

fn cut(mut path: String) -> String {
    if let Some((end, _)) = path.char_indices().nth(Faults::LONGEST_PATH) {
        path.truncate(end);
        path.push('…');
        path.shrink_to_fit();
    }
    path
}
