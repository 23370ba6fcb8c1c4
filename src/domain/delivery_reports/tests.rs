//! Each provider's reports, in the shapes that their documentation shows.

use base64::{Engine, engine::general_purpose::STANDARD};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::EncodePublicKey,
};
use serde_json::json;

use super::*;

mod faults;

const NOW: i64 = 1_795_521_600;
const LETTER: &str = "ltr_01m86xvxh0e3pt0yekqqme4qcm";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

fn read(key: &Key, headers: &[(&str, &str)], body: &str) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    key.read(&WebhookRequest { header: &header, body: body.as_bytes(), now: now() })
        .map(|verified| verified.reports)
}

fn mac(secret: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

const POSTMARK: &str = "a-secret-for-postmark";

fn postmark(event: &Value) -> DeliveryEvent {
    let key = Key::parse(Provider::Postmark, POSTMARK).unwrap();
    read(&key, &[("x-mail-events-secret", POSTMARK)], &event.to_string()).unwrap().remove(0)
}

#[test]
fn postmark_proves_itself_by_a_secret() {
    let key = Key::parse(Provider::Postmark, POSTMARK).unwrap();
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let (right, wrong) = (basic(&format!("any:{POSTMARK}")), basic("any:another-secret-for-postmark"));
    for (header, value, good) in [
        ("authorization", right.as_str(), true),
        ("authorization", &wrong, false),
        ("authorization", POSTMARK, false),
        ("authorization", "Basic !", false),
        ("x-mail-events-secret", POSTMARK, true),
        ("x-mail-events-secret", "", false),
        ("x-other", POSTMARK, false),
    ] {
        assert_eq!(read(&key, &[(header, value)], "{}").is_ok(), good, "{header}: {value}");
    }
    assert!(Key::parse(Provider::Postmark, "short").is_err());
}

#[test]
fn postmark_reports() {
    let delivery = postmark(&json!({
        "RecordType": "Delivery", "ServerID": 23, "MessageStream": "outbound", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Recipient": "john@example.com", "Tag": "", "DeliveredAt": "2026-11-24T11:59:00.0000000Z",
        "Details": "smtp;250 2.0.0 OK 1480624905", "Metadata": { "letter": LETTER },
    }));
    assert_eq!(
        delivery,
        DeliveryEvent {
            event_id: "Delivery:883953f4-6105-42a2-a16a-77a8eac79483".to_owned(),
            letter: LETTER.parse().ok(),
            message_ids: vec!["883953f4-6105-42a2-a16a-77a8eac79483".to_owned()],
            at: now() - TimeDelta::minutes(1),
            fate: Some(DeliveryStatus::Delivered),
            fault: None,
            may_be_reply: false,
            reason: None,
            no_such_mailbox: false,
        }
    );
    let bounce = |kind: &str| {
        postmark(&json!({
            "RecordType": "Bounce", "MessageStream": "outbound", "ID": 4_323_372_036_854_775_807_i64, "Type": kind, "TypeCode": 1,
            "Name": "Hard bounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Email": "john@example.com",
            "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
            "Details": "smtp;550 5.1.1 <john@example.com> unknown", "BouncedAt": "2026-11-24T06:59:00.1234567-05:00",
            "Inactive": true, "CanActivate": true, "Subject": "Test subject",
        }))
    };
    let hard = bounce("HardBounce");
    assert_eq!(
        (hard.fate, hard.reason.as_deref()),
        (Some(DeliveryStatus::Bounced), Some("smtp;550 5.1.1 unknown"))
    );
    assert_eq!((hard.event_id.as_str(), hard.at.timestamp()), ("Bounce:4323372036854775807", NOW - 60));
    for given_up in ["SoftBounce", "Transient", "DnsError"] {
        assert_eq!(bounce(given_up).fate, Some(DeliveryStatus::Bounced), "{given_up}");
    }
    let delayed =
        json!({ "RecordType": "Bounce", "Type": "Transient", "ID": "7", "Details": "Action: delayed\r\n" });
    assert_eq!(
        (postmark(&delayed).fate, postmark(&delayed).event_id.len()),
        (Some(DeliveryStatus::Deferred), 64)
    );
    for none in [
        "AutoResponder",
        "Subscribe",
        "Unsubscribe",
        "AddressChange",
        "ChallengeVerification",
        "Unknown",
        "New",
    ] {
        assert_eq!(bounce(none).fate, None, "{none}");
    }
    let complaint = postmark(
        &json!({ "RecordType": "SpamComplaint", "ID": 42, "Type": "SpamComplaint", "BouncedAt": "2999-01-01T00:00:00Z" }),
    );
    assert_eq!((complaint.fate, complaint.at), (Some(DeliveryStatus::Complained), now()));
    assert_eq!(postmark(&json!({ "RecordType": "Open" })).fate, None);
}

fn sendgrid_key() -> (SigningKey, Key) {
    let secret = SigningKey::from_slice(&[7; 32]).unwrap();
    let der = secret.verifying_key().to_public_key_der().unwrap();
    (secret, Key::parse(Provider::Sendgrid, &STANDARD.encode(der.as_bytes())).unwrap())
}

fn sendgrid(at: i64, body: &str) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let (secret, key) = sendgrid_key();
    let signature: Signature = secret.sign(format!("{at}{body}").as_bytes());
    let signature = STANDARD.encode(signature.to_der().as_bytes());
    let at = at.to_string();
    let headers = [
        ("x-twilio-email-event-webhook-signature", signature.as_str()),
        ("x-twilio-email-event-webhook-timestamp", at.as_str()),
    ];
    let other = read(&key, &headers, &format!("{body} "));
    assert_eq!(other, Err(WebhookError::Unverified), "a signature holds for one body");
    read(&key, &headers, body)
}

