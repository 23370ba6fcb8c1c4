//! A fault in what a caller sent, said so that a form can show it beside its field.

/// One faulty member of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// Where it is: a JSON Pointer (RFC 6901) into the body, or the name of a query parameter.
    pub path: String,
    /// What is wrong, for programs: stable, in `snake_case`.
    pub code: &'static str,
    /// What is wrong, for people, and how to put it right.
    pub detail: String,
}

impl FieldFault {
    /// A fault at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { path: path.into(), code, detail: detail.into() }
    }
}
