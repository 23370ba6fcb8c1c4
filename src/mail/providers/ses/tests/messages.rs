//! Messages of Amazon SNS: the signatures of both versions, where certificates come from, and subscriptions.

use std::sync::Mutex;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, TimeDelta};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs1::DecodeRsaPrivateKey};
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::delivery_reports::{Verified, WebhookError, WebhookRequest, WebhookVerifier};

pub(super) const ARN: &str = "arn:aws:sns:eu-central-1:123456789012:ses-events";
const CERTIFICATE: &[u8] = include_bytes!("../../../../../tests/cases/sns/sns.pem");
const COMMON_NAME: &[u8] = include_bytes!("../../../../../tests/cases/sns/common-name.pem");
const OTHER_NAME: &[u8] = include_bytes!("../../../../../tests/cases/sns/other-name.pem");
const CERTIFICATE_URL: &str =
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";

/// The prefixes of the two hashes in a signature (RFC 8017 §9.2, note 1).
const SHA1_PREFIX: &[u8] = &[0x30, 0x21, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x14];
const SHA256_PREFIX: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];

/// What Amazon SNS signs, by its documentation: name and value, a line each.
fn signature(message: &Value, version: &str) -> String {
    let names = match message["Type"].as_str().unwrap() {
        "Notification" => vec!["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        _ => vec!["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    };
    let lines = names.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[name].as_str()?)));
    let text = lines.collect::<String>();
    let (prefix, digest) = match version {
        "1" => (SHA1_PREFIX, sha1_smol::Sha1::from(text.as_bytes()).digest().bytes().to_vec()),
        _ => (SHA256_PREFIX, Sha256::digest(&text).to_vec()),
    };
    let padding = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into() };
    let key = include_bytes!("../../../../../tests/cases/keys/rsa-a.der");
    STANDARD.encode(RsaPrivateKey::from_pkcs1_der(key).unwrap().sign(padding, &digest).unwrap())
}

