//! The fingerprint of a body: of its JSON value, whatever its white space, the order of its members, its
//! escapes and the spellings of its numbers.
//!
//! A value is written in a canonical form, which is hashed. Duplicate members stay, in their order, so that a
//! body that is refused for them has a fingerprint of its own.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

/// The fingerprint of a body. Bytes that are not JSON have one as well: of the bytes.
pub(in crate::http) fn of(text: &[u8]) -> [u8; 32] {
    let mut written = vec![VALUE];
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Canonical(&mut written).deserialize(&mut reader).and_then(|()| reader.end());
    if read.is_ok() {
        Sha256::digest(&written).into()
    } else {
        Sha256::new().chain_update([BYTES]).chain_update(text).finalize().into()
    }
}

/// What stands first, so that a value and bytes never have one fingerprint.
const VALUE: u8 = b'v';
const BYTES: u8 = b'b';

/// Writes a value, each part of which says where it ends.
struct Canonical<'a>(&'a mut Vec<u8>);

impl Canonical<'_> {
    fn text(&mut self, text: &str) {
        self.0.push(b's');
        self.0.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.extend(text.as_bytes());
    }

    fn integer(&mut self, value: i128) {
        self.0.push(b'i');
        self.0.extend(value.to_be_bytes());
    }
}

impl<'de> DeserializeSeed<'de> for Canonical<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Canonical<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.push(b'n');
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.push(if value { b't' } else { b'f' });
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<(), E> {
        self.integer(value.into());
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<(), E> {
        self.integer(value.into());
        Ok(())
    }

    /// `1.0` and `1e0` are the number 1, and `-0` is 0 (RFC 8259 §6 knows one kind of number).
    fn visit_f64<E: Error>(mut self, value: f64) -> Result<(), E> {
        const EXACT: f64 = 1e30;
        if value.fract() == 0.0 && value.abs() < EXACT {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole, and far below the largest i128"
            )]
            self.integer(value as i128);
        } else {
            self.0.push(b'd');
            self.0.extend(value.to_bits().to_be_bytes());
        }
        Ok(())
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<(), E> {
        self.text(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.0.push(b'[');
        while items.next_element_seed(Canonical(&mut *self.0))?.is_some() {}
        self.0.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut read: Vec<(String, Vec<u8>)> = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            let mut value = Vec::new();
            members.next_value_seed(Canonical(&mut value))?;
            read.push((name, value));
        }
        // Stable: of members with one name the order counts.
        read.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.0.push(b'{');
        for (name, value) in read {
            self.text(&name);
            self.0.extend(value);
        }
        self.0.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn same(one: &str, other: &str) -> bool {
        of(one.as_bytes()) == of(other.as_bytes())
    }

    #[test]
    fn the_same_value_in_other_bytes_is_the_same() {
        for (one, other) in [
            (r#"{"a":1,"b":[true,null]}"#, " {\r\n\t\"b\" : [ true , null ] , \"a\" : 1 } \n"),
            (r#"{"a":{"x":1,"y":2}}"#, r#"{"a":{"y":2,"x":1}}"#),
            (r#""é/\"""#, r#""\u00e9\/\u0022""#),
            (r#""😀""#, r#""\ud83d\ude00""#),
            (r#"{"\u0061":1}"#, r#"{"a":1}"#),
            ("1", "1.0"),
            ("100", "1e2"),
            ("0", "-0.0"),
            ("0.5", "5e-1"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert!(same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn another_value_is_another() {
        let values = [
            "",
            "null",
            "{}",
            "[]",
            "\"\"",
            "0",
            "1",
            "\"1\"",
            "true",
            "false",
            "[1]",
            "[[1]]",
            "[1,1]",
            "[1,2]",
            "[2,1]",
            "[12]",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"a":null}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":2,"a":1}"#,
            r#"{"A":1}"#,
            "0.1",
            "0.2",
            "1e400",
            "{",
            "v",
            "nonsense",
            "[1",
            "9007199254740993",
            "9007199254740992",
            r#""a b""#,
            r#""ab""#,
            "\"\u{e9}\"",
            "\"e\u{301}\"",
            r#""\ud800""#,
        ];
        for (index, one) in values.iter().enumerate() {
            for other in &values[index + 1..] {
                assert!(!same(one, other), "{one} {other}");
            }
        }
    }

    /// As another writer might write it: members backwards, blanks everywhere, every character of a text
    /// escaped.
    fn rewritten(value: &Value) -> String {
        let text = |text: &str| {
            text.encode_utf16().map(|unit| ["\\u", &format!("{unit:04X}")].concat()).collect::<String>()
        };
        match value {
            Value::String(inner) => format!(" \"{}\" ", text(inner)),
            Value::Array(items) => {
                format!("[ {} ]\n", items.iter().map(rewritten).collect::<Vec<_>>().join(" ,\t"))
            }
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| format!("\"{}\":{}", text(name), rewritten(value));
                format!("{{ {} }}", members.iter().rev().map(member).collect::<Vec<_>>().join(" , "))
            }
            other => format!("\r\n{other} "),
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(|value| json!(value)),
            any::<i64>().prop_map(|value| json!(value)),
            "\\PC{0,6}".prop_map(|value| json!(value)),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("\\PC{0,3}", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn one_value_has_one_fingerprint_and_no_other_value_has_it(one in any_value(), other in any_value()) {
            let text = one.to_string();
            prop_assert!(same(&text, &rewritten(&one)));
            prop_assert_eq!(same(&text, &other.to_string()), one == other);
        }
    }
}
