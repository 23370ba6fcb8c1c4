//! How providers prove their reports.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::domain::token::hex;
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::EncodePublicKey,
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::case::Request;
use crate::support::sns;

/// What a webhook's requests bring, or are signed with.
pub const SECRET: &str = "a-secret-for-every-report";

/// HMAC-SHA-256 with the secret.
pub fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn curve_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// The public key of what [`curve`] signs, in base 64.
pub fn public_key() -> String {
    STANDARD.encode(curve_key().verifying_key().to_public_key_der().unwrap().as_bytes())
}

/// The body: a list only where there is more than one event.
fn single_or_list(events: &[Value]) -> String {
    if let [event] = events { event.to_string() } else { json!(events).to_string() }
}

/// With the secret in a header of its own.
pub fn with_secret(events: &[Value], _: DateTime<Utc>) -> Request {
    (vec![("x-mail-events-secret", SECRET.to_owned())], single_or_list(events))
}

/// The same, always with a list.
pub fn list_with_secret(events: &[Value], now: DateTime<Utc>) -> Request {
    (with_secret(events, now).0, json!(events).to_string())
}

/// With the secret as a bearer token.
pub fn bearer(events: &[Value], _: DateTime<Utc>) -> Request {
    (vec![("authorization", format!("Bearer {SECRET}"))], single_or_list(events))
}

/// With the secret as the password of basic authentication.
pub fn basic(events: &[Value], _: DateTime<Utc>) -> Request {
    let credentials = STANDARD.encode(format!("any:{SECRET}"));
    (vec![("authorization", format!("Basic {credentials}"))], single_or_list(events))
}

/// A list, signed with ECDSA on P-256, with the time (SendGrid).
pub fn curve(events: &[Value], now: DateTime<Utc>) -> Request {
    let (at, body) = (now.timestamp(), json!(events).to_string());
    let signature: Signature = curve_key().sign(format!("{at}{body}").as_bytes());
    let headers = vec![
        ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.to_der().as_bytes())),
        ("x-twilio-email-event-webhook-timestamp", at.to_string()),
    ];
    (headers, body)
}

/// With a signed token in the body (Mailgun).
pub fn token(events: &[Value], now: DateTime<Utc>) -> Request {
    // A token for each event.
    let (at, token) = (now.timestamp().to_string(), hex(&mac(&events[0].to_string())));
    let signature = hex(&mac(&format!("{at}{token}")));
    let body = json!({
        "signature": { "timestamp": at, "token": token, "signature": signature }, "event-data": events[0]
    });
    (Vec::new(), body.to_string())
}

/// As Svix signs (Resend).
pub fn svix(events: &[Value], now: DateTime<Utc>) -> Request {
    let (at, body) = (now.timestamp(), events[0].to_string());
    // The event's id is in a header.
    let id = format!("msg_{}", &hex(&mac(&body))[..20]);
    let signature = STANDARD.encode(mac(&format!("{id}.{at}.{body}")));
    let headers = vec![
        ("svix-id", id),
        ("svix-timestamp", at.to_string()),
        ("svix-signature", format!("v1,{signature}")),
    ];
    (headers, body)
}

/// In a notification of Amazon SNS.
pub fn notification(events: &[Value], now: DateTime<Utc>) -> Request {
    let text = events[0].to_string();
    // A message that is sent again has the same id.
    let message = sns::notification(&hex(&mac(&text))[..36], now, &text);
    (vec![("x-amz-sns-topic-arn", sns::ARN.to_owned())], message.to_string())
}

/// A request whose headers prove nothing.
pub fn other_headers((headers, body): Request) -> Request {
    let reversed = headers.into_iter().map(|(name, value)| (name, value.chars().rev().collect()));
    (reversed.collect(), body)
}

/// A request whose body has another token than the signed one.
pub fn other_token(request: Request) -> Request {
    changed(request, "token")
}

/// A notification with another id than the signed one.
pub fn other_message(request: Request) -> Request {
    changed(request, "MessageId")
}

fn changed((headers, body): Request, member: &str) -> Request {
    let start = format!("\"{member}\":\"");
    assert!(body.contains(&start), "{body}");
    let other = body.replacen(&start, &format!("{start}0"), 1);
    (headers, other)
}
