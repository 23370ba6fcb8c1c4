//! A stand-in for Amazon SNS: its messages, signed with a key of the tests', and what it is asked.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use invitation_service::{
    app::Parts,
    domain::webhook_client::{FetchError, Fetching, WebhookClient},
};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs1::DecodeRsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The topic.
pub const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:ses-events";
/// Where its certificate is.
pub const CERTIFICATE_URL: &str =
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";
const CERTIFICATE: &[u8] = include_bytes!("../../cases/sns/sns.pem");
/// The hash's name in a signature (RFC 8017 §9.2, note 1).
const SHA256_PREFIX: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// What is asked instead of Amazon SNS.
#[derive(Default)]
pub struct Sns {
    asked: Mutex<Vec<String>>,
    /// What it answers instead of its certificate, and of a confirmation.
    fault: Mutex<Option<FetchError>>,
}

impl Sns {
    /// Put into the parts of an app.
    pub fn installed(parts: &mut Parts) -> Arc<Self> {
        let sns = Arc::new(Self::default());
        parts.settings.webhooks = parts.settings.webhooks.clone().with_client(sns.clone());
        sns
    }

    /// The URLs that it was asked for, and forgets them.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// From now on it answers so.
    pub fn answers(&self, fault: Option<FetchError>) {
        *self.fault.lock().unwrap() = fault;
    }

    fn answer(&self, url: &str) -> Fetching<'static> {
        self.asked.lock().unwrap().push(url.to_owned());
        let fault = self.fault.lock().unwrap().clone();
        Box::pin(async move { fault.map_or_else(|| Ok(CERTIFICATE.into()), Err) })
    }
}

impl WebhookClient for Sns {
    fn document<'a>(&'a self, url: &'a str, _: DateTime<Utc>) -> Fetching<'a> {
        self.answer(url)
    }

    fn open<'a>(&'a self, url: &'a str) -> Fetching<'a> {
        self.answer(url)
    }
}

/// A notification with this text.
pub fn notification(id: &str, at: DateTime<Utc>, text: &str) -> Value {
    let mut message = message("Notification", id, at, text);
    message["Subject"] = "Amazon SES Email Event Notification".into();
    sign(&mut message);
    message
}

/// The message that asks for the confirmation of a subscription, or tells of its end.
pub fn subscription(kind: &str, at: DateTime<Utc>) -> Value {
    let mut message =
        message(kind, "165545c9-2a5c-472c-8df2-7ff2be2b3b1b", at, "You have chosen to subscribe.");
    message["Token"] = "2336412f37".into();
    message["SubscribeURL"] = subscribe_url().into();
    sign(&mut message);
    message
}

/// The URL that confirms the subscription.
pub fn subscribe_url() -> String {
    format!(
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37"
    )
}

fn message(kind: &str, id: &str, at: DateTime<Utc>, text: &str) -> Value {
    json!({
        "Type": kind, "MessageId": id, "TopicArn": ARN, "Message": text,
        "Timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "SignatureVersion": "2", "SigningCertURL": CERTIFICATE_URL
    })
}

/// Signs the members that Amazon SNS signs, in their order.
pub fn sign(message: &mut Value) {
    let names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
    let lines = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[name].as_str()?)));
    let digest = Sha256::digest(lines.collect::<String>());
    let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: SHA256_PREFIX.into() };
    let key = RsaPrivateKey::from_pkcs1_der(include_bytes!("../../cases/keys/rsa-a.der")).unwrap();
    message["Signature"] = STANDARD.encode(key.sign(padding, &digest).unwrap()).into();
}
