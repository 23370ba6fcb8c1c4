//! SendGrid: its requests and answers, and its webhook's events, as its documentation shows them.

use p256::{
    ecdsa::{SigningKey, signature::Signer},
    pkcs8::EncodePublicKey,
};

use super::*;
use crate::mail::{
    providers::tests::*,
    testing::{LINK, letter},
};

const URL: &str = "sendgrid://hunter22";

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) =
        meet(URL, answer("202 Accepted", "X-Message-Id: UqASyyROTe69qCjFZpHn2w\r\n", "")).await;
    assert_eq!(outcome.unwrap(), accepted("sendgrid", "UqASyyROTe69qCjFZpHn2w"));
    assert!(
        head.starts_with("POST /v3/mail/send HTTP/1.1\r\n")
            && head.contains("authorization: Bearer hunter22"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["personalizations"], json!([{"to": [{"email": "Ada@example.com"}]}]));
    assert_eq!(body["from"], json!({"email": "no-reply@voltmark.example", "name": "Voltmark"}));
    assert_eq!(body["reply_to"], json!({"email": "help@voltmark.example"}));
    // Plain text has to come first.
    assert_eq!(
        (&body["content"][0]["type"], &body["content"][1]["type"]),
        (&json!("text/plain"), &json!("text/html"))
    );
    assert!(body["content"][0]["value"].as_str().unwrap().contains(LINK));
    assert_eq!(body["headers"]["Message-ID"], message_id());
    assert_eq!(body["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(body["custom_args"], json!({"letter": letter().id.to_string()}));
    for tracking in ["click_tracking", "open_tracking", "subscription_tracking", "ganalytics"] {
        assert_eq!(body["tracking_settings"][tracking]["enable"], false, "{tracking}");
    }
    assert_eq!(body["tracking_settings"]["click_tracking"]["enable_text"], false);
}

/// The head says everything.
#[tokio::test]
async fn an_answer_may_break_off_after_its_head() {
    let (outcome, ..) =
        meet(URL, "HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\ncontent-length: 100\r\n\r\n{\"id").await;
    assert_eq!(outcome.unwrap(), accepted("sendgrid", "a"));
}

#[tokio::test]
async fn a_success_must_have_a_message_id() {
    for answer in [answer("202 Accepted", "", ""), answer("200 OK", "X-Message-Id: a\r\n", "")] {
        assert_unproven(URL, answer).await;
    }
}

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    let error = |field: &str| {
        let fault = json!({ "message": "Does not contain a valid address.", "field": field, "help": null });
        json!({ "errors": [fault] }).to_string()
    };
    let (to, from) = (error("personalizations.0.to.0.email"), error("from.email"));
    for (status, body, is_final) in [
        ("400 Bad Request", to.as_str(), true),
        ("400 Bad Request", from.as_str(), false),
        (
            "401 Unauthorized",
            concat!(
                r#"{"errors":[{"message":"The provided authorization grant is invalid, expired, or "#,
                r#"revoked","field":null}]}"#
            ),
            false,
        ),
        ("403 Forbidden", from.as_str(), false),
        ("413 Payload Too Large", "", true),
    ] {
        assert_refusal(URL, status, body, is_final).await;
    }
}

const ACCOUNT_REFUSALS: &[(&str, &str, Option<MailFault>)] = &[
    (
        "403 Forbidden",
        concat!(
            r#"{"errors":[{"message":"The from address does not match a verified Sender Identity. Mail "#,
            r#"cannot be sent until this error is resolved.","field":"from","help":null}]}"#
        ),
        Some(MailFault::Sender),
    ),
    (
        "401 Unauthorized",
        r#"{"errors":[{"message":"Maximum credits exceeded","field":null}]}"#,
        Some(MailFault::Quota),
    ),
    (
        "400 Bad Request",
        r#"{"errors":[{"message":"Your account has been suspended","field":null}]}"#,
        Some(MailFault::Quota),
    ),
    ("403 Forbidden", r#"{"errors":[{"message":"access forbidden","field":null}]}"#, Some(MailFault::Policy)),
    (
        "500 Internal Server Error",
        r#"{"errors":[{"message":"Your account has been suspended","field":null}]}"#,
        None,
    ),
];

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    for &(status, body, fault) in ACCOUNT_REFUSALS {
        assert_operator_fault(URL, status, body, fault).await;
    }
}

fn keys() -> (SigningKey, PublicKey) {
    let secret = SigningKey::from_slice(&[7; 32]).unwrap();
    let der = secret.verifying_key().to_public_key_der().unwrap();
    (secret, PublicKey::parse(&STANDARD.encode(der.as_bytes())).unwrap())
}

fn read_signed(at: i64, body: &str) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let (secret, key) = keys();
    let signature: Signature = secret.sign(format!("{at}{body}").as_bytes());
    let signature = STANDARD.encode(signature.to_der().as_bytes());
    let at = at.to_string();
    let headers = [
        ("x-twilio-email-event-webhook-signature", signature.as_str()),
        ("x-twilio-email-event-webhook-timestamp", at.as_str()),
    ];
    let other = read_events(&key, &headers, &format!("{body} "));
    assert_eq!(other, Err(WebhookError::Unverified), "a signature holds for one body");
    read_events(&key, &headers, body)
}

