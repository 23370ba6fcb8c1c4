//! The providers, each with the least that it answers and reports.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::domain::token::hex;
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::EncodePublicKey,
};
use serde_json::Value;
use sha2::Sha256;

use crate::support::{json, provider::CannedAnswer, sns};

const SECRET: &str = "a-secret-for-reports";

fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sendgrids_key() -> SigningKey {
    SigningKey::from_slice(&[7; 32]).unwrap()
}

/// Headers and a body.
pub type Report = (Vec<(&'static str, String)>, Value);

/// How a provider is configured, what it answers to a letter, and how it proves and tells a bounce of that
/// letter.
pub struct Case {
    pub provider: &'static str,
    pub mail_url: &'static str,
    pub key: String,
    pub answer: CannedAnswer<'static>,
    pub bounce: fn(now: i64) -> Report,
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub fn cases() -> [Case; 8] {
    let public = sendgrids_key().verifying_key().to_public_key_der().unwrap();
    [
        Case {
            provider: "postmark",
            mail_url: "postmark://hunter22",
            key: SECRET.to_owned(),
            answer: (200, "", r#"{"ErrorCode":0,"Message":"OK","MessageID":"name-of-theirs"}"#),
            bounce: |_| {
                let body = json!({
                    "RecordType": "Bounce", "Type": "HardBounce", "ID": 42, "MessageID": "name-of-theirs"
                });
                (vec![("x-mail-events-secret", SECRET.to_owned())], body)
            },
        },
        Case {
            provider: "sendgrid",
            mail_url: "sendgrid://hunter22",
            key: STANDARD.encode(public.as_bytes()),
            answer: (202, "X-Message-Id: name-of-theirs", ""),
            bounce: |now| {
                let body = json!([{
                    "event": "bounce", "type": "bounce", "timestamp": now, "sg_event_id": "e1",
                    "sg_message_id": "name-of-theirs.recvd-5f9-1.0"
                }]);
                let signature: Signature = sendgrids_key().sign(format!("{now}{body}").as_bytes());
                let headers = vec![
                    (
                        "x-twilio-email-event-webhook-signature",
                        STANDARD.encode(signature.to_der().as_bytes()),
                    ),
                    ("x-twilio-email-event-webhook-timestamp", now.to_string()),
                ];
                (headers, body)
            },
        },
        Case {
            provider: "mailgun",
            mail_url: "mailgun://hunter22@mg.example.com",
            key: SECRET.to_owned(),
            answer: (200, "", r#"{"id":"<name-of-theirs@mg.example.com>","message":"Queued. Thank you."}"#),
            bounce: |now| {
                let signature = hex(&mac(&format!("{now}token")));
                let body = json!({
                    "signature": { "timestamp": now.to_string(), "token": "token", "signature": signature },
                    "event-data": {
                        "event": "failed", "severity": "permanent", "id": "e1", "timestamp": now,
                        "message": { "headers": { "message-id": "name-of-theirs@mg.example.com" } }
                    }
                });
                (Vec::new(), body)
            },
        },
        Case {
            provider: "resend",
            mail_url: "resend://hunter22",
            key: format!("whsec_{}", STANDARD.encode(SECRET)),
            answer: (200, "", r#"{"id":"name-of-theirs"}"#),
            bounce: |now| {
                let body = json!({
                    "type": "email.bounced", "data": {
                        "email_id": "name-of-theirs", "bounce": { "type": "Permanent" }
                    }
                });
                let headers = vec![
                    ("svix-id", "msg_1".to_owned()),
                    ("svix-timestamp", now.to_string()),
                    (
                        "svix-signature",
                        format!("v1,{}", STANDARD.encode(mac(&format!("msg_1.{now}.{body}")))),
                    ),
                ];
                (headers, body)
            },
        },
        Case {
            provider: "ses",
            mail_url: "ses://AKID:hunter22@eu-central-1",
            key: sns::ARN.to_owned(),
            answer: (200, "", r#"{"MessageId":"name-of-theirs"}"#),
            bounce: |now| {
                let event = json!({
                    "eventType": "Bounce", "mail": { "messageId": "name-of-theirs" },
                    "bounce": { "bounceType": "Permanent", "bounceSubType": "General" }
                });
                let at = DateTime::from_timestamp(now, 0).unwrap();
                (Vec::new(), sns::notification("m1", at, &event.to_string()))
            },
        },
        Case {
            provider: "brevo",
            mail_url: "brevo://hunter22",
            key: SECRET.to_owned(),
            answer: (201, "", r#"{"messageId":"<name-of-theirs@smtp-relay.mailin.fr>"}"#),
            bounce: |now| {
                let body = json!({
                    "event": "hard_bounce", "message-id": "<name-of-theirs@smtp-relay.mailin.fr>",
                    "ts_epoch": now * 1000
                });
                (vec![("authorization", format!("Bearer {SECRET}"))], body)
            },
        },
        Case {
            provider: "mailjet",
            mail_url: "mailjet://apikey:hunter22",
            key: SECRET.to_owned(),
            answer: (
                200,
                "",
                r#"{"Messages":[{"Status":"success","To":[{"MessageID":19421777396190490}]}]}"#,
            ),
            bounce: |now| {
                let body = json!([{
                    "event": "bounce", "time": now, "MessageID": 19_421_777_396_190_490_u64,
                    "hard_bounce": true, "error": "user unknown"
                }]);
                (vec![("authorization", format!("Basic {}", STANDARD.encode(format!("any:{SECRET}"))))], body)
            },
        },
        Case {
            provider: "azure",
            mail_url: "azure://aHVudGVyMjI=@voltmark",
            key: SECRET.to_owned(),
            answer: (202, "", r#"{"id":"name-of-theirs","status":"Running"}"#),
            bounce: |_| {
                let body = json!([{
                    "id": "e1", "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
                    "data": { "messageId": "name-of-theirs", "status": "Bounced" }
                }]);
                (vec![("x-mail-events-secret", SECRET.to_owned())], body)
            },
        },
    ]
}
