//! Members of Amazon SNS's messages.

use serde_json::Value;

/// A member as it was signed: with its blanks.
pub(super) fn member<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    message.get(name).and_then(Value::as_str)
}
