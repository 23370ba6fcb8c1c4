//! How each provider reports of a letter.

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

use crate::support::sns;

const SECRET: &str = "a-secret-for-every-report";

/// Headers and a body.
type Request = (Vec<(&'static str, String)>, String);

/// A provider's way of reporting.
pub struct Reporter {
    pub provider: &'static str,
    pub key: String,
    /// Whether a request may have several events.
    pub is_batched: bool,
    /// The event by which a letter gets to a state, at this second; `None` where the provider has none.
    pub event: fn(state: &str, letter: &str, id: &str, at: i64) -> Option<Value>,
    /// The request that brings these events.
    pub request: fn(events: &[Value], now: DateTime<Utc>) -> Request,
}

fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn curve_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

fn rfc3339(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().to_rfc3339()
}

/// With the secret in a header, and a list only where there is more than one event.
fn with_secret(events: &[Value], _: DateTime<Utc>) -> Request {
    let body = if let [event] = events { event.to_string() } else { json!(events).to_string() };
    (vec![("x-mail-events-secret", SECRET.to_owned())], body)
}

pub fn reporters() -> Vec<Reporter> {
    let public = STANDARD.encode(curve_key().verifying_key().to_public_key_der().unwrap().as_bytes());
    let with_key = |provider, key: &str, is_batched, event, request| Reporter {
        provider,
        key: key.to_owned(),
        is_batched,
        event,
        request,
    };
    vec![
        with_key("postmark", SECRET, false, postmark, with_secret),
        with_key("sendgrid", &public, true, sendgrid, sendgrids_request),
        with_key("mailgun", SECRET, false, mailgun, mailguns_request),
        with_key("resend", &format!("whsec_{}", STANDARD.encode(SECRET)), false, resend, resends_request),
        with_key("ses", sns::ARN, false, ses, sess_request),
        with_key("brevo", SECRET, true, brevo, with_secret),
        with_key("mailjet", SECRET, true, mailjet, with_secret),
        with_key("azure", SECRET, true, azure, |events, _| {
            (vec![("x-mail-events-secret", SECRET.to_owned())], json!(events).to_string())
        }),
    ]
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn postmark(state: &str, letter: &str, id: &str, at: i64) -> Option<Value> {
    let (record, kind, details) = match state {
        "deferred" => ("Bounce", "Transient", "action: delayed"),
        "delivered" => ("Delivery", "", ""),
        "bounced" => ("Bounce", "HardBounce", "smtp;550 5.1.1 user unknown"),
        _ => ("SpamComplaint", "SpamComplaint", ""),
    };
    // A number of its own, as Postmark's have.
    let number = u32::from_str_radix(&hex(&mac(id))[..7], 16).unwrap();
    Some(json!({
        "RecordType": record, "Type": kind, "Details": details, "ID": number,
        "MessageID": format!("m-{letter}"),
        "Metadata": { "letter": letter }, "BouncedAt": rfc3339(at)
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn sendgrid(state: &str, letter: &str, id: &str, at: i64) -> Option<Value> {
    let event = match state {
        "deferred" | "delivered" => state,
        "bounced" => "bounce",
        _ => "spamreport",
    };
    Some(
        json!({ "event": event, "sg_event_id": format!("{letter}-{id}"), "timestamp": at, "letter": letter }),
    )
}

fn sendgrids_request(events: &[Value], now: DateTime<Utc>) -> Request {
    let (at, body) = (now.timestamp(), json!(events).to_string());
    let signature: Signature = curve_key().sign(format!("{at}{body}").as_bytes());
    let headers = vec![
        ("x-twilio-email-event-webhook-signature", STANDARD.encode(signature.to_der().as_bytes())),
        ("x-twilio-email-event-webhook-timestamp", at.to_string()),
    ];
    (headers, body)
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn mailgun(state: &str, letter: &str, id: &str, at: i64) -> Option<Value> {
    let (event, severity) = match state {
        "deferred" => ("failed", "temporary"),
        "delivered" => ("delivered", ""),
        "bounced" => ("failed", "permanent"),
        _ => ("complained", ""),
    };
    Some(json!({
        "event": event, "severity": severity, "id": format!("{letter}-{id}"), "timestamp": at,
        "user-variables": { "letter": letter }
    }))
}

fn mailguns_request(events: &[Value], now: DateTime<Utc>) -> Request {
    // A token for each event.
    let (at, token) = (now.timestamp().to_string(), hex(&mac(&events[0].to_string())));
    let signature = hex(&mac(&format!("{at}{token}")));
    let body = json!({
        "signature": { "timestamp": at, "token": token, "signature": signature }, "event-data": events[0]
    });
    (Vec::new(), body.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn resend(state: &str, letter: &str, _: &str, at: i64) -> Option<Value> {
    let kind = match state {
        "deferred" => "email.delivery_delayed",
        "delivered" => "email.delivered",
        "bounced" => "email.bounced",
        _ => "email.complained",
    };
    Some(json!({
        "type": kind, "created_at": rfc3339(at),
        "data": { "tags": { "letter": letter }, "bounce": { "type": "Permanent" } }
    }))
}

fn resends_request(events: &[Value], now: DateTime<Utc>) -> Request {
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

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn ses(state: &str, letter: &str, _: &str, at: i64) -> Option<Value> {
    let (kind, name) = match state {
        "deferred" => ("DeliveryDelay", "deliveryDelay"),
        "delivered" => ("Delivery", "delivery"),
        "bounced" => ("Bounce", "bounce"),
        _ => ("Complaint", "complaint"),
    };
    let mut event = json!({ "eventType": kind, "mail": { "tags": { "letter": [letter] } } });
    event[name] = json!({ "timestamp": rfc3339(at), "bounceType": "Permanent", "bounceSubType": "General" });
    Some(event)
}

fn sess_request(events: &[Value], now: DateTime<Utc>) -> Request {
    let text = events[0].to_string();
    // A message that is sent again has the same id.
    let message = sns::notification(&hex(&mac(&text))[..36], now, &text);
    (vec![("x-amz-sns-topic-arn", sns::ARN.to_owned())], message.to_string())
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn brevo(state: &str, letter: &str, _: &str, at: i64) -> Option<Value> {
    let event = match state {
        "deferred" | "delivered" => state,
        "bounced" => "hard_bounce",
        _ => "spam",
    };
    Some(json!({
        "event": event, "email": "ada@example.com", "id": 9_999_999, "ts_epoch": at * 1000,
        "message-id": "<201803062010.27287306012@smtp-relay.mailin.fr>", "X-Mailin-custom": letter
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "one type for all: some have no report of a state")]
fn mailjet(state: &str, letter: &str, _: &str, at: i64) -> Option<Value> {
    let (event, error, hard) = match state {
        "deferred" => ("bounce", "greylisted", false),
        "delivered" => ("sent", "", false),
        "bounced" => ("bounce", "user unknown", true),
        _ => ("spam", "", false),
    };
    Some(json!({
        "event": event, "time": at, "MessageID": 19_421_777_396_190_490_u64, "error": error,
        "hard_bounce": hard, "CustomID": letter
    }))
}

/// There is no report of a deferral, nor of a complaint.
fn azure(state: &str, letter: &str, id: &str, at: i64) -> Option<Value> {
    let status = match state {
        "delivered" => "Delivered",
        "bounced" => "Bounced",
        _ => return None,
    };
    Some(json!({
        "id": format!("{letter}-{id}"), "eventTime": rfc3339(at),
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "data": {
            "messageId": "8540c0de-899f-5cce-acb5-3ec493af3800", "status": status,
            "internetMessageId": format!("<{letter}@voltmark.example>")
        }
    }))
}
