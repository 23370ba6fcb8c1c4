//! What the stored answers to requests with an `Idempotency-Key` say. They are read as JSON, since answers of
//! earlier releases are among them.

use serde::{
    Deserialize, Serialize, Serializer,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::{
    domain::{
        ids::{ClientId, InvitationId, SecretId, WebhookEndpointId},
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

/// Whose new secret an answer shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedTo {
    /// An API client.
    Client(ClientId, SecretId),
    /// A webhook endpoint.
    Endpoint(WebhookEndpointId, SecretId),
}

/// Whose newest secret an answer shows. Other answers are not read: that to a batch may be long.
pub fn issued_secret(answer: &StoredAnswer) -> Option<IssuedTo> {
    #[derive(Deserialize)]
    struct Body {
        id: String,
        secrets: Vec<Secret>,
    }
    #[derive(Deserialize)]
    struct Secret {
        id: String,
    }
    let begins = |text| answer.body.starts_with(text);
    let (is_client, is_endpoint) = (begins(r#"{"id":"client_"#), begins(r#"{"id":"whe_"#));
    let may_show = (200..300).contains(&answer.status) && (is_client || is_endpoint);
    let body: Body = may_show.then(|| serde_json::from_str(&answer.body).ok()).flatten()?;
    let secret = body.secrets.first()?.id.parse().ok()?;
    Some(if is_client {
        IssuedTo::Client(body.id.parse().ok()?, secret)
    } else {
        IssuedTo::Endpoint(body.id.parse().ok()?, secret)
    })
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
    fn whose_secret_is_shown_follows_from_the_id() {
        let secret = "sec_01m86xvxh0f46bs8r42wfv2z13";
        let body = |id: &str| format!(r#"{{"id":"{id}","secrets":[{{"id":"{secret}"}}]}}"#);
        let (client, endpoint) = ("client_01m86xvxh0f46bs8r42wfv2z13", "whe_01m86xvxh0f46bs8r42wfv2z13");
        let of = |status, id| issued_secret(&answer(status, &body(id)));
        let secret = secret.parse().unwrap();
        assert_eq!(of(201, client), Some(IssuedTo::Client(client.parse().unwrap(), secret)));
        assert_eq!(of(200, endpoint), Some(IssuedTo::Endpoint(endpoint.parse().unwrap(), secret)));
        assert_eq!((of(409, endpoint), of(200, "inv_01m86xvxh0f46bs8r42wfv2z13")), (None, None));
        assert_eq!(issued_secret(&answer(200, r#"{"id":"whe_x","secrets":[]}"#)), None);
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
