//! A JSON object of the configuration: each member is read once, and all faults are kept with their places.

use std::fmt::Display;

use serde_json::{Map, Value};

/// The faults so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    pub fn report(&mut self, place: &str, fault: impl Display) {
        self.0.push(format!("{place}: {fault}"));
    }

    /// The value, unless there is a fault.
    pub fn unless<T>(self, value: T) -> Result<T, Vec<String>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

/// An object whose members are taken out one by one.
pub(super) struct Object<'f> {
    place: String,
    members: Map<String, Value>,
    faults: &'f mut Faults,
}

impl<'f> Object<'f> {
    /// The object at this place; `None` when it is none, which is reported.
    pub fn open(place: String, value: Value, faults: &'f mut Faults) -> Option<Self> {
        if let Value::Object(members) = value {
            return Some(Self { place, members, faults });
        }
        faults.report(&place, "is no object");
        None
    }

    /// A member that must be there; `None` when a fault was reported.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, String>) -> Option<T> {
        self.optional(name, read).unwrap_or_else(|| {
            self.report(name, "is missing");
            None
        })
    }

    /// A member that may be left out; the inner `None` when a fault was reported.
    #[expect(clippy::option_option, reason = "a member is absent, faulty or read")]
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<Option<T>> {
        let value = self.members.remove(name)?;
        Some(read(value).map_err(|fault| self.report(name, fault)).ok())
    }

    /// An object within; the inner `None` when a fault was reported.
    #[expect(clippy::option_option, reason = "a member is absent, faulty or read")]
    pub fn object(&mut self, name: &str) -> Option<Option<Object<'_>>> {
        let value = self.members.remove(name)?;
        Some(Object::open(self.at(name), value, self.faults))
    }

    /// Reports a fault of a member.
    pub fn report(&mut self, name: &str, fault: impl Display) {
        let place = self.at(name);
        self.faults.report(&place, fault);
    }

    /// Reports the members that were not read: a misspelt one is not ignored in silence.
    pub fn finish(mut self) {
        for name in std::mem::take(&mut self.members).keys() {
            self.report(name, "is unknown here");
        }
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{}", self.place, name.replace('~', "~0").replace('/', "~1"))
    }
}
