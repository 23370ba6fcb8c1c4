//! JSON without losses: duplicate members are reported, at any depth.
//!
//! `serde_json::Value` keeps the last of two members with one name and silently drops the other (RFC 8259 §4
//! leaves it to the reader); a caller who sent two rates would not learn which of them counts.

use std::cell::RefCell;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::field_error::{Faults, FieldError};

/// Parses a text, and reports duplicate members: the first of each counts.
///
/// # Errors
/// When the text is not JSON.
pub fn parse(text: &[u8]) -> Result<(Value, Faults), serde_json::Error> {
    let found = RefCell::new(Faults::default());
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = JsonPath { above: None, found: &found }.deserialize(&mut reader)?;
    reader.end()?;
    Ok((value, found.into_inner()))
}

/// A name as a step of a JSON Pointer (RFC 6901 §3).
pub fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A step from a value to one inside it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// The place of a value. Its pointer is written only for a fault.
#[derive(Clone, Copy)]
struct JsonPath<'a> {
    above: Option<(&'a JsonPath<'a>, Step<'a>)>,
    found: &'a RefCell<Faults>,
}

impl<'a> JsonPath<'a> {
    fn inner(&'a self, step: Step<'a>) -> JsonPath<'a> {
        JsonPath { above: Some((self, step)), found: self.found }
    }

    fn pointer(&self) -> String {
        let (mut steps, mut place) = (Vec::new(), self);
        while let Some((above, by)) = place.above {
            steps.push(match by {
                Step::Name(name) => format!("/{}", step(name)),
                Step::Index(index) => format!("/{index}"),
            });
            place = above;
        }
        steps.reverse();
        steps.concat()
    }

    fn twice(&self) {
        let words = "This member is named more than once. Which of them counts?";
        self.found.borrow_mut().push_with(|| FieldError::new(self.pointer(), "duplicate_member", words));
    }
}

impl<'de> DeserializeSeed<'de> for JsonPath<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonPath<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner(Step::Index(read.len())))? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let place = self.inner(Step::Name(&name));
            let value = members.next_value_seed(place)?;
            if read.contains_key(&name) {
                place.twice();
            } else {
                read.insert(name, value);
            }
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn twice(text: &str) -> Vec<String> {
        parse(text.as_bytes()).unwrap().1.into_reported().into_iter().map(|fault| fault.path).collect()
    }

    #[test]
    fn tells_every_member_that_is_named_twice() {
        assert_eq!(
            twice(r#"{"a": 1, "b": {"a": 1, "c": [{"x": 1}, {"x": 1, "x": null}]}, "a": 2}"#),
            ["/b/c/1/x", "/a"]
        );
        assert_eq!(twice(r#"{"a/b~": 1, "a\u002fb~": 1}"#), ["/a~1b~0"]);
        assert_eq!(twice(r#"[{"a": {}}, {"a": {}}]"#), Vec::<String>::new());
        assert_eq!(parse(br#"{"a": 1, "a": 2}"#).unwrap().0, serde_json::json!({ "a": 1 }));
    }

    #[test]
    fn does_not_grow_beyond_measure() {
        let long = "é".repeat(20_000);
        let inner = vec!["\"x\":1"; 5000].join(",");
        let found = parse(format!("{{\"{long}\":{{{inner}}}}}").as_bytes()).unwrap().1;
        assert_eq!((found.reported().len(), found.count()), (Faults::MAX_REPORTED, 4999));
        assert!(found.reported().iter().all(|fault| fault.path.len() < 500), "{}", found.reported()[0].path);
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn reads_what_serde_json_reads(text in "[ \\[\\]{}:,\"a0-9.eE+\\-truefalsn\\\\u]{0,40}") {
            let (ours, theirs) = (parse(text.as_bytes()), serde_json::from_slice::<Value>(text.as_bytes()));
            match (ours, theirs) {
                (Ok((ours, faults)), Ok(theirs)) => prop_assert!(ours == theirs || !faults.is_empty()),
                (ours, theirs) => prop_assert_eq!(ours.is_err(), theirs.is_err()),
            }
        }
    }
}
