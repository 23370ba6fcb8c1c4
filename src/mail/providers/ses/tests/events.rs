//! Events of Amazon SES, in the shapes of its documentation.

use super::{
    messages::{ARN, message},
    *,
};
use crate::domain::delivery_reports::{DeliveryEvent, DeliveryStatus, WebhookRequest};

fn read_text(text: &str) -> Vec<DeliveryEvent> {
    let request = WebhookRequest { header: &|_| None, body: &[], now: now(), document: None };
    super::super::events::read(&request, &message("Notification", text, "2"))
}

/// An event about a letter of ours, as it is published.
fn event(kind: &str, name: &str, details: &Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2026-11-24T11:58:00.000Z",
            "source": "Voltmark <no-reply@voltmark.example>",
            "sendingAccountId": "123456789012",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": ["ada@example.com"],
            "headersTruncated": false,
            "commonHeaders": { "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000" },
            "tags": { "ses:configuration-set": ["invitations"], "letter": [LETTER] }
        }
    });
    event[name] = details.clone();
    event
}

fn read_event(kind: &str, name: &str, details: &Value) -> DeliveryEvent {
    read_text(&event(kind, name, details).to_string()).remove(0)
}

fn bounce(kind: &str, sub_type: &str, code: &str) -> DeliveryEvent {
    let details = json!({
        "bounceType": kind, "bounceSubType": sub_type,
        "bouncedRecipients": [{
            "emailAddress": "ada@example.com", "action": "failed", "status": "5.1.1", "diagnosticCode": code
        }],
        "timestamp": "2026-11-24T11:59:00.000Z",
        "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        "reportingMTA": "dsn; mta.example.com"
    });
    read_event("Bounce", "bounce", &details)
}

#[test]
fn events_are_read() {
    let delivery = json!({
        "timestamp": "2026-11-24T11:59:00.000Z", "processingTimeMillis": 11_893,
        "recipients": ["ada@example.com"], "smtpResponse": "250 2.6.0 Message received",
        "reportingMTA": "mta.example.com"
    });
    let delay = json!({
        "timestamp": "2026-11-24T11:59:00.000Z", "delayType": "TransientCommunicationFailure",
        "expirationTime": "2026-11-25T01:59:00.000Z",
        "delayedRecipients": [{
            "emailAddress": "ada@example.com", "status": "4.4.1",
            "diagnosticCode": "smtp; 421 4.4.1 Unable to connect"
        }]
    });
    let complaint = json!({
        "complainedRecipients": [{ "emailAddress": "ada@example.com" }], "complaintFeedbackType": "abuse",
        "timestamp": "2026-11-24T11:59:00.000Z", "feedbackId": "x"
    });
    let failure = json!({ "errorMessage": "Attribute 'x' is not present", "templateName": "t" });
    for (kind, name, details, status, reason) in [
        ("Delivery", "delivery", &delivery, Some(DeliveryStatus::Delivered), None),
        (
            "DeliveryDelay",
            "deliveryDelay",
            &delay,
            Some(DeliveryStatus::Deferred),
            Some("smtp; 421 4.4.1 Unable to connect"),
        ),
        ("Complaint", "complaint", &complaint, Some(DeliveryStatus::Complained), Some("abuse")),
        (
            "Reject",
            "reject",
            &json!({ "reason": "Bad content" }),
            Some(DeliveryStatus::Bounced),
            Some("Bad content"),
        ),
        (
            "Rendering Failure",
            "failure",
            &failure,
            Some(DeliveryStatus::Bounced),
            Some("Attribute 'x' is not present"),
        ),
        ("Send", "send", &json!({}), None, None),
        ("Open", "open", &json!({ "userAgent": "Mozilla" }), None, None),
        ("Click", "click", &json!({ "link": "https://example.com/" }), None, None),
        ("Subscription", "subscription", &json!({}), None, None),
    ] {
        let read = read_event(kind, name, details);
        assert_eq!((read.status, read.reason.as_deref()), (status, reason), "{kind}");
        assert_eq!(read.letter, LETTER.parse().ok());
        assert_eq!(read.message_ids, ["EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000"]);
        let at = if name.starts_with("deliver") || name == "complaint" { NOW - 60 } else { NOW - 30 };
        assert_eq!(read.at.timestamp(), at, "{kind}");
    }
    let read = bounce("Permanent", "General", "smtp; 550 5.1.1 user unknown");
    assert_eq!(
        (read.status, read.reason.as_deref()),
        (Some(DeliveryStatus::Bounced), Some("smtp; 550 5.1.1 user unknown"))
    );
}

