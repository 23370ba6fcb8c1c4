//! Mailgun: its requests and answers, and its webhook's events, as its documentation shows them.

use serde_json::json;

use super::*;
use crate::{
    domain::token::hex,
    mail::{
        providers::tests::*,
        testing::{LINK, letter},
    },
};

const URL: &str = "mailgun://hunter22@mg.voltmark.example";

#[tokio::test]
async fn accepts_a_letter() {
    let said = r#"{"id":"<20261124130307.1.ABC@mg.voltmark.example>","message":"Queued. Thank you."}"#;
    let (outcome, head, body) = meet(URL, answer("200 OK", "", said)).await;
    assert_eq!(outcome.unwrap(), accepted("mailgun", "20261124130307.1.ABC@mg.voltmark.example"));
    assert!(head.starts_with("POST /v3/mg.voltmark.example/messages HTTP/1.1\r\n"), "{head}");
    // `api:hunter22`
    assert!(
        head.contains("authorization: Basic YXBpOmh1bnRlcjIy") && head.contains("x-www-form-urlencoded"),
        "{head}"
    );
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(field("from"), Some("Voltmark <no-reply@voltmark.example>"));
    assert_eq!((field("to"), field("h:Reply-To")), (Some("Ada@example.com"), Some("help@voltmark.example")));
    assert!(field("text").unwrap().contains(LINK) && field("html").unwrap().contains(LINK));
    for tracking in ["o:tracking", "o:tracking-clicks", "o:tracking-opens"] {
        assert_eq!(field(tracking), Some("no"), "{tracking}");
    }
    assert_eq!(field("v:letter"), Some(letter().id.to_string().as_str()));
    assert_eq!(field("h:Message-Id"), Some(message_id().as_str()));
    assert_eq!(field("h:Auto-Submitted"), Some("auto-generated"));
    assert_eq!(field("h:X-Auto-Response-Suppress"), Some("OOF, AutoReply"));
}