#[test]
fn sendgrid_reports() {
    let event = |event: &str, more: Value| {
        let mut whole = json!({
            "email": "example@test.com", "timestamp": NOW - 60, "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "event": event,
            "category": "cat facts", "sg_event_id": "ZGVsaXZlcmVkLTA", "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
            "letter": LETTER,
        });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let events = json!([
        event("delivered", json!({ "response": "250 OK" })),
        event("deferred", json!({ "response": "400 try again later", "attempt": "5" })),
        event("bounce", json!({ "reason": "500 unknown recipient", "status": "5.0.0", "type": "bounce" })),
        event("bounce", json!({ "reason": "550 blocked", "type": "blocked" })),
        event("dropped", json!({ "reason": "Bounced Address", "status": "5.0.0" })),
        event("spamreport", json!({})),
        event("open", json!({})),
    ]);
    let read = sendgrid(NOW - 24 * 3600, &events.to_string()).unwrap();
    let told: Vec<_> = read.iter().map(|report| (report.fate, report.reason.as_deref())).collect();
    assert_eq!(
        told,
        [
            (Some(DeliveryStatus::Delivered), None),
            (Some(DeliveryStatus::Deferred), Some("400 try again later")),
            (Some(DeliveryStatus::Bounced), Some("500 unknown recipient")),
            (Some(DeliveryStatus::Bounced), Some("550 blocked")),
            (Some(DeliveryStatus::Bounced), Some("Bounced Address")),
            (Some(DeliveryStatus::Complained), None),
            (None, None),
        ]
    );
    assert!(read[0].message_ids.contains(&"14c5d75ce93.dfd.64b469".to_owned()) && read[0].letter.is_some());
    assert_eq!((read[0].event_id.as_str(), read[0].at.timestamp()), ("ZGVsaXZlcmVkLTA", NOW - 60));
    let named =
        event("delivered", json!({ "sg_message_id": "a.b.c.recvd-1-2.3", "timestamp": "1795521541" }));
    let named = sendgrid(NOW, &json!([named]).to_string()).unwrap().remove(0);
    assert_eq!((named.message_ids[0].as_str(), named.at.timestamp()), ("a.b.c", NOW - 59));
    let pointed = event("delivered", json!({ "sg_message_id": ".".repeat(200) }));
    assert!(sendgrid(NOW, &json!([pointed]).to_string()).unwrap()[0].message_ids.len() < 10);
    for old in [NOW - 25 * 3600 - 1, NOW + 301] {
        assert_eq!(sendgrid(old, "[]"), Err(WebhookError::Unverified));
    }
    assert_eq!(
        (sendgrid(NOW, "{}"), sendgrid(NOW, "[1]")),
        (Err(WebhookError::OtherForm), Err(WebhookError::OtherForm))
    );
    assert_eq!(sendgrid(NOW, "["), Err(WebhookError::NoJson));
}

const MAILGUN: &str = "0123456789abcdef0123456789abcdef";

fn mailgun(at: i64, event: &Value) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let token = "50dcec4a2d0ef27036c44ff39ce9d1a7ee1b31b1d1fc5ff3b0";
    let signature = hex(&mac(MAILGUN.as_bytes(), &format!("{at}{token}")));
    let body = |signature: &str| {
        let signature = json!({ "timestamp": at.to_string(), "token": token, "signature": signature });
        json!({ "signature": signature, "event-data": event }).to_string()
    };
    let key = Key::parse(Provider::Mailgun, MAILGUN).unwrap();
    for wrong in ["", "0", "zz", &signature[2..], &hex(&mac(b"another key", &format!("{at}{token}")))] {
        assert_eq!(read(&key, &[], &body(wrong)), Err(WebhookError::Unverified), "{wrong}");
    }
    read(&key, &[], &body(&signature))
}