/// A message of the topic as it is sent, signed.
pub(super) fn message(kind: &str, text: &str, version: &str) -> Value {
    let mut message = json!({
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": ARN,
        "Message": text,
        "Timestamp": "2026-11-24T11:59:30.000Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    });
    if kind == "Notification" {
        message["Subject"] = "Amazon SES Email Event Notification".into();
        message["UnsubscribeURL"] = "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe".into();
    } else {
        message["Token"] = "2336412f37".into();
        message["SubscribeURL"] = format!(
            "https://sns.eu-central-1.amazonaws.com/\
            ?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37"
        )
        .into();
    }
    sign(&mut message);
    message
}

fn sign(message: &mut Value) {
    let version = message["SignatureVersion"].as_str().unwrap().to_owned();
    message["Signature"] = signature(message, &version).into();
}

fn topic() -> Topic {
    Topic::parse(ARN).unwrap()
}

/// The URL that the topic asks for, and what it reads with this certificate.
fn received(message: &Value, certificate: &[u8]) -> (Option<String>, Result<Verified, WebhookError>) {
    let (topic, body) = (topic(), message.to_string());
    let request = WebhookRequest { header: &|_| None, body: body.as_bytes(), now: now(), document: None };
    let url = topic.document(&request).ok().flatten();
    (url, read(&topic, &[], &body, Some(certificate)))
}

#[test]
fn both_versions_of_the_signature_are_verified() {
    for version in ["1", "2"] {
        let message = message("Notification", "{}", version);
        let (url, verified) = received(&message, CERTIFICATE);
        assert_eq!(url.as_deref(), Some(CERTIFICATE_URL));
        assert_eq!(verified.unwrap().events.len(), 1, "{version}");
        // Nor does one version's signature hold for the other.
        let mut other = message.clone();
        other["SignatureVersion"] = if version == "1" { "2" } else { "1" }.into();
        assert_eq!(received(&other, CERTIFICATE).1, Err(WebhookError::Unverified));
    }
}

#[test]
fn a_signature_covers_every_member_that_counts() {
    for (kind, members) in [
        ("Notification", vec!["Message", "MessageId", "Subject", "Timestamp", "Type"]),
        (
            "SubscriptionConfirmation",
            vec!["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "Type"],
        ),
    ] {
        let message = message(kind, "{}", "2");
        assert!(received(&message, CERTIFICATE).1.is_ok(), "{kind}");
        for member in members {
            let mut changed = message.clone();
            changed[member] = match member {
                "Timestamp" => "2026-11-24T11:59:31.000Z".to_owned(),
                "Type" => "UnsubscribeConfirmation".to_owned(),
                _ => format!("{} ", message[member].as_str().unwrap()),
            }
            .into();
            assert_eq!(received(&changed, CERTIFICATE).1, Err(WebhookError::Unverified), "{kind} {member}");
            changed.as_object_mut().unwrap().remove(member);
            assert_eq!(received(&changed, CERTIFICATE).1, Err(WebhookError::Unverified), "{kind} {member}");
        }
    }
    let mut plain = message("Notification", "{}", "1");
    plain.as_object_mut().unwrap().remove("Subject");
    sign(&mut plain);
    assert!(received(&plain, CERTIFICATE).1.is_ok(), "a notification may have no subject");
}

#[test]
fn a_certificate_is_asked_for_at_amazon_alone() {
    let end = "SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem";
    for url in [
        format!("http://sns.eu-central-1.amazonaws.com/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com.example.com/{end}"),
        format!("https://example.com/sns.eu-central-1.amazonaws.com/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com@example.com/{end}"),
        format!("https://ada:pw@sns.eu-central-1.amazonaws.com/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com:8443/{end}"),
        format!("https://sns.us-east-1.amazonaws.com/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com.cn/{end}"),
        format!("https://s3.eu-central-1.amazonaws.com/{end}"),
        format!("https://snsXeu-central-1.amazonaws.com/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com/bucket/{end}"),
        format!("https://sns.eu-central-1.amazonaws.com/{end}?x=1"),
        format!("https://sns.eu-central-1.amazonaws.com/{end}#x"),
        format!("https://sns.eu-central-1.amazonaws.com/?Action=Publish&x={end}"),
        "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem/../x".to_owned(),
        "https://sns.eu-central-1.amazonaws.com/other.pem".to_owned(),
        "file:///etc/ssl/cert.pem".to_owned(),
        String::new(),
    ] {
        let mut message = message("Notification", "{}", "2");
        message["SigningCertURL"] = url.as_str().into();
        assert_eq!(received(&message, CERTIFICATE).0, None, "{url}");
    }
    // Nor is it asked for a message that cannot be genuine.
    for (member, value) in [
        ("TopicArn", "arn:aws:sns:eu-central-1:123456789012:other"),
        ("TopicArn", "arn:aws:sns:eu-central-1:210987654321:ses-events"),
        ("Timestamp", "2026-11-24T09:59:59.000Z"),
        ("Timestamp", "2026-11-24T12:05:01.000Z"),
        ("Timestamp", "yesterday"),
        ("SignatureVersion", "3"),
        ("Signature", "!"),
    ] {
        let mut message = message("Notification", "{}", "2");
        message[member] = value.into();
        if member != "Signature" && member != "SignatureVersion" {
            sign(&mut message);
        }
        let (url, verified) = received(&message, CERTIFICATE);
        assert_eq!((url, verified), (None, Err(WebhookError::Unverified)), "{member} {value}");
    }
    let china = Topic::parse("arn:aws-cn:sns:cn-north-1:123456789012:ses-events").unwrap();
    let mut message = message("Notification", "{}", "2");
    message["TopicArn"] = "arn:aws-cn:sns:cn-north-1:123456789012:ses-events".into();
    message["SigningCertURL"] = format!("https://sns.cn-north-1.amazonaws.com.cn/{end}").into();
    let body = message.to_string();
    let request = WebhookRequest { header: &|_| None, body: body.as_bytes(), now: now(), document: None };
    assert!(china.document(&request).unwrap().is_some());
}

#[test]
fn a_certificate_is_one_of_amazon_sns_and_valid() {
    let message = message("Notification", "{}", "2");
    let cut = &CERTIFICATE[..CERTIFICATE.len() / 2];
    for (certificate, is_good) in
        [(CERTIFICATE, true), (COMMON_NAME, true), (OTHER_NAME, false), (cut, false), (b"", false)]
    {
        assert_eq!(received(&message, certificate).1.is_ok(), is_good, "{}", certificate.len());
    }
    // Its key, and no other: this one is of a curve.
    let other = rcgen::generate_simple_self_signed(vec!["sns.amazonaws.com".to_owned()]).unwrap().cert.pem();
    assert_eq!(received(&message, other.as_bytes()).1, Err(WebhookError::Unverified));
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let names = ["sns.amazonaws.com".to_owned()];
    for (at, is_valid) in [
        (at("2025-12-31T23:59:59Z"), false),
        (at("2026-01-01T00:00:00Z"), true),
        (at("2036-01-01T00:00:00Z"), true),
        (at("2036-01-01T00:00:01Z"), false),
        (at("1969-01-01T00:00:00Z"), false),
    ] {
        assert_eq!(certificate::public_key(CERTIFICATE, &names, at).is_some(), is_valid, "{at}");
    }
    for (region, name) in [
        ("aws:sns:eu-central-1", "sns.amazonaws.com"),
        ("aws:sns:af-south-1", "sns-signing.af-south-1.amazonaws.com"),
        ("aws-cn:sns:cn-north-1", "sns-cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov:sns:us-gov-east-1", "sns-us-gov-west-1.amazonaws.com"),
    ] {
        let topic = Topic::parse(&format!("arn:{region}:123456789012:x")).unwrap();
        assert!(topic.names().iter().any(|known| known == name), "{region}: {:?}", topic.names());
    }
}

#[test]
fn a_subscription_is_confirmed_at_amazon_alone() {
    let good = message("SubscriptionConfirmation", "You have chosen to subscribe", "1");
    let confirmed = received(&good, CERTIFICATE).1.unwrap();
    assert_eq!(confirmed.confirm.as_deref(), good["SubscribeURL"].as_str());
    assert_eq!((confirmed.events.len(), confirmed.answer), (0, None));
    for url in [
        "https://example.com/?Action=ConfirmSubscription&TopicArn=ARN&Token=x",
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=ARN&Token=x",
        "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&TopicArn=ARN",
        "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=other&Token=x",
        "",
    ] {
        let mut message = message("SubscriptionConfirmation", "", "2");
        message["SubscribeURL"] = url.replace("ARN", ARN).into();
        sign(&mut message);
        assert_eq!(received(&message, CERTIFICATE).1, Err(WebhookError::OtherForm), "{url}");
    }
}

/// The end of a subscription is not answered by a new one, and no more reports come.
#[test]
fn the_end_of_a_subscription_is_logged() {
    let (lines, sink) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    for (lines, kind) in [(&lines, "UnsubscribeConfirmation"), (&sink, "Notification")] {
        let lines = Arc::clone(lines);
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Lines(lines.clone()));
        let verified = tracing::subscriber::with_default(subscriber.finish(), || {
            received(&message(kind, "Successfully validated", "2"), CERTIFICATE).1.unwrap()
        });
        assert_eq!(verified, Verified::default(), "{kind}");
    }
    let text = |lines: &Mutex<Vec<u8>>| String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let said = text(&lines);
    assert!(said.contains("WARN") && said.contains("has ended") && said.contains(ARN), "{said}");
    assert_eq!(text(&sink), "");
}

/// Where the log goes in a test.
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_topic_is_named_by_its_arn() {
    for bad in [
        "",
        "ses-events",
        "arn:aws:sqs:eu-central-1:123456789012:ses-events",
        "arn:other:sns:eu-central-1:123456789012:ses-events",
        "arn:aws:sns::123456789012:ses-events",
        "arn:aws:sns:eu-central-1/x:123456789012:ses-events",
        "arn:aws:sns:example.com:123456789012:ses-events",
        "arn:aws:sns:eu-central-1:1234:ses-events",
        "arn:aws:sns:eu-central-1:123456789012:",
        "arn:aws:sns:eu-central-1:123456789012:ses-events:subscription",
    ] {
        assert!(Topic::parse(bad).is_err(), "{bad}");
    }
    let request = |arn: &'static str| {
        let header = move |name: &str| (name == "x-amz-sns-topic-arn").then_some(arn);
        topic().admits(&WebhookRequest { header: &header, body: &[], now: now(), document: None })
    };
    assert!(request(ARN) && !request("arn:aws:sns:eu-central-1:123456789012:other"));
}

/// An hour, with the signature of the first attempt.
#[test]
fn a_message_holds_while_amazon_tries() {
    let body = message("Notification", "{}", "2").to_string();
    let at = |ago: TimeDelta| {
        let request = WebhookRequest {
            header: &|_| None,
            body: body.as_bytes(),
            now: now() - TimeDelta::seconds(30) + ago,
            document: Some(CERTIFICATE),
        };
        topic().read(&request).is_ok()
    };
    assert!(
        at(TimeDelta::hours(1))
            && at(TimeDelta::hours(2))
            && !at(TimeDelta::hours(2) + TimeDelta::seconds(1))
    );
}
