//! Postmark: its requests and answers, and its webhook's events, as its documentation shows them.

use chrono::TimeDelta;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;
use crate::mail::{
    providers::tests::*,
    testing::{LINK, letter},
};

const URL: &str = "postmark://hunter22";

#[tokio::test]
async fn accepts_a_letter() {
    let said = concat!(
        r#"{"To":"Ada@example.com","SubmittedAt":"2026-11-24T13:03:07.0Z","#,
        r#""MessageID":"0a129aee-e1cd-480d-b08d-4f48548ff48d","ErrorCode":0,"Message":"OK"}"#
    );
    let (outcome, head, body) = meet(URL, answer("200 OK", "", said)).await;
    assert_eq!(outcome.unwrap(), accepted("postmark", "0a129aee-e1cd-480d-b08d-4f48548ff48d"));
    assert!(
        head.starts_with("POST /email HTTP/1.1\r\n") && head.contains("x-postmark-server-token: hunter22"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["From"], "Voltmark <no-reply@voltmark.example>");
    assert_eq!((&body["To"], &body["ReplyTo"]), (&json!("Ada@example.com"), &json!("help@voltmark.example")));
    assert!(
        body["TextBody"].as_str().unwrap().contains(LINK)
            && body["HtmlBody"].as_str().unwrap().contains(LINK)
    );
    assert_eq!((&body["TrackOpens"], &body["TrackLinks"]), (&json!(false), &json!("None")));
    assert_eq!(body["Metadata"], json!({"letter": letter().id.to_string()}));
    let header = |name: &str, value: &str| json!({"Name": name, "Value": value});
    assert_eq!(
        body["Headers"],
        json!([
            header("Message-ID", &message_id()),
            header("X-PM-KeepID", "true"),
            header("Auto-Submitted", "auto-generated"),
            header("Precedence", "bulk"),
            header("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ])
    );
}

#[tokio::test]
async fn a_success_must_have_a_message_id() {
    for answer in [
        answer("200 OK", "", r#"{"ErrorCode":40"#),
        answer("200 OK", "", r#"{"ErrorCode":"406","Message":"inactive"}"#),
        answer("200 OK", "", r#"{"ErrorCode":0,"Message":"OK"}"#),
        answer("200 OK", "", r#"{"ErrorCode":0,"MessageID":""}"#),
        answer("200 OK", "", r#"{"MessageID":"0a129aee"}"#),
    ] {
        assert_unproven(URL, answer).await;
    }
}

const REFUSALS: &[(&str, &str, bool)] = &[
    (
        "422 Unprocessable Entity",
        concat!(
            r#"{"ErrorCode":406,"Message":"You tried to send to recipient(s) that have been marked as "#,
            r#"inactive. Found inactive addresses: Ada@example.com."}"#
        ),
        true,
    ),
    (
        "422 Unprocessable Entity",
        r#"{"ErrorCode":300,"Message":"Invalid 'To' address: 'Ada@example.com'."}"#,
        true,
    ),
    ("422 Unprocessable Entity", r#"{"ErrorCode":300,"Message":"Invalid 'From' address: 'x'."}"#, false),
    (
        "422 Unprocessable Entity",
        r#"{"ErrorCode":400,"Message":"The 'From' address you supplied is not a Sender Signature."}"#,
        false,
    ),
    (
        "422 Unprocessable Entity",
        r#"{"ErrorCode":405,"Message":"Your account has run out of credits."}"#,
        false,
    ),
    (
        "401 Unauthorized",
        r#"{"ErrorCode":10,"Message":"No Account or Server API tokens were supplied."}"#,
        false,
    ),
    ("413 Payload Too Large", "", true),
];

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    for &(status, body, is_final) in REFUSALS {
        assert_refusal(URL, status, body, is_final).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    use MailFault::{Authentication, Quota, Sender};
    for (status, body, fault) in [
        (
            "422 Unprocessable Entity",
            r#"{"ErrorCode":401,"Message":"Sender signature not confirmed"}"#,
            Some(Sender),
        ),
        ("422 Unprocessable Entity", r#"{"ErrorCode":405,"Message":"Not allowed to send"}"#, Some(Quota)),
        (
            "422 Unprocessable Entity",
            concat!(
                r#"{"ErrorCode":412,"Message":"While your account is pending approval, all recipient "#,
                r#"addresses must share the same domain as the 'From' address."}"#
            ),
            Some(Quota),
        ),
        ("422 Unprocessable Entity", r#"{"ErrorCode":413,"Message":"Account may not send"}"#, Some(Quota)),
        (
            "401 Unauthorized",
            r#"{"ErrorCode":10,"Message":"Bad or missing API token"}"#,
            Some(Authentication),
        ),
    ] {
        assert_operator_fault(URL, status, body, fault).await;
    }
}

const SECRET: &str = "a-secret-for-postmark";

fn read_event(event: &Value) -> DeliveryEvent {
    let key = SecretWebhook::of_single_events(SECRET, delivery_event).unwrap();
    read_events(&key, &[("x-mail-events-secret", SECRET)], &event.to_string()).unwrap().remove(0)
}

#[test]
fn a_request_is_verified_by_its_secret() {
    let key = SecretWebhook::of_single_events(SECRET, delivery_event).unwrap();
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let (right, wrong) = (basic(&format!("any:{SECRET}")), basic("any:another-secret-for-postmark"));
    for (header, value, good) in [
        ("authorization", right.as_str(), true),
        ("authorization", &wrong, false),
        ("authorization", SECRET, false),
        ("authorization", "Basic !", false),
        ("x-mail-events-secret", SECRET, true),
        ("x-mail-events-secret", "", false),
        ("x-other", SECRET, false),
    ] {
        assert_eq!(read_events(&key, &[(header, value)], "{}").is_ok(), good, "{header}: {value}");
    }
    assert!(SecretWebhook::of_single_events("short", delivery_event).is_err());
}

#[test]
fn events_are_read() {
    let delivery = read_event(&json!({
        "RecordType": "Delivery", "ServerID": 23, "MessageStream": "outbound",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
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
            status: Some(DeliveryStatus::Delivered),
            fault: None,
            may_be_reply: false,
            reason: None,
            no_such_mailbox: false,
            status_code: None,
        }
    );
    let bounce = |kind: &str| {
        read_event(&json!({
            "RecordType": "Bounce", "MessageStream": "outbound", "ID": 4_323_372_036_854_775_807_i64,
            "Type": kind, "TypeCode": 1,
            "Name": "Hard bounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Email": "john@example.com",
            "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not \
                found).",
            "Details": "smtp;550 5.1.1 <john@example.com> unknown",
            "BouncedAt": "2026-11-24T06:59:00.1234567-05:00",
            "Inactive": true, "CanActivate": true, "Subject": "Test subject",
        }))
    };
    let hard = bounce("HardBounce");
    assert_eq!(
        (hard.status, hard.reason.as_deref()),
        (Some(DeliveryStatus::Bounced), Some("smtp;550 5.1.1 unknown"))
    );
    assert_eq!((hard.event_id.as_str(), hard.at.timestamp()), ("Bounce:4323372036854775807", NOW - 60));
    for given_up in ["SoftBounce", "Transient", "DnsError"] {
        assert_eq!(bounce(given_up).status, Some(DeliveryStatus::Bounced), "{given_up}");
    }
    let delayed =
        json!({ "RecordType": "Bounce", "Type": "Transient", "ID": "7", "Details": "Action: delayed\r\n" });
    assert_eq!(
        (read_event(&delayed).status, read_event(&delayed).event_id.len()),
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
        assert_eq!(bounce(none).status, None, "{none}");
    }
    let complaint = read_event(&json!({
        "RecordType": "SpamComplaint", "ID": 42, "Type": "SpamComplaint",
        "BouncedAt": "2999-01-01T00:00:00Z"
    }));
    assert_eq!((complaint.status, complaint.at), (Some(DeliveryStatus::Complained), now()));
    assert_eq!(read_event(&json!({ "RecordType": "Open" })).status, None);
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    for (kind, details, fault) in [
        ("HardBounce", "smtp;550 5.1.1 <john@example.com> unknown", None),
        (
            "HardBounce",
            "smtp;554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
            Some(MailFault::Reputation),
        ),
        ("SoftBounce", "smtp;550 5.7.26 unauthenticated", Some(MailFault::DomainAuthentication)),
        ("SoftBounce", "smtp;552 5.2.2 mailbox full", Some(MailFault::Unavailable)),
        ("HardBounce", "smtp;552 5.2.2 mailbox full", Some(MailFault::Unavailable)),
        ("SoftBounce", "", Some(MailFault::Unavailable)),
        ("SoftBounce", "smtp;550 5.1.1 unknown user", None),
        ("Transient", "", Some(MailFault::Unavailable)),
        ("Transient", "smtp;450 4.4.1 connection timed out", Some(MailFault::Network)),
        ("HardBounce", "", None),
        ("BadEmailAddress", "", None),
        ("DnsError", "", None),
        ("SMTPApiError", "", Some(MailFault::Provider)),
        ("TemplateRenderingFailed", "", Some(MailFault::Setup)),
        ("DMARCPolicy", "", Some(MailFault::DomainAuthentication)),
        ("SpamNotification", "", Some(MailFault::SpamFilter)),
        ("Blocked", "", Some(MailFault::Blocked)),
        ("Blocked", "smtp;550 SPF unauthorized mail is prohibited", Some(MailFault::DomainAuthentication)),
        ("VirusNotification", "", Some(MailFault::Blocked)),
        ("ManuallyDeactivated", "", Some(MailFault::Suppressed)),
    ] {
        let event = json!({
            "RecordType": "Bounce", "Type": kind, "ID": 1, "Details": details, "Email": "john@example.com"
        });
        let read = read_event(&event);
        assert_eq!((read.status, read.fault), (Some(DeliveryStatus::Bounced), fault), "{kind} {details}");
    }
    let complaint = read_event(&json!({ "RecordType": "SpamComplaint", "Type": "SMTPApiError", "ID": 2 }));
    assert_eq!((complaint.status, complaint.fault), (Some(DeliveryStatus::Complained), None));
}

#[test]
fn a_missing_mailbox_is_distinguished_from_a_full_one() {
    let event =
        |kind: &str, details: &str| json!({ "RecordType": "Bounce", "Type": kind, "Details": details });
    for (kind, details, hard) in [
        ("HardBounce", "smtp;550 5.1.1 unknown user", true),
        ("BadEmailAddress", "", true),
        ("HardBounce", "552 5.2.2 mailbox full", false),
        ("HardBounce", "smtp;550 5.1.2 host unknown", false),
        ("HardBounce", "smtp;550 5.4.1 Recipient address rejected: Access denied", false),
        ("HardBounce", "smtp;450 4.1.1 unknown user", false),
        ("SoftBounce", "smtp;550 5.1.1", false),
        ("Transient", "", false),
        ("Blocked", "", false),
        ("SpamNotification", "", false),
        ("SMTPApiError", "", false),
    ] {
        assert_eq!(has_no_mailbox(&event(kind, details)), hard, "{kind}: {details}");
    }
    assert!(!has_no_mailbox(&json!({ "RecordType": "Delivery", "Type": "HardBounce" })));
}