#[tokio::test]
async fn a_success_must_have_a_message_id() {
    for answer in [answer("200 OK", "", r#"{"id":"<>","message":"Queued. Thank you."}"#)] {
        assert_unproven(URL, answer).await;
    }
}

const REFUSALS: &[(&str, &str, bool)] = &[
    (
        "400 Bad Request",
        r#"{"message":"'to' parameter is not a valid address. please check documentation"}"#,
        true,
    ),
    (
        "400 Bad Request",
        r#"{"message":"'from' parameter is not a valid address. please check documentation"}"#,
        false,
    ),
    (
        "400 Bad Request",
        r#"{"message":"to parameter is not a valid address. please check documentation"}"#,
        true,
    ),
    (
        "400 Bad Request",
        r#"{"message":"from parameter is not a valid address. please check documentation"}"#,
        false,
    ),
    (
        "400 Bad Request",
        concat!(
            r#"{"message":"Domain mg.voltmark.example is not allowed to send: The domain is unverified "#,
            r#"and requires DNS configuration."}"#
        ),
        false,
    ),
    ("401 Unauthorized", "Forbidden", false),
    ("402 Payment Required", r#"{"message":"Request Failed"}"#, false),
    ("404 Not Found", r#"{"message":"Domain not found: mg.voltmark.example"}"#, false),
];

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    for &(status, body, is_final) in REFUSALS {
        assert_refusal(URL, status, body, is_final).await;
    }
}

const ACCOUNT_REFUSALS: &[(&str, &str, Option<MailFault>)] = &[
    (
        "400 Bad Request",
        concat!(
            r#"{"message":"Sandbox subdomains are for test purposes only. Please add your own domain "#,
            r#"or add the address to authorized recipients in Account Settings."}"#
        ),
        Some(MailFault::Quota),
    ),
    (
        "403 Forbidden",
        r#"{"message":"Domain mg.voltmark.example is not allowed to send: Account disabled"}"#,
        Some(MailFault::Sender),
    ),
    (
        "403 Forbidden",
        concat!(
            r#"{"message":"Please activate your Mailgun account. Check your inbox or log in to your "#,
            r#"control panel to resend the activation email."}"#
        ),
        Some(MailFault::Quota),
    ),
    ("402 Payment Required", "", Some(MailFault::Quota)),
    ("404 Not Found", r#"{"message":"Domain not found"}"#, Some(MailFault::Setup)),
];

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    for &(status, body, fault) in ACCOUNT_REFUSALS {
        assert_operator_fault(URL, status, body, fault).await;
    }
}

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn read_signed(at: i64, event: &Value) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let token = "50dcec4a2d0ef27036c44ff39ce9d1a7ee1b31b1d1fc5ff3b0";
    let signature = hex(&mac(KEY.as_bytes(), &format!("{at}{token}")));
    let body = |signature: &str| {
        let signature = json!({ "timestamp": at.to_string(), "token": token, "signature": signature });
        json!({ "signature": signature, "event-data": event }).to_string()
    };
    let key = SigningKey::parse(KEY).unwrap();
    for wrong in ["", "0", "zz", &signature[2..], &hex(&mac(b"another key", &format!("{at}{token}")))] {
        assert_eq!(read_events(&key, &[], &body(wrong)), Err(WebhookError::Unverified), "{wrong}");
    }
    read_events(&key, &[], &body(&signature))
}

#[test]
fn events_are_read() {
    let event = |event: &str, severity: &str| {
        json!({
            "event": event, "id": "G9Bn5sl1TC6nu79C8C0bwg", "timestamp": 1_795_521_540.5,
            "severity": severity, "reason": "suppress-bounce",
            "delivery-status": { "code": 605, "message": "", "description": "Not delivering to previously \
                bounced address" },
            "message": {
                "headers": {
                    "message-id": "20260203192638.000be97f@sample.mailgun.com", "to": "alice@example.com"
                }
            },
            "recipient": "alice@example.com", "user-variables": { "letter": LETTER },
        })
    };
    let one = |kind: &str, severity: &str| read_signed(NOW, &event(kind, severity)).unwrap().remove(0);
    let failed = one("failed", "permanent");
    let why = "Not delivering to previously bounced address";
    assert_eq!((failed.status, failed.reason.as_deref()), (Some(DeliveryStatus::Bounced), Some(why)));
    assert_eq!((failed.at.timestamp_millis(), failed.letter.is_some()), (NOW * 1000 - 59_500, true));
    assert!(failed.message_ids.contains(&"<20260203192638.000be97f@sample.mailgun.com>".to_owned()));
    assert_eq!(one("failed", "temporary").status, Some(DeliveryStatus::Deferred));
    assert_eq!(
        (one("delivered", "").status, one("delivered", "").reason),
        (Some(DeliveryStatus::Delivered), None)
    );
    assert_eq!(
        (one("complained", "").status, one("opened", "").status),
        (Some(DeliveryStatus::Complained), None)
    );
    assert_eq!(
        read_signed(NOW, &json!({ "event": "delivered", "user-variables": [] })).unwrap()[0].letter,
        None
    );
    for old in [NOW - 12 * 3600 - 1, NOW + 301] {
        assert_eq!(read_signed(old, &event("delivered", "")), Err(WebhookError::Unverified));
    }
    assert_eq!(
        (one("opened", "").event_id.as_str(), read_signed(NOW - 8 * 3600, &event("opened", "")).is_ok()),
        ("G9Bn5sl1TC6nu79C8C0bwg@1795521540.5", true)
    );
    assert_eq!(read_signed(NOW, &json!([])), Err(WebhookError::OtherForm));
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    let status = |code: u16, message: &str| json!({ "code": code, "message": message, "description": "" });
    for (event, reason, status, fault) in [
        ("failed", "generic", status(550, "5.1.1 No such user"), None),
        (
            "failed",
            "bounce",
            status(550, "5.7.1 Client host [192.0.2.7] blocked using Spamhaus"),
            Some(MailFault::Reputation),
        ),
        ("failed", "espblock", status(421, ""), Some(MailFault::Reputation)),
        ("failed", "espblock", status(550, "5.7.26 unauthenticated"), Some(MailFault::DomainAuthentication)),
        ("failed", "suppress-bounce", status(605, ""), Some(MailFault::Suppressed)),
        ("failed", "suppress-complaint", status(607, ""), Some(MailFault::Suppressed)),
        ("failed", "suppress-unsubscribe", status(606, ""), Some(MailFault::Suppressed)),
        ("failed", "old", status(602, "Too old"), Some(MailFault::Network)),
        ("failed", "old", status(602, "5.1.1 No such user"), None),
        ("failed", "greylisted", status(451, "Come back later"), Some(MailFault::Unavailable)),
        ("failed", "bounce", status(552, "5.2.2 mailbox full"), Some(MailFault::Unavailable)),
        ("rejected", "", json!(null), Some(MailFault::Policy)),
        ("complained", "", json!(null), None),
    ] {
        let event =
            json!({ "event": event, "severity": "permanent", "reason": reason, "delivery-status": status });
        let read = read_signed(NOW, &event).unwrap().remove(0);
        assert_eq!(read.fault, fault, "{event}");
    }
    let unverified = json!({ "event": "rejected", "reject": { "reason": "Domain mg.x.example is not allowed \
        to send: The domain is unverified" } });
    assert_eq!(read_signed(NOW, &unverified).unwrap()[0].fault, Some(MailFault::Sender));
    for (reason, fault) in [
        ("'to' parameter is not a valid address. please check documentation", None),
        ("to parameter is not a valid address", None),
        ("'from' parameter is not a valid address. please check documentation", Some(MailFault::Sender)),
    ] {
        let event = json!({ "event": "rejected", "reject": { "reason": reason } });
        assert_eq!(read_signed(NOW, &event).unwrap()[0].fault, fault, "{reason}");
    }
}

#[test]
fn a_missing_mailbox_is_distinguished_from_a_full_one() {
    let event = |severity: &str, reason: &str, code: i64, message: &str| {
        json!({
            "event": "failed", "severity": severity, "reason": reason,
            "delivery-status": { "code": code, "message": message }
        })
    };
    for (event, hard) in [
        (event("permanent", "bounce", 550, "5.1.1 no such user"), true),
        // No server was asked.
        (event("permanent", "suppress-bounce", 605, "Not delivering to previously bounced address"), false),
        (event("permanent", "bounce", 605, ""), false),
        (event("permanent", "bounce", 550, "5.4.1 Recipient address rejected: Access denied"), false),
        (event("permanent", "bounce", 550, "5.1.2 no such host"), false),
        (event("permanent", "bounce", 550, ""), true),
        (event("permanent", "bounce", 552, "5.2.2 mailbox full"), false),
        (event("permanent", "bounce", 550, "5.7.1 blocked"), false),
        (event("permanent", "old", 602, "too old"), false),
        (event("permanent", "suppress-complaint", 607, ""), false),
        (event("temporary", "bounce", 450, ""), false),
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
        let event = json!({ "event": "delivered", "message": { "headers": { "message-id": message_id } } });
        assert_eq!(read_signed(NOW, &event).unwrap()[0].letter, letter, "{message_id}");
    }
    // The id that was sent with the letter comes first.
    let other = format!("<{}4@voltmark.example>", &LETTER[..LETTER.len() - 1]);
    let event =
        json!({ "message": { "headers": { "message-id": other } }, "user-variables": { "letter": LETTER } });
    assert_eq!(read_signed(NOW, &event).unwrap()[0].letter, LETTER.parse().ok());
}