#[test]
fn mailgun_reports() {
    let event = |event: &str, severity: &str| {
        json!({
            "event": event, "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": 1_795_521_540.5, "severity": severity, "reason": "suppress-bounce",
            "delivery-status": { "code": 605, "message": "", "description": "Not delivering to previously bounced address" },
            "message": { "headers": { "message-id": "20260203192638.000be97f@sample.mailgun.com", "to": "alice@example.com" } },
            "recipient": "alice@example.com", "user-variables": { "letter": LETTER },
        })
    };
    let one = |kind: &str, severity: &str| mailgun(NOW, &event(kind, severity)).unwrap().remove(0);
    let failed = one("failed", "permanent");
    let why = "Not delivering to previously bounced address";
    assert_eq!((failed.fate, failed.reason.as_deref()), (Some(DeliveryStatus::Bounced), Some(why)));
    assert_eq!((failed.at.timestamp_millis(), failed.letter.is_some()), (NOW * 1000 - 59_500, true));
    assert!(failed.message_ids.contains(&"<20260203192638.000be97f@sample.mailgun.com>".to_owned()));
    assert_eq!(one("failed", "temporary").fate, Some(DeliveryStatus::Deferred));
    assert_eq!(
        (one("delivered", "").fate, one("delivered", "").reason),
        (Some(DeliveryStatus::Delivered), None)
    );
    assert_eq!(
        (one("complained", "").fate, one("opened", "").fate),
        (Some(DeliveryStatus::Complained), None)
    );
    assert_eq!(mailgun(NOW, &json!({ "event": "delivered", "user-variables": [] })).unwrap()[0].letter, None);
    for old in [NOW - 12 * 3600 - 1, NOW + 301] {
        assert_eq!(mailgun(old, &event("delivered", "")), Err(WebhookError::Unverified));
    }
    assert_eq!(
        (one("opened", "").event_id.as_str(), mailgun(NOW - 8 * 3600, &event("opened", "")).is_ok()),
        ("G9Bn5sl1TC6nu79C8C0bwg@1795521540.5", true)
    );
    assert_eq!(mailgun(NOW, &json!([])), Err(WebhookError::OtherForm));
}

/// The example of the Svix documentation.
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn resend_is_verified_as_svix_says() {
    let key = Key::parse(Provider::Resend, WHSEC).unwrap();
    let header = |name: &str| match name {
        "svix-id" => Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        "svix-timestamp" => Some("1614265330"),
        "svix-signature" => Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        _ => None,
    };
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let posted = |now| WebhookRequest { header: &header, body: br#"{"test": 2432232314}"#, now };
    let read = key.read(&posted(at(1_614_265_330))).unwrap().reports;
    // Whole seconds count, as in Svix's libraries: 300 of them are not too old, and not too far ahead.
    let nearly = |seconds, millis| at(seconds) + TimeDelta::milliseconds(millis);
    assert!(key.read(&posted(nearly(1_614_265_630, 999))).is_ok());
    assert!(key.read(&posted(at(1_614_265_030))).is_ok());
    assert_eq!(key.read(&posted(nearly(1_614_265_029, 999))), Err(WebhookError::Unverified));
    assert_eq!((read[0].event_id.as_str(), read[0].fate), ("msg_p5jXN8AQM9LWM0D4loKWxJek", None));
    assert_eq!(key.read(&posted(at(1_614_265_631))), Err(WebhookError::Unverified));
    assert!(
        ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"].iter().all(|text| Key::parse(
            Provider::Resend,
            text
        )
        .is_err())
    );
}