#[test]
fn events_are_read() {
    let event = |event: &str, more: Value| {
        let mut whole = json!({
            "email": "example@test.com", "timestamp": NOW - 60,
            "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>", "event": event,
            "category": "cat facts", "sg_event_id": "ZGVsaXZlcmVkLTA",
            "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
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
    let read = read_signed(NOW - 24 * 3600, &events.to_string()).unwrap();
    let read_as: Vec<_> = read.iter().map(|read| (read.status, read.reason.as_deref())).collect();
    assert_eq!(
        read_as,
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
    let named = read_signed(NOW, &json!([named]).to_string()).unwrap().remove(0);
    assert_eq!((named.message_ids[0].as_str(), named.at.timestamp()), ("a.b.c", NOW - 59));
    let pointed = event("delivered", json!({ "sg_message_id": ".".repeat(200) }));
    assert!(read_signed(NOW, &json!([pointed]).to_string()).unwrap()[0].message_ids.len() < 10);
    for old in [NOW - 25 * 3600 - 1, NOW + 301] {
        assert_eq!(read_signed(old, "[]"), Err(WebhookError::Unverified));
    }
    assert_eq!(
        (read_signed(NOW, "{}"), read_signed(NOW, "[1]")),
        (Err(WebhookError::OtherForm), Err(WebhookError::OtherForm))
    );
    assert_eq!(read_signed(NOW, "["), Err(WebhookError::NoJson));
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    for (event, reason, kind, fault) in [
        ("bounce", "550 5.1.1 The email account that you tried to reach does not exist", "bounce", None),
        ("bounce", "550 5.7.1 Your IP is blacklisted", "bounce", Some(MailFault::Reputation)),
        ("bounce", "550 blocked", "blocked", Some(MailFault::Blocked)),
        ("bounce", "552 5.2.2 mailbox full", "bounce", Some(MailFault::Unavailable)),
        ("bounce", "552 5.2.2 over quota", "blocked", Some(MailFault::Unavailable)),
        (
            "bounce",
            "550 5.7.1 [CS] Message blocked by DMARC policy",
            "blocked",
            Some(MailFault::DomainAuthentication),
        ),
        ("dropped", "Bounced Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Spam Reporting Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Unsubscribed Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Invalid", "", None),
        ("dropped", "Invalid SMTPAPI header", "", Some(MailFault::Setup)),
        ("dropped", "Spam Content", "", Some(MailFault::Policy)),
        ("dropped", "Recipient List over Package Quota", "", Some(MailFault::Quota)),
        ("dropped", "Something new", "", Some(MailFault::Provider)),
        ("delivered", "550 5.7.1 Your IP is blacklisted", "", None),
    ] {
        let body = json!([{ "event": event, "reason": reason, "type": kind, "email": "ada@example.com" }]);
        assert_eq!(read_signed(NOW, &body.to_string()).unwrap()[0].fault, fault, "{event} {reason}");
    }
    for (class, fault) in [
        ("Invalid Address", None),
        ("Unclassified", None),
        ("Mailbox Unavailable", Some(MailFault::Unavailable)),
        ("Technical Failure", Some(MailFault::Unavailable)),
        ("Reputation", Some(MailFault::Reputation)),
        ("Content", Some(MailFault::Blocked)),
    ] {
        let body = json!([
            { "event": "bounce", "type": "bounce", "reason": "550 no", "bounce_classification": class }
        ]);
        assert_eq!(read_signed(NOW, &body.to_string()).unwrap()[0].fault, fault, "{class}");
    }
}

#[test]
fn a_missing_mailbox_is_distinguished_from_a_full_one() {
    for (event, hard) in [
        (
            json!({ "event": "bounce", "type": "bounce", "reason": "550 5.1.1 unknown", "status": "5.1.1" }),
            true,
        ),
        (json!({ "event": "bounce", "type": "blocked", "reason": "550 5.7.1" }), false),
        (json!({ "event": "bounce", "reason": "552 5.2.2 over quota" }), false),
        (json!({ "event": "bounce", "status": "5.2.2" }), false),
        (json!({ "event": "bounce", "bounce_classification": "Mailbox Unavailable" }), false),
        (json!({ "event": "bounce", "bounce_classification": "Invalid Address" }), true),
        (json!({ "event": "bounce", "reason": "550 5.1.2 unknown host", "status": "5.1.2" }), false),
        (json!({ "event": "bounce", "status": "5.4.4" }), false),
        // No server was asked.
        (json!({ "event": "dropped", "reason": "Bounced Address" }), false),
        (json!({ "event": "dropped", "reason": "Invalid" }), true),
        (json!({ "event": "dropped", "reason": "Spam Content" }), false),
        (json!({ "event": "deferred" }), false),
    ] {
        assert_eq!(has_no_mailbox(&event), hard, "{event}");
    }
}

/// In reports about letters that were received by SMTP, the `Message-ID` alone names the letter.
#[test]
fn a_letter_is_known_by_its_message_id() {
    for (message_id, is_known) in [
        (format!("<{LETTER}@voltmark.example>"), true),
        (format!("{LETTER}@voltmark.example"), true),
        ("<14c5d75ce93.dfd.64b469@ismtpd-555>".to_owned(), false),
        (format!("<{LETTER}>"), false),
        (format!("<x{LETTER}@voltmark.example>"), false),
        (format!("<inv_{}@voltmark.example>", &LETTER[4..]), false),
    ] {
        let letter = LETTER.parse().ok().filter(|_| is_known);
        let event = json!([{ "event": "delivered", "smtp-id": message_id }]);
        assert_eq!(read_signed(NOW, &event.to_string()).unwrap()[0].letter, letter, "{message_id}");
    }
    // The id that was sent with the letter comes first.
    let other = format!("<{}4@voltmark.example>", &LETTER[..LETTER.len() - 1]);
    let event = json!([{ "smtp-id": other, "letter": LETTER }]);
    assert_eq!(read_signed(NOW, &event.to_string()).unwrap()[0].letter, LETTER.parse().ok());
}
