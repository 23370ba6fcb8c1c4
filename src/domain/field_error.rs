//! A fault in what a caller sent, said so that a form can show it beside its field.

/// One faulty member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where it is: a JSON Pointer (RFC 6901) into the body, or the name of a query parameter.
    pub path: String,
    /// What is wrong, for programs: stable, in `snake_case`.
    pub code: &'static str,
    /// What is wrong, for people, and how to put it right.
    pub detail: String,
}

impl FieldError {
    /// A fault at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { path: path.into(), code, detail: detail.into() }
    }
}

/// The faults of one request: the first ones, and how many there are beside them. Whoever sends a body of
/// nothing but faults is told no more than this, and makes us keep no more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    reported: Vec<FieldError>,
    omitted: usize,
}

impl Faults {
    /// So many are kept.
    pub const MAX_REPORTED: usize = 100;
    /// A path of the caller's making is kept up to so many characters; those of members that are known are
    /// shorter.
    const LONGEST_PATH: usize = 200;

    /// Notes a fault.
    pub fn push(&mut self, fault: FieldError) {
        self.push_with(|| fault);
    }

    /// Notes a fault, which is made only where it is kept.
    pub fn push_with(&mut self, fault: impl FnOnce() -> FieldError) {
        if self.reported.len() < Self::MAX_REPORTED {
            let fault = fault();
            self.reported.push(FieldError { path: cut(fault.path), ..fault });
        } else {
            self.omitted += 1;
        }
    }

    /// Keeps the first `most`; the others are counted.
    #[must_use]
    pub fn first(mut self, most: usize) -> Self {
        self.omitted += self.reported.len().saturating_sub(most);
        self.reported.truncate(most);
        self.reported.shrink_to_fit();
        self
    }

    /// Forgets those that are told and match.
    pub fn forget(&mut self, matches: impl Fn(&FieldError) -> bool) {
        self.reported.retain(|fault| !matches(fault));
    }

    /// Says in other words what is wrong, of those that are told and match.
    pub fn reword(&mut self, matches: impl Fn(&FieldError) -> bool, detail: &str) {
        self.reported
            .iter_mut()
            .filter(|fault| matches(fault))
            .for_each(|fault| detail.clone_into(&mut fault.detail));
    }

    /// Those of somebody else, behind these.
    pub fn append(&mut self, other: Self) {
        self.extend(other.reported);
        self.omitted += other.omitted;
    }

    /// The first ones.
    #[must_use]
    pub fn reported(&self) -> &[FieldError] {
        &self.reported
    }

    /// How many there are beside the first ones.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.reported.len() + self.omitted
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The first ones, for whoever tells them in words of their own.
    #[must_use]
    pub fn into_told(self) -> Vec<FieldError> {
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
