//! The members of a JSON object, read one by one, so that every fault is reported at once.

use serde_json::{Map, Value};

use super::strict_json;
use crate::domain::field_error::{Faults, FieldError};

/// Turns the members of a body into a request.
pub trait Request: Sized {
    /// Reads all members; `None` when a required one is missing or faulty, which `members` has then noted.
    fn read(members: &mut Members) -> Option<Self>;
}

/// Reads the members of an object as a request; `faults` are those found so far.
///
/// # Errors
/// All faults.
pub(in crate::http) fn request<R: Request>(members: Map<String, Value>, faults: Faults) -> Result<R, Faults> {
    read(members, faults, R::read)
}

/// The same for a request that is read in the light of something else, such as the time.
///
/// # Errors
/// All faults.
pub(super) fn read<R>(
    members: Map<String, Value>,
    faults: Faults,
    read: impl FnOnce(&mut Members) -> Option<R>,
) -> Result<R, Faults> {
    let mut members = Members::new(members, faults);
    let request = read(&mut members);
    match (request, members.finish()) {
        (Some(request), faults) if faults.is_empty() => Ok(request),
        (_, faults) => Err(faults),
    }
}

/// The members of an object: each is read once, and what is left at the end is unknown.
pub struct Members {
    left: Map<String, Value>,
    /// The JSON Pointer of the object, empty for the body itself.
    base: String,
    faults: Faults,
}

/// What is wrong with one member: a code and a text. `Members` adds the pointer.
pub struct MemberError(pub &'static str, pub String);

impl Members {
    pub(super) fn new(left: Map<String, Value>, faults: Faults) -> Self {
        Self { left, base: String::new(), faults }
    }

    /// A required member.
    pub fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, MemberError>,
    ) -> Option<T> {
        if matches!(self.left.get(name), None | Some(Value::Null)) {
            self.left.remove(name);
            self.fault(name, MemberError("required", "This is required.".to_owned()));
            return None;
        }
        self.optional(name, read)
    }

    /// A member that may be left out; `null` is the same as leaving it out.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, MemberError>,
    ) -> Option<T> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        match read(value) {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(name, fault);
                None
            }
        }
    }

    /// A required list, whose items are read one by one.
    pub fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(Value) -> Result<T, MemberError>,
    ) -> Option<Vec<T>> {
        let items = self.required(name, |value| match value {
            Value::Array(items) => Ok(items),
            _ => Err(MemberError("wrong_type", "This must be a list.".to_owned())),
        })?;
        let (known, total) = (self.faults.count(), items.len());
        let mut read_items = Vec::with_capacity(total.min(1024));
        for (index, item) in items.into_iter().enumerate() {
            match read(item) {
                Ok(item) => read_items.push(item),
                Err(fault) => self.fault(&format!("{name}/{index}"), fault),
            }
        }
        (self.faults.count() == known).then_some(read_items)
    }

    /// Whether a member is there, whatever it holds; `null` is the same as leaving it out.
    pub fn contains_non_null(&mut self, name: &str) -> bool {
        if self.left.get(name).is_some_and(Value::is_null) {
            self.left.remove(name);
        }
        self.left.contains_key(name)
    }

    /// Ignores the members that are left: whether they belong there is unknown.
    pub fn ignore_rest(&mut self) {
        self.left.clear();
    }

    /// Whether a member is there, even with `null`.
    pub fn contains_key(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Notes a fault.
    pub fn fault(&mut self, name: &str, MemberError(code, detail): MemberError) {
        self.faults.push(FieldError { path: format!("{}/{name}", self.base), code, detail });
    }

    /// A member that is an object of its own and may be left out. What could be read of it is returned,
    /// faulty or not, so that its members are not reported as missing.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let left = self.optional(name, |value| match value {
            Value::Object(members) => Ok(members),
            _ => Err(MemberError("wrong_type", "This must be an object.".to_owned())),
        })?;
        let mut inner = Self { left, base: format!("{}/{name}", self.base), faults: Faults::default() };
        let value = read(&mut inner);
        self.faults.append(inner.finish());
        value
    }

    /// Of these faults, with paths below this object, those about members that are not noted as faulty yet.
    pub fn unknown_among(&self, found: Vec<FieldError>) -> Vec<FieldError> {
        let noted = |path: &str| {
            let path = format!("{}{path}", self.base);
            self.faults
                .reported()
                .iter()
                .any(|fault| fault.path == path || path.starts_with(&format!("{}/", fault.path)))
        };
        found.into_iter().filter(|fault| !noted(&fault.path)).collect()
    }

    /// Notes these faults, with paths below this object.
    pub fn faults_below(&mut self, name: &str, faults: Vec<FieldError>) {
        let base = format!("{}/{name}", self.base);
        self.faults.extend(
            faults.into_iter().map(|fault| FieldError { path: format!("{base}{}", fault.path), ..fault }),
        );
    }

    /// Takes the faults so far, for an operation that reports them together with its own.
    pub fn take_faults(&mut self) -> Faults {
        let mut faults = std::mem::take(&mut self.faults);
        for (name, _) in std::mem::take(&mut self.left) {
            let words = "This member is not known here. Is it mistyped?";
            faults.push_with(|| {
                FieldError::new(
                    format!("{}/{}", self.base, strict_json::step(&name)),
                    "unknown_member",
                    words,
                )
            });
        }
        faults
    }

    pub(super) fn finish(mut self) -> Faults {
        self.take_faults()
    }
}

/// A member that is a text.
pub fn text(value: Value) -> Result<String, MemberError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(MemberError("wrong_type", "This must be a text.".to_owned())),
    }
}

/// A member that is true or false.
pub fn boolean(value: &Value) -> Result<bool, MemberError> {
    value.as_bool().ok_or_else(|| MemberError("wrong_type", "This must be true or false.".to_owned()))
}

/// A member that is a text with a form of its own.
pub fn parsed<T, E: std::fmt::Display>(
    code: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> impl FnOnce(Value) -> Result<T, MemberError> {
    move |value| parse(&text(value)?).map_err(|error| MemberError(code, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_no_more_faults_than_it_tells() {
        let members =
            serde_json::json!({ "list": vec![1; 5000], "object": { "x": 1, "list": vec![1; 5000] } });
        let Value::Object(members) = members else { unreachable!() };
        let many = (0..5000).map(|number| (format!("m{number}"), Value::Null));
        let mut members = Members::new(members.into_iter().chain(many).collect(), Faults::default());
        members.list("list", text);
        members.object("object", |members| members.list("list", text));
        assert_eq!((members.faults.reported().len(), members.faults.count()), (Faults::MAX_REPORTED, 10_001));
        let all = members.finish();
        assert_eq!((all.reported().len(), all.count()), (Faults::MAX_REPORTED, 15_001));
        assert_eq!(all.reported()[99].path, "/list/99");
        let some = all.first(10);
        assert_eq!((some.reported().len(), some.count()), (10, 15_001));
    }
}