#[test]
fn resend_reports() {
    let key = Key::parse(Provider::Resend, WHSEC).unwrap();
    let one = |kind: &str, more: Value| {
        let mut data = json!({
            "broadcast_id": "8b146471-e88e-4322-86af-016cd36fd216", "created_at": "2026-11-24 11:50:00.000+00",
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "from": "Acme <onboarding@resend.dev>", "to": ["delivered@resend.dev"],
            "subject": "Sending this example", "tags": { "letter": LETTER },
        });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body =
            json!({ "type": kind, "created_at": "2026-11-24T11:59:00.000Z", "data": data }).to_string();
        let signature =
            STANDARD.encode(mac(&STANDARD.decode(&WHSEC[6..]).unwrap(), &format!("msg_1.{NOW}.{body}")));
        let (at, signatures) = (NOW.to_string(), format!("v1,AAAA v1,{signature}"));
        read(&key, &[("svix-id", "msg_1"), ("svix-timestamp", &at), ("svix-signature", &signatures)], &body)
            .unwrap()
            .remove(0)
    };
    let bounce = |kind: &str| {
        let message = "The recipient's email address is on the suppression list because it has a recent history of producing hard bounces.";
        one(
            "email.bounced",
            json!({ "bounce": { "message": message, "subType": "Suppressed", "type": kind } }),
        )
    };
    let hard = bounce("Permanent");
    assert_eq!(
        (hard.fate, hard.at.timestamp(), hard.letter.is_some()),
        (Some(DeliveryStatus::Bounced), NOW - 60, true)
    );
    assert!(hard.reason.unwrap().starts_with("The recipient's email address is on"));
    assert_eq!(hard.message_ids, ["56761188-7520-42d8-8898-ff6fc54ce618"]);
    for (kind, may_be_reply) in [("Permanent", false), ("Transient", true), ("Undetermined", true)] {
        assert_eq!(
            (bounce(kind).fate, bounce(kind).may_be_reply),
            (Some(DeliveryStatus::Bounced), may_be_reply),
            "{kind}"
        );
    }
    let full = one("email.bounced", json!({ "bounce": { "type": "Transient", "subType": "MailboxFull" } }));
    assert_eq!((full.fate, full.may_be_reply), (Some(DeliveryStatus::Bounced), false));
    assert!(!one("email.delivered", json!({ "bounce": { "type": "Transient" } })).may_be_reply);
    assert_eq!(one("email.delivered", json!({})).fate, Some(DeliveryStatus::Delivered));
    assert_eq!(one("email.delivery_delayed", json!({})).fate, Some(DeliveryStatus::Deferred));
    assert_eq!(one("email.complained", json!({})).fate, Some(DeliveryStatus::Complained));
    let listed = one("email.opened", json!({ "tags": [{ "name": "letter", "value": LETTER }] }));
    assert_eq!((listed.fate, listed.letter.is_some()), (None, true));
}

/// As they report of letters that came by SMTP, with no more than a `Message-ID`.
#[test]
fn mailgun_and_sendgrid_name_a_letter_by_its_message_id() {
    for (message_id, known) in [
        (format!("<{LETTER}@voltmark.example>"), true),
        (format!("{LETTER}@voltmark.example"), true),
        ("<14c5d75ce93.dfd.64b469@ismtpd-555>".to_owned(), false),
        (format!("<{LETTER}>"), false),
        (format!("<x{LETTER}@voltmark.example>"), false),
        (format!("<inv_{}@voltmark.example>", &LETTER[4..]), false),
    ] {
        let letter = LETTER.parse().ok().filter(|_| known);
        let event = json!({ "event": "delivered", "message": { "headers": { "message-id": message_id } } });
        assert_eq!(mailgun(NOW, &event).unwrap()[0].letter, letter, "{message_id}");
        let event = json!([{ "event": "delivered", "smtp-id": message_id }]);
        assert_eq!(sendgrid(NOW, &event.to_string()).unwrap()[0].letter, letter, "{message_id}");
    }
    // What they were told beside it comes first.
    let other = format!("<{}4@voltmark.example>", &LETTER[..LETTER.len() - 1]);
    let event =
        json!({ "message": { "headers": { "message-id": other } }, "user-variables": { "letter": LETTER } });
    assert_eq!(mailgun(NOW, &event).unwrap()[0].letter, LETTER.parse().ok());
    let event = json!([{ "smtp-id": other, "letter": LETTER }]);
    assert_eq!(sendgrid(NOW, &event.to_string()).unwrap()[0].letter, LETTER.parse().ok());
}

#[test]
fn a_strange_name_of_an_event_is_kept_by_its_digest() {
    let event = json!({ "a": 1 });
    assert_eq!(named(Some("plain".to_owned()), &event), "plain");
    for strange in [None, Some("\0".to_owned()), Some("x".repeat(201)), Some("é".to_owned())] {
        assert_eq!(named(strange, &event).len(), 64);
    }
    assert_eq!(message_ids(["good", "\0", "no ne", ""]), ["good"]);
}
