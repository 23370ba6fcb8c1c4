//! Azure Communication Services: its requests and answers, and the events of Event Grid, as its documentation
//! shows them.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;

use super::*;
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, DeliveryStatus, Verified, WebhookError, WebhookVerifier},
        letter::SendError,
    },
    mail::{
        MailUrl,
        providers::tests::*,
        testing::{LINK, letter},
    },
};

const URL: &str = "azure://aHVudGVyMjI=@voltmark.europe.communication.azure.com";
const ACCEPTED: &str = r#"{"id":"8540C0DE-899F-5CCE-ACB5-3EC493AF3800","status":"Running","error":null}"#;

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) = meet(URL, answer("202 Accepted", "Retry-After: 30\r\n", ACCEPTED)).await;
    assert_eq!(outcome.unwrap(), accepted("azure", "8540c0de-899f-5cce-acb5-3ec493af3800"));
    assert!(head.starts_with("POST /emails:send?api-version=2023-03-31 HTTP/1.1\r\n"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["senderAddress"], "no-reply@voltmark.example");
    assert_eq!(body["recipients"], json!({"to": [{"address": "Ada@example.com"}]}));
    assert_eq!(body["replyTo"], json!([{"address": "help@voltmark.example"}]));
    assert!(body["content"]["plainText"].as_str().unwrap().contains(LINK));
    assert!(body["content"]["html"].as_str().unwrap().contains("<html"));
    assert_eq!(body["headers"]["Message-ID"], message_id());
    assert_eq!(body["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(body["userEngagementTrackingDisabled"], true);
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

#[tokio::test]
async fn the_signature_covers_the_request() {
    let (_, head, body) = meet(URL, answer("202 Accepted", "", ACCEPTED)).await;
    let digest = STANDARD.encode(Sha256::digest(&body));
    assert_eq!(header(&head, "x-ms-content-sha256"), digest);
    assert_eq!(header(&head, "x-ms-date"), "Tue, 24 Nov 2026 13:03:07 GMT");
    let signed = format!(
        "POST\n/emails:send?api-version=2023-03-31\nTue, 24 Nov 2026 13:03:07 GMT;{};{digest}",
        header(&head, "host")
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(b"hunter22").unwrap();
    mac.update(signed.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(
        header(&head, "authorization"),
        format!("HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}")
    );
}

/// The ids of an attempt at this second.
async fn ids(seconds: i64) -> [String; 3] {
    let (base, asked) = answering(answer("202 Accepted", "", ACCEPTED)).await;
    let mut letter = letter();
    letter.now += TimeDelta::seconds(seconds);
    letter.expires_at += TimeDelta::seconds(seconds);
    let http = crate::mail::providers::client::Http::with_limits(&server(URL, &base), AMPLE).unwrap();
    let builder = MessageBuilder::new(crate::mail::testing::sender()).unwrap();
    http.send(&letter, &builder).await.unwrap();
    let request = asked.await.unwrap();
    ["operation-id", "repeatability-request-id", "repeatability-first-sent"]
        .map(|name| header(&request, name).to_owned())
}

/// A repeated request that differs would be refused, for good.
#[tokio::test]
async fn attempts_within_one_minute_are_the_same_request() {
    let first = ids(0).await;
    assert_eq!(first[0], first[1]);
    assert_eq!(first[2], "Tue, 24 Nov 2026 13:03:00 GMT");
    assert!(uuid::Uuid::try_parse(&first[0]).is_ok_and(|id| id.get_version_num() == 4), "{first:?}");
    assert_eq!(ids(52).await, first);
    let later = ids(53).await;
    assert!(later[0] != first[0] && later[2] == "Tue, 24 Nov 2026 13:04:00 GMT", "{later:?}");
}

#[test]
fn the_url_has_key_and_host() {
    for (text, base) in [
        (URL, "https://voltmark.europe.communication.azure.com"),
        ("azure://aHVudGVyMjI%3D@voltmark", "https://voltmark.communication.azure.com"),
        ("azure://aGk%2F@Voltmark.communication.azure.com/", "https://voltmark.communication.azure.com"),
    ] {
        let url = MailUrl::parse(text).unwrap();
        assert_eq!(url.describe(), format!("Azure Communication Services at {base}"));
    }
    for (text, part) in [
        ("azure://hunter22", "resource is missing"),
        ("azure://hunter22@", "host must be"),
        ("azure://hunter22@h/x", "host must be"),
        ("azure://@voltmark", "key is missing"),
        ("azure://hunter2!@voltmark", "base 64"),
        ("azure://hunter22/a@voltmark", "visible ASCII"),
    ] {
        let error = MailUrl::parse(text).unwrap_err();
        assert!(error.contains(part) && !error.contains("hunter2"), "{text}: {error}");
    }
}

fn error(code: &str, message: &str, target: Option<&str>) -> String {
    json!({ "error": { "code": code, "message": message, "target": target } }).to_string()
}

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    for (status, body, fault) in [
        (
            "404 Not Found",
            error("DomainNotLinked", "The specified sender domain has not been linked.", None),
            Some(MailFault::Sender),
        ),
        (
            "400 Bad Request",
            error("BadRequest", "Invalid format for email address", Some("senderAddress")),
            Some(MailFault::Sender),
        ),
        (
            "401 Unauthorized",
            error("Denied", "Denied by the resource provider.", None),
            Some(MailFault::Authentication),
        ),
        (
            "403 Forbidden",
            error("Denied", "Denied by the resource provider.", None),
            Some(MailFault::Authentication),
        ),
        (
            "403 Forbidden",
            error("SubscriptionBlocked", "All requests from this subscription are blocked.", None),
            Some(MailFault::Quota),
        ),
        (
            "401 Unauthorized",
            error("InvalidSenderUserName", "Invalid email sender username.", None),
            Some(MailFault::Sender),
        ),
        ("401 Unauthorized", error("Unauthorized", "x", None), Some(MailFault::Authentication)),
        (
            "412 Precondition Failed",
            error("RepeatabilityFirstSentInvalid", "x", None),
            Some(MailFault::Setup),
        ),
        ("409 Conflict", error("RepeatabilityRequestInProgress", "x", None), None),
        ("429 Too Many Requests", error("TooManyRequests", "You have exceeded the limit", None), None),
        ("500 Internal Server Error", error("InternalServerError", "x", None), None),
    ] {
        assert_operator_fault(URL, status, &body, fault).await;
    }
    for (status, code, target) in [
        ("400 Bad Request", "BadRequest", Some("recipients.to[0].address")),
        ("400 Bad Request", "EmailDroppedAllRecipientsSuppressed", None),
    ] {
        let body = error(code, "Invalid format for email address", target);
        let refused = meet(URL, answer(status, "", &body)).await.0.unwrap_err();
        assert!(matches!(refused, SendError::Permanent { .. }), "{code}: {refused:?}");
        assert!(refused.to_string().ends_with("answered 400: Invalid format for email address"), "{refused}");
    }
}

/// The answer to a repeated request may have no body.
#[tokio::test]
async fn the_operation_may_be_named_by_a_header() {
    let location = |end: &str| {
        format!("Operation-Location: https://voltmark.communication.azure.com/emails/operations/{end}\r\n")
    };
    let id = "8540C0DE-899F-5CCE-ACB5-3EC493AF3800";
    for end in [format!("{id}?api-version=2023-03-31"), format!("{id}/"), id.to_owned()] {
        let outcome = meet(URL, answer("202 Accepted", &location(&end), "")).await.0;
        assert_eq!(outcome.unwrap(), accepted("azure", &id.to_lowercase()), "{end}");
    }
    for (status, headers) in [
        ("202 Accepted", String::new()),
        ("202 Accepted", location("")),
        ("202 Accepted", location("x?id=8540C0DE-899F-5CCE-ACB5-3EC493AF3800")),
        ("200 OK", location(id)),
    ] {
        assert_unproven(URL, answer(status, &headers, "")).await;
    }
    // What the body says counts.
    let body = ACCEPTED.replace("Running", "Failed");
    assert_unproven(URL, answer("202 Accepted", &location(id), &body)).await;
}

#[tokio::test]
async fn an_operation_that_has_failed_is_no_success() {
    for status in ["Failed", "Canceled"] {
        let body = ACCEPTED.replace("Running", status);
        assert_unproven(URL, answer("202 Accepted", "", &body)).await;
    }
}

const SECRET: &str = "a-secret-for-event-grid";

fn read_body(body: &Value) -> Result<Verified, WebhookError> {
    let key = Events::parse(SECRET).unwrap();
    read(&key, &[("x-mail-events-secret", SECRET)], &body.to_string(), None)
}

/// In Event Grid's own schema.
fn event(status: &str, details: &str) -> Value {
    json!({
        "id": "7c5d2f0a-5b8b-4f43-9f4e-a7d2d4f0a9b1",
        "topic": "/subscriptions/x/providers/microsoft.communication/communicationservices/z",
        "subject": "sender/no-reply@voltmark.example/message/8540C0DE-899F-5CCE-ACB5-3EC493AF3800",
        "data": {
            "sender": "no-reply@voltmark.example", "recipient": "ada@example.com",
            "internetMessageId": format!("<{LETTER}@voltmark.example>"),
            "messageId": "8540C0DE-899F-5CCE-ACB5-3EC493AF3800", "status": status,
            "deliveryStatusDetails": {
                "statusMessage": details, "recipientMailServerHostName": "mx.example.com"
            },
            "deliveryAttemptTimeStamp": "2026-11-24T11:59:00.2855749Z"
        },
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "dataVersion": "1.0", "metadataVersion": "1", "eventTime": "2026-11-24T11:59:20Z"
    })
}

fn read_event(status: &str, details: &str) -> DeliveryEvent {
    read_body(&json!([event(status, details)])).unwrap().events.remove(0)
}

#[test]
fn events_are_read() {
    for (status, seen, reason) in [
        ("Delivered", Some(DeliveryStatus::Delivered), None),
        ("Expanded", Some(DeliveryStatus::Delivered), None),
        ("Bounced", Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("Failed", Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("Suppressed", Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("Quarantined", Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("FilteredSpam", Some(DeliveryStatus::Bounced), Some("550 5.1.1 user unknown")),
        ("OutForDelivery", None, None),
    ] {
        let read = read_event(status, "550 5.1.1 <ada@example.com> user unknown");
        assert_eq!((read.status, read.reason.as_deref()), (seen, reason), "{status}");
        assert_eq!((read.letter, read.at.timestamp()), (LETTER.parse().ok(), NOW - 60));
        assert_eq!(read.message_ids, ["8540c0de-899f-5cce-acb5-3ec493af3800"]);
        assert_eq!(read.event_id, "7c5d2f0a-5b8b-4f43-9f4e-a7d2d4f0a9b1");
    }
    let mut opened = event("Delivered", "");
    opened["eventType"] = "Microsoft.Communication.EmailEngagementTrackingReportReceived".into();
    assert_eq!(read_body(&json!([opened])).unwrap().events[0].status, None);
    assert_eq!(read_body(&json!([1])), Err(WebhookError::OtherForm));
}

/// In the schema of CloudEvents 1.0: one, or a list.
#[test]
fn cloud_events_are_read_too() {
    let event = json!({
        "id": "b1", "source": "/subscriptions/x/providers/microsoft.communication/communicationservices/z",
        "subject": "sender/no-reply@voltmark.example/message/8540c0de", "specversion": "1.0",
        "type": "Microsoft.Communication.EmailDeliveryReportReceived", "time": "2026-11-24T11:59:00Z",
        "data": { "messageId": "8540c0de", "status": "Failed", "recipient": "ada@example.com" }
    });
    for body in [event.clone(), json!([event])] {
        let read = read_body(&body).unwrap().events.remove(0);
        assert_eq!((read.status, read.at.timestamp()), (Some(DeliveryStatus::Bounced), NOW - 60));
        assert_eq!((read.event_id.as_str(), read.reason.as_deref()), ("b1", Some("Failed")));
    }
    let verifier = Events::parse(SECRET).unwrap();
    assert!(
        verifier.media_types().contains(&"application/cloudevents-batch+json") && verifier.allows_origin()
    );
}

#[test]
fn the_validation_of_a_subscription_is_answered() {
    let validation = json!([{
        "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66", "topic": "/subscriptions/x", "subject": "",
        "data": {
            "validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
            "validationUrl": "https://rp-eastus2.eventgrid.azure.net:553/eventsubscriptions/x/validate?id=1"
        },
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": "2026-11-24T11:59:00.0000000Z", "metadataVersion": "1", "dataVersion": "1"
    }]);
    let read = read_body(&validation).unwrap();
    assert_eq!(read.answer, Some(json!({"validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"})));
    assert_eq!((read.events.len(), read.confirm), (0, None));
    let mut without = validation;
    without[0]["data"] = json!({});
    assert_eq!(read_body(&without), Err(WebhookError::OtherForm));
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    for (status, details, fault, no_mailbox) in [
        ("Bounced", "550 5.1.1 user unknown", None, true),
        ("Bounced", "550 5.4.1 Recipient address rejected: Access denied", None, false),
        ("Bounced", "550 5.4.310 DNS domain example.com does not exist", None, false),
        ("Bounced", "", None, true),
        ("Bounced", "550 5.7.1 Your IP is blacklisted", Some(MailFault::Reputation), false),
        ("Bounced", "552 5.2.2 mailbox full", Some(MailFault::Unavailable), false),
        ("Failed", "the server did not answer", Some(MailFault::Unavailable), false),
        ("Failed", "550 5.7.509 message does not pass DMARC", Some(MailFault::DomainAuthentication), false),
        ("Suppressed", "", Some(MailFault::Suppressed), false),
        ("Quarantined", "", Some(MailFault::SpamFilter), false),
        ("FilteredSpam", "", Some(MailFault::SpamFilter), false),
        ("Delivered", "550 5.7.1 Your IP is blacklisted", None, false),
    ] {
        let read = read_event(status, details);
        assert_eq!((read.fault, read.no_such_mailbox), (fault, no_mailbox), "{status} {details}");
    }
}
