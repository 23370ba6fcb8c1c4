//! Brevo: its requests and answers, and its webhook's events, as its documentation shows them.

use super::*;
use crate::{
    domain::{delivery_reports::WebhookError, letter::SendError},
    mail::{
        providers::tests::*,
        testing::{LINK, letter},
    },
};

const URL: &str = "brevo://hunter22";

#[tokio::test]
async fn accepts_a_letter() {
    let said = r#"{"messageId":"<201798300811.5787683@smtp-relay.mailin.fr>"}"#;
    let (outcome, head, body) = meet(URL, answer("201 Created", "", said)).await;
    assert_eq!(outcome.unwrap(), accepted("brevo", "<201798300811.5787683@smtp-relay.mailin.fr>"));
    assert!(head.starts_with("POST /v3/smtp/email HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains("api-key: hunter22\r\n") && head.contains("accept: application/json\r\n"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["sender"], json!({"email": "no-reply@voltmark.example", "name": "Voltmark"}));
    assert_eq!(body["replyTo"], json!({"email": "help@voltmark.example"}));
    assert_eq!(body["to"], json!([{"email": "Ada@example.com"}]));
    assert!(body["textContent"].as_str().unwrap().contains(LINK));
    assert!(body["htmlContent"].as_str().unwrap().contains("<html"));
    assert_eq!(
        body["headers"],
        json!({
            "Auto-Submitted": "auto-generated", "Precedence": "bulk",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
            "X-Mailin-custom": letter().id.to_string(),
            "idempotencyKey": "01900000-0000-7000-8000-000000000001",
        })
    );
}

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    for (status, code, message, is_final) in [
        ("400 Bad Request", "invalid_parameter", "email is not valid in to", true),
        ("400 Bad Request", "missing_parameter", "htmlContent is missing", true),
        ("400 Bad Request", "duplicate_parameter", "The idempotency key was already used", false),
        ("402 Payment Required", "not_enough_credits", "Your account has no credits left", false),
        ("401 Unauthorized", "unauthorized", "Key not found", false),
        ("404 Not Found", "document_not_found", "nothing here", false),
        ("429 Too Many Requests", "too_many_requests", "slow down", false),
    ] {
        let body = json!({ "code": code, "message": message }).to_string();
        assert_refusal(URL, status, &body, is_final).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    for (status, code, message, fault) in [
        (
            "400 Bad Request",
            "invalid_parameter",
            "Sending has been rejected because the sender you used no-reply@voltmark.example is not valid. \
            Validate your sender or authenticate your domain",
            Some(MailFault::Sender),
        ),
        ("400 Bad Request", "invalid_parameter", "email is not valid in replyTo", Some(MailFault::Sender)),
        ("402 Payment Required", "not_enough_credits", "no credits", Some(MailFault::Quota)),
        ("403 Forbidden", "account_under_validation", "validation", Some(MailFault::Quota)),
        ("401 Unauthorized", "unauthorized", "Key not found", Some(MailFault::Authentication)),
        ("403 Forbidden", "permission_denied", "Permission denied", Some(MailFault::Policy)),
        ("400 Bad Request", "duplicate_parameter", "idempotencyKey already exists", None),
        ("500 Internal Server Error", "internal", "", None),
    ] {
        let body = json!({ "code": code, "message": message }).to_string();
        assert_operator_fault(URL, status, &body, fault).await;
    }
}

/// Attempts of a letter have one key, also when their words differ by the time at which the link expires.
#[tokio::test]
async fn every_attempt_has_the_same_key() {
    let duplicate = r#"{"code":"duplicate_parameter","message":"idempotencyKey already exists"}"#;
    let (outcome, _, first) = meet(URL, answer("400 Bad Request", "", duplicate)).await;
    assert!(matches!(outcome, Err(SendError::Temporary { wait: None, .. })), "{outcome:?}");
    let (.., second) = meet(URL, answer("500 Internal Server Error", "", "")).await;
    let key = |body: &str| serde_json::from_str::<Value>(body).unwrap()["headers"]["idempotencyKey"].clone();
    assert_eq!(key(&first), key(&second));
}

const SECRET: &str = "a-secret-for-brevo-events";

fn read_body(body: &Value) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let key = SecretWebhook::of_lists(SECRET, delivery_event).unwrap();
    read_events(&key, &[("authorization", &format!("Bearer {SECRET}"))], &body.to_string())
}

/// As Brevo really sends it: the times beside `ts_epoch` follow the account's time zone.
fn event(event: &str, reason: Option<&str>) -> Value {
    let mut event = json!({
        "event": event, "email": "ada@example.com", "id": 9_999_999,
        "message-id": "<201803062010.27287306012@smtp-relay.mailin.fr>",
        "subject": "Your invitation", "date": "2026-11-24 04:59:00", "ts": (NOW - 7 * 3600),
        "ts_event": NOW - 60, "ts_epoch": (NOW - 60) * 1000, "X-Mailin-custom": LETTER,
        "tag": "[\"x\"]", "tags": ["x"], "sending_ip": "192.0.2.1"
    });
    if let Some(reason) = reason {
        event["reason"] = reason.into();
    }
    event
}

#[test]
fn a_request_is_verified_by_its_secret() {
    let key = SecretWebhook::of_lists(SECRET, delivery_event).unwrap();
    let (bearer, wrong) = (format!("Bearer {SECRET}"), format!("Bearer {SECRET}2"));
    for (header, value, good) in [
        ("authorization", bearer.as_str(), true),
        ("authorization", &bearer.to_lowercase(), true),
        ("authorization", &wrong, false),
        ("authorization", SECRET, false),
        ("authorization", "Bearer ", false),
        ("x-mail-events-secret", SECRET, true),
        ("x-other", SECRET, false),
    ] {
        assert_eq!(read_events(&key, &[(header, value)], "{}").is_ok(), good, "{header}: {value}");
    }
}

#[test]
fn events_are_read_one_by_one_and_in_batches() {
    let reason = "550 5.1.1 <ada@example.com>: user unknown";
    let rows = [
        ("delivered", None, Some(DeliveryStatus::Delivered), None),
        ("deferred", Some("452 try later"), Some(DeliveryStatus::Deferred), Some("452 try later")),
        ("hard_bounce", Some(reason), Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("soft_bounce", Some("452 full"), Some(DeliveryStatus::Bounced), Some("452 full")),
        (
            "blocked",
            Some("blocked : due to blacklist user"),
            Some(DeliveryStatus::Bounced),
            Some("blocked : due to blacklist user"),
        ),
        ("invalid_email", None, Some(DeliveryStatus::Bounced), None),
        ("error", Some("no template"), Some(DeliveryStatus::Bounced), Some("no template")),
        ("spam", None, Some(DeliveryStatus::Complained), None),
        ("complaint", None, Some(DeliveryStatus::Complained), None),
        ("request", None, None, None),
        ("unique_opened", None, None, None),
        ("click", None, None, None),
        ("unsubscribed", None, None, None),
    ];
    let batch: Vec<Value> = rows.iter().map(|(kind, reason, ..)| event(kind, *reason)).collect();
    let read = read_body(&json!(batch)).unwrap();
    assert_eq!(read.len(), rows.len());
    for (place, (kind, _, status, reason)) in rows.iter().enumerate() {
        let single = read_body(&batch[place]).unwrap();
        assert_eq!(single[..], read[place..=place], "{kind}");
        let seen = &single[0];
        assert_eq!((seen.status, seen.reason.as_deref()), (*status, *reason), "{kind}");
        assert_eq!((seen.letter, seen.at.timestamp()), (LETTER.parse().ok(), NOW - 60), "{kind}");
        assert_eq!(
            seen.message_ids,
            [
                "<201803062010.27287306012@smtp-relay.mailin.fr>",
                "201803062010.27287306012@smtp-relay.mailin.fr"
            ]
        );
    }
    // Events without an id are distinguished by their content.
    let ids: std::collections::BTreeSet<&str> = read.iter().map(|read| read.event_id.as_str()).collect();
    assert_eq!(ids.len(), rows.len());
    assert_eq!(read_body(&json!("x")), Err(WebhookError::OtherForm));
    assert_eq!(read_body(&json!([1])), Err(WebhookError::OtherForm));
}

#[test]
fn times_are_read_in_milliseconds_and_in_seconds() {
    for (epoch, event_time, at) in [
        (json!((NOW - 60) * 1000), json!(NOW - 7), NOW - 7),
        (json!((NOW - 60) * 1000), Value::Null, NOW - 60),
        (json!(NOW - 60), Value::Null, NOW - 60),
        (json!(NOW - 60), json!("x"), NOW - 60),
        (Value::Null, json!(NOW - 7), NOW - 7),
        (json!("x"), Value::Null, NOW),
        (json!(9e18), Value::Null, NOW),
    ] {
        let mut event = event("delivered", None);
        event["ts_epoch"] = epoch.clone();
        event["ts_event"] = event_time;
        assert_eq!(read_body(&event).unwrap()[0].at.timestamp(), at, "{epoch}");
    }
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    for (kind, reason, fault, no_mailbox) in [
        ("hard_bounce", "550 5.1.1 The email account that you tried to reach does not exist", None, true),
        ("hard_bounce", " RecipientError: 550 5.5.0 mailbox unavailable.", None, true),
        ("hard_bounce", "RecipientError: 550 5.1.2 domain not found", None, false),
        ("hard_bounce", "550 5.4.4 unable to route", None, false),
        ("hard_bounce", "RecipientError: 552 5.2.2 over quota", Some(MailFault::Unavailable), false),
        ("hard_bounce", "550 5.7.1 Your IP is blacklisted", Some(MailFault::Reputation), false),
        ("soft_bounce", "undefined Unable to find MX of domain", Some(MailFault::Unavailable), false),
        (
            "soft_bounce",
            "550 5.7.1 Message blocked by DMARC policy",
            Some(MailFault::DomainAuthentication),
            false,
        ),
        ("blocked", "blocked : due to blacklist user", Some(MailFault::Suppressed), false),
        ("invalid_email", "", None, true),
        ("error", "Template is empty", Some(MailFault::Provider), false),
        ("deferred", "550 5.7.1 Your IP is blacklisted", None, false),
    ] {
        let read = read_body(&event(kind, Some(reason))).unwrap().remove(0);
        assert_eq!((read.fault, read.no_such_mailbox), (fault, no_mailbox), "{kind} {reason}");
    }
}
