//! What the erasure of a person leaves of the texts about them.

use serde_json::Value;

use super::{case_fold::fold, email::Email};

/// The details of a timeline's entry that hold no personal data, for any person: numbers, ids, times
/// and words of closed sets. Every other detail is erased: what relays and providers reported, `User-Agent`s,
/// and the values of changes that are not in [`KEPT_CHANGES`].
const KEPT_DETAILS: [&str; 15] = [
    "account_id",
    "account_removed",
    "attempt",
    "changes",
    "fault",
    "inferred",
    "letter",
    "link",
    "reported_at",
    "role",
    "roles",
    "send_count",
    "superseded",
    "user_removed",
    "will_retry",
];

/// The members of an invitation whose old and new values are no personal data.
const KEPT_CHANGES: [&str; 3] = ["locale", "reimbursement_rate", "roles"];

/// The details of an entry in the timeline of an erased person's invitation.
#[must_use]
pub fn erased_details(mut details: Value) -> Value {
    let Some(members) = details.as_object_mut() else { return Value::Object(serde_json::Map::new()) };
    members.retain(|name, _| KEPT_DETAILS.contains(&name.as_str()));
    let changes = members.get_mut("changes").and_then(Value::as_object_mut);
    for (name, change) in changes.into_iter().flatten() {
        if !KEPT_CHANGES.contains(&name.as_str()) {
            *change = serde_json::json!({ "from": null, "to": null });
        }
    }
    details
}

/// The texts by which a person is recognised elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Identifiers(Vec<String>);

impl Identifiers {
    /// Of these addresses and, if the person has activated, this whole name.
    #[must_use]
    pub fn new<'a>(emails: impl IntoIterator<Item = &'a Email>, name: Option<&str>) -> Self {
        let addresses = emails.into_iter().flat_map(|email| [fold(&email.unicode()), email.key().to_owned()]);
        let name = name.map(fold).filter(|name| !name.trim().is_empty());
        let mut all: Vec<String> = addresses.chain(name).collect();
        all.sort();
        all.dedup();
        Self(all)
    }

    /// Whether a text contains one of them.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let text = fold(text);
        self.0.iter().any(|one| text.contains(one))
    }

    /// Replaces the texts in `value` that contain one of them by null.
    pub fn erase_from(&self, value: &mut Value) {
        match value {
            Value::String(text) if self.are_in(text) => *value = Value::Null,
            Value::Array(items) => items.iter_mut().for_each(|item| self.erase_from(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.erase_from(member)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_known_to_be_harmless_goes() {
        let details = json!({
            "attempt": 2, "error": "no such user ada", "user_agent": "curl", "new": 1,
            "changes": {
                "email": { "from": "a@example.com", "to": "b@example.com" },
                "locale": { "from": "en", "to": "nl" }
            }
        });
        let kept = json!({ "attempt": 2, "changes": {
            "email": { "from": null, "to": null }, "locale": { "from": "en", "to": "nl" }
        } });
        assert_eq!(erased_details(details), kept);
        assert_eq!(erased_details(json!("text")), json!({}));
    }

    #[test]
    fn a_person_is_recognised_in_every_spelling() {
        let emails = [Email::parse("Ada@xn--bcher-kva.example").unwrap()];
        let ada = Identifiers::new(&emails, Some("Ada Lovelace"));
        for text in ["ADA@Bücher.example", "ada@XN--bcher-kva.example", "ada LOVELACE's wallbox"] {
            assert!(ada.are_in(text), "{text}");
        }
        assert!(!ada.are_in("Ada King"));
        let mut details = json!({ "changes": { "email": { "from": "ada@bücher.example", "to": "b@c.de" } } });
        ada.erase_from(&mut details);
        assert_eq!(details, json!({ "changes": { "email": { "from": null, "to": "b@c.de" } } }));
        assert!(!Identifiers::new(&[], Some(" ")).are_in("anything"));
    }
}
