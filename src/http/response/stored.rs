//! What the stored answers to requests with an `Idempotency-Key` say. They are read as JSON, since answers of
//! earlier releases are among them.

use serde::{
    Deserialize, Serialize, Serializer,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    domain::{
        ids::{ClientId, InvitationId, SecretId},
        invitation::DeliveryState,
    },
    services::idempotency::StoredAnswer,
};

/// An invitation that was the answer.
pub struct StoredInvitation {
    /// Its id.
    pub id: InvitationId,
    /// How far its letter had come.
    delivery: String,
}

impl StoredInvitation {
    /// The invitation, where one was the answer.
    pub fn of(answer: &StoredAnswer) -> Option<Self> {
        #[derive(Deserialize)]
        struct Body {
            id: String,
            delivery: Delivery,
        }
        #[derive(Deserialize)]
        struct Delivery {
            state: String,
        }
        let is_invitation = (200..300).contains(&answer.status);
        let body: Body = serde_json::from_str(&answer.body).ok().filter(|_| is_invitation)?;
        Some(Self { id: body.id.parse().ok()?, delivery: body.delivery.state })
    }

    /// Whether its link is returned in place of a letter.
    pub fn is_by_link(&self) -> bool {
        self.delivery == DeliveryState::HandedOver.as_str()
    }
}

/// The client and its newest secret, of an answer that shows the secret. Other answers are not read: that to
/// a batch may be long.
pub fn issued_secret(answer: &StoredAnswer) -> Option<(ClientId, SecretId)> {
    #[derive(Deserialize)]
    struct Body {
        id: String,
        secrets: Vec<Secret>,
    }
    #[derive(Deserialize)]
    struct Secret {
        id: String,
    }
    let is_client = (200..300).contains(&answer.status) && answer.body.starts_with(r#"{"id":"client_"#);
    let body: Body = is_client.then(|| serde_json::from_str(&answer.body).ok()).flatten()?;
    Some((body.id.parse().ok()?, body.secrets.first()?.id.parse().ok()?))
}

/// The error code of an answer that was an error.
pub fn error_code(answer: &StoredAnswer) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    serde_json::from_str(&answer.body).ok().map(|Problem { code }| code)
}

/// The body of an answer with one more member.
///
/// # Errors
/// When the body is not a JSON object.
pub fn with_member(answer: &StoredAnswer, name: &str, value: &str) -> Result<String, serde_json::Error> {
    let mut body: Object = serde_json::from_str(&answer.body)?;
    body.0.push((name.to_owned(), to_raw_value(value)?));
    serde_json::to_string(&body)
}

/// A JSON object whose members keep their order.
struct Object(Vec<(String, Box<RawValue>)>);

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> StoredAnswer {
        StoredAnswer { status, body: body.to_owned(), location: None, etag: None }
    }

    #[test]
    fn members_are_read_and_one_is_added_behind_them() {
        let id = "inv_01m86xvxh0e3pt0yekqqme4qcm";
        let body = format!(r#"{{"id":"{id}","b":1.50,"a":null,"delivery":{{"state":"handed_over"}}}}"#);
        let stored = StoredInvitation::of(&answer(201, &body)).unwrap();
        assert_eq!((stored.id.as_str(), stored.is_by_link()), (id, true));
        assert_eq!(
            with_member(&answer(201, &body), "activation_link", "https://\"").unwrap(),
            body.strip_suffix('}').unwrap().to_owned() + r#","activation_link":"https://\""}"#
        );
        assert!(StoredInvitation::of(&answer(409, &body)).is_none());
        assert_eq!(error_code(&answer(409, r#"{"code":"x"}"#)).as_deref(), Some("x"));
        for other in ["", "[]", "{}", r#"{"results":[]}"#] {
            assert!(
                StoredInvitation::of(&answer(200, other)).is_none()
                    && error_code(&answer(404, other)).is_none()
            );
        }
    }
}
