//! The object around the items of a batch. The items stay text until they are read one by one, so that a body
//! of a few megabytes does not become a value of many times that size.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::http::{
    extract::{
        json_body::{no_json, no_object},
        strict_json::step,
    },
    response::problem::Problem,
};
use crate::{
    domain::field_error::{Faults, FieldError},
    services::invite::batch::MAX_BATCH,
};

/// A batch by its syntax.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    /// 1 to [`MAX_BATCH`] items.
    pub(super) items: Vec<&'a RawValue>,
    /// Whether to validate only.
    pub(super) validate_only: bool,
}

impl<'a> Envelope<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// 400 when it is not JSON; 422 with the faults outside the items.
    pub(super) fn open(text: &'a [u8]) -> Result<Self, Problem> {
        let whole: &RawValue = serde_json::from_slice(text).map_err(|error| no_json(&error))?;
        if !whole.get().starts_with('{') {
            return Err(no_object());
        }
        let mut members: Members<'a> = serde_json::from_str(whole.get()).map_err(|error| no_json(&error))?;
        let (items, validate_only) = (members.items(), members.validate_only());
        if members.faults.is_empty() {
            Ok(Self { items, validate_only })
        } else {
            Err(Problem::body(&members.faults))
        }
    }
}

#[derive(Default)]
struct Members<'a> {
    invitations: Option<&'a RawValue>,
    validate_only: Option<&'a RawValue>,
    faults: Faults,
}

impl<'a> Members<'a> {
    fn fault(&mut self, path: &str, code: &'static str, words: impl Into<String>) {
        self.faults.push(FieldError::new(path, code, words));
    }

    fn items(&mut self) -> Vec<&'a RawValue> {
        let path = "/invitations";
        let Some(list) = self.invitations.filter(|value| value.get() != "null") else {
            self.fault(path, "required", "This is required.");
            return Vec::new();
        };
        // Of what is valid JSON, nothing but a list is refused here.
        let Ok(Items { first, total }) = serde_json::from_str(list.get()) else {
            self.fault(path, "wrong_type", "This must be a list.");
            return Vec::new();
        };
        match total {
            0 => self.fault(path, "too_few", "A batch has at least one item."),
            total if total > MAX_BATCH => {
                self.fault(path, "too_many", format!("A batch has at most {MAX_BATCH} items, not {total}."));
            }
            _ => {}
        }
        first
    }

    fn validate_only(&mut self) -> bool {
        match self.validate_only.map(RawValue::get) {
            Some("true") => true,
            None | Some("false" | "null") => false,
            Some(_) => {
                self.fault("/validate_only", "wrong_type", "This must be true or false.");
                false
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some(name) = map.next_key::<String>()? {
            let known = match name.as_str() {
                "invitations" => Some(&mut members.invitations),
                "validate_only" => Some(&mut members.validate_only),
                _ => None,
            };
            match known {
                Some(slot @ None) => *slot = Some(map.next_value()?),
                Some(Some(_)) => {
                    map.next_value::<IgnoredAny>()?;
                    members.fault(
                        &format!("/{}", step(&name)),
                        "duplicate_member",
                        "This member is named more than once. Which of them counts?",
                    );
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                    members.fault(
                        &format!("/{}", step(&name)),
                        "unknown_member",
                        "This member is not known here. Is it mistyped?",
                    );
                }
            }
        }
        Ok(members)
    }
}

/// The first items of a list, and how many there are.
struct Items<'a> {
    first: Vec<&'a RawValue>,
    total: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
        let mut items = Items { first: Vec::new(), total: 0 };
        while items.first.len() < MAX_BATCH
            && let Some(item) = list.next_element()?
        {
            items.first.push(item);
        }
        items.total = items.first.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            items.total += 1;
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_no_batch() {
        for text in
            ["", "{", "{]", "[1", r#"{"invitations": [1 2]}"#, r#"{"a": "\x"}"#, "{} {}", "{\"a\": nul}"]
        {
            assert_eq!(Envelope::open(text.as_bytes()).unwrap_err().code.code, "malformed_json", "{text}");
        }
        assert!(Envelope::open(b"{\"\xff\": 1}").is_err());
        assert!(Envelope::open("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn items_are_counted_and_those_beyond_are_let_go() {
        let text = |count: usize| format!(r#"{{"invitations": [{}]}}"#, vec!["{}"; count].join(","));
        assert_eq!(Envelope::open(text(MAX_BATCH).as_bytes()).unwrap().items.len(), MAX_BATCH);
        assert_eq!(
            Envelope::open(text(MAX_BATCH + 1).as_bytes()).unwrap_err().code.code,
            "validation_failed"
        );
        assert_eq!(Envelope::open(text(0).as_bytes()).unwrap_err().code.code, "validation_failed");
    }
}