/// The first message of a topic is a sentence. It is signed and takes no event along.
#[test]
fn what_is_not_json_is_no_event() {
    for text in [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        "",
        "[]",
        "null",
        "\"Delivery\"",
    ] {
        assert_eq!(read_text(text), [], "{text}");
    }
    // That of an identity's notifications is JSON.
    let first =
        r#"{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully …"}"#;
    assert_eq!(read_text(first)[0].status, None);
    assert!(message("Notification", "", "1")["TopicArn"] == ARN);
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    let unknown = "smtp; 550 5.1.1 user unknown";
    for (kind, sub_type, code, fault, no_mailbox, may_be_reply) in [
        ("Permanent", "General", unknown, None, true, false),
        ("Permanent", "NoEmail", unknown, None, true, false),
        // The status is 5.1.1 whatever the mailbox is.
        ("Permanent", "Suppressed", unknown, Some(MailFault::Suppressed), false, false),
        ("Permanent", "OnAccountSuppressionList", unknown, Some(MailFault::Suppressed), false, false),
        ("Permanent", "UnsubscribedRecipient", unknown, Some(MailFault::Suppressed), false, false),
        (
            "Permanent",
            "General",
            "smtp; 550 5.7.1 Your IP is blacklisted",
            Some(MailFault::Reputation),
            false,
            false,
        ),
        ("Permanent", "General", "smtp; 552 5.2.2 mailbox full", Some(MailFault::Unavailable), false, false),
        // The table of codes says that these do not deny the mailbox.
        ("Permanent", "General", "smtp; 550 5.4.4 Invalid domain", None, false, false),
        ("Permanent", "General", "smtp; 550 5.1.2 Bad destination", None, false, false),
        ("Permanent", "General", "smtp; 550 5.4.1 Access denied", None, false, false),
        ("Permanent", "General", "smtp; 450 4.1.1 unknown", Some(MailFault::Unavailable), false, false),
        ("Transient", "MailboxFull", "", Some(MailFault::Unavailable), false, false),
        ("Transient", "General", "", Some(MailFault::Unavailable), false, true),
        ("Transient", "ContentRejected", "", Some(MailFault::Blocked), false, false),
        ("Transient", "MessageTooLarge", "", Some(MailFault::Blocked), false, false),
        ("Undetermined", "Undetermined", "", None, false, true),
    ] {
        let read = bounce(kind, sub_type, code);
        let seen = (read.fault, read.no_such_mailbox, read.may_be_reply);
        assert_eq!(seen, (fault, no_mailbox, may_be_reply), "{kind} {sub_type} {code}");
    }
    let rejected = read_event("Reject", "reject", &json!({ "reason": "Bad content" }));
    assert_eq!((rejected.fault, rejected.no_such_mailbox), (Some(MailFault::Policy), false));
}

#[test]
fn a_report_that_is_no_complaint_is_none() {
    for (feedback, sub_type, status, fault) in [
        (json!("abuse"), Value::Null, Some(DeliveryStatus::Complained), None),
        (Value::Null, Value::Null, Some(DeliveryStatus::Complained), None),
        (json!("other"), Value::Null, Some(DeliveryStatus::Complained), None),
        (json!("not-spam"), Value::Null, None, None),
        (json!("virus"), Value::Null, None, None),
        (json!("auth-failure"), Value::Null, None, None),
        (
            Value::Null,
            json!("OnAccountSuppressionList"),
            Some(DeliveryStatus::Bounced),
            Some(MailFault::Suppressed),
        ),
    ] {
        let details = json!({ "complaintFeedbackType": feedback, "complaintSubType": sub_type });
        let read = read_event("Complaint", "complaint", &details);
        assert_eq!((read.status, read.fault), (status, fault), "{details}");
    }
}

/// The same event as an identity's feedback: of another name, and without tags.
fn feedback(event: &Value) -> Value {
    let mut event = event.clone();
    let members = event.as_object_mut().unwrap();
    let kind = members.remove("eventType").unwrap();
    members.insert("notificationType".to_owned(), kind);
    event["mail"].as_object_mut().unwrap().remove("tags");
    event
}

/// Without tags, the Message-ID that we wrote names the letter: among the original headers, or in their
/// summary, which has Amazon's own in published events.
#[test]
fn feedback_of_an_identity_is_read_too() {
    let details = json!({ "bounceType": "Permanent", "bounceSubType": "General" });
    let plain = feedback(&event("Bounce", "bounce", &details));
    assert_eq!(read_text(&plain.to_string())[0].letter, None);
    let own = format!("<{LETTER}@voltmark.example>");
    let (mut in_headers, mut in_summary) = (plain.clone(), plain);
    in_headers["mail"]["headers"] = json!([
        { "name": "From", "value": "no-reply@voltmark.example" }, { "name": "Message-Id", "value": own }
    ]);
    in_summary["mail"]["commonHeaders"]["messageId"] = own.into();
    for event in [in_headers, in_summary] {
        let read = read_text(&format!("{event}\n")).remove(0);
        assert_eq!((read.status, read.letter), (Some(DeliveryStatus::Bounced), LETTER.parse().ok()));
    }
}

/// Both are sent to one topic where an identity's feedback is switched on beside a configuration set.
#[test]
fn an_event_has_one_id_in_both_of_its_notifications() {
    let at = "2026-11-24T11:59:00.000Z";
    let id = |event: &Value, message_id: &str| {
        let mut message = message("Notification", &event.to_string(), "2");
        message["MessageId"] = message_id.into();
        let request = WebhookRequest { header: &|_| None, body: &[], now: now(), document: None };
        super::super::events::read(&request, &message).remove(0).event_id
    };
    let mut ids = std::collections::BTreeSet::new();
    for (kind, name, details) in [
        ("Bounce", "bounce", json!({ "feedbackId": "f1", "timestamp": at })),
        ("Complaint", "complaint", json!({ "feedbackId": "f1", "timestamp": at })),
        ("Complaint", "complaint", json!({ "feedbackId": "f2", "timestamp": at })),
        ("Delivery", "delivery", json!({ "timestamp": at })),
        ("DeliveryDelay", "deliveryDelay", json!({ "timestamp": at })),
        ("DeliveryDelay", "deliveryDelay", json!({ "timestamp": "2026-11-24T11:59:30.000Z" })),
        ("Reject", "reject", json!({ "reason": "Bad content" })),
    ] {
        let event = event(kind, name, &details);
        let seen = id(&event, "n1");
        assert_eq!(id(&feedback(&event), "n2"), seen, "{kind}");
        ids.insert(seen);
    }
    assert_eq!(ids.len(), 7, "other events have other ids: {ids:?}");
    // An event that names no message has the notification's.
    let mut nameless = event("Delivery", "delivery", &json!({ "timestamp": at }));
    nameless["mail"].as_object_mut().unwrap().remove("messageId");
    assert_eq!(id(&nameless, "n1"), "n1");
}
