//! Mailjet: its requests and answers, and its webhook's events, as its documentation shows them.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    domain::delivery_reports::WebhookError,
    mail::{
        MailUrl,
        providers::tests::*,
        testing::{LINK, letter},
    },
};

const URL: &str = "mailjet://apikey:hunter22";
const ACCEPTED: &str = concat!(
    r#"{"Messages":[{"Status":"success","CustomID":"x","To":[{"Email":"Ada@example.com","#,
    r#""MessageUUID":"123e4567-e89b-12d3-a456-426614174000","MessageID":1234567890987654321,"#,
    r#""MessageHref":"https://api.mailjet.com/v3/REST/message/1234567890987654321"}],"Cc":[],"Bcc":[]}]}"#
);

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) = meet(URL, answer("200 OK", "", ACCEPTED)).await;
    assert_eq!(outcome.unwrap(), accepted("mailjet", "1234567890987654321"));
    let basic = format!("authorization: Basic {}\r\n", STANDARD.encode("apikey:hunter22"));
    assert!(head.starts_with("POST /v3.1/send HTTP/1.1\r\n") && head.contains(&basic), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    let message = &body["Messages"][0];
    assert_eq!(message["From"], json!({"Email": "no-reply@voltmark.example", "Name": "Voltmark"}));
    assert_eq!(message["ReplyTo"], json!({"Email": "help@voltmark.example"}));
    assert_eq!(message["To"], json!([{"Email": "Ada@example.com"}]));
    assert!(message["TextPart"].as_str().unwrap().contains(LINK));
    assert!(message["HTMLPart"].as_str().unwrap().contains("<html"));
    assert_eq!(message["Headers"]["Auto-Submitted"], "auto-generated");
    let id = letter().id.to_string();
    assert_eq!((&message["CustomID"], &message["CustomCampaign"]), (&json!(id), &json!(id)));
    assert_eq!(message["DeduplicateCampaign"], true);
    assert_eq!((&message["TrackOpens"], &message["TrackClicks"]), (&json!("disabled"), &json!("disabled")));
}

#[test]
fn the_url_has_key_and_secret() {
    for (text, words) in [
        ("mailjet://a:b", "Mailjet at https://api.mailjet.com"),
        ("mailjet://a:b?region=us", "Mailjet at https://api.us.mailjet.com"),
    ] {
        assert_eq!(MailUrl::parse(text).unwrap().describe(), words);
    }
    for (text, part) in [
        ("mailjet://hunter22", "secret key is missing"),
        ("mailjet://:hunter22", "key is missing"),
        ("mailjet://hunter22:", "key is missing"),
        ("mailjet://a:hunter22@h", "visible ASCII"),
    ] {
        let error = MailUrl::parse(text).unwrap_err();
        assert!(error.contains(part) && !error.contains("hunter22"), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_success_must_say_so() {
    for body in [
        ACCEPTED.replace("success", "error"),
        ACCEPTED.replace("MessageID", "x").replace("MessageUUID", "y"),
        r#"{"Messages":[]}"#.to_owned(),
    ] {
        assert_unproven(URL, answer("200 OK", "", &body)).await;
    }
}

/// An error as it is in the list of messages.
fn error(code: &str, message: &str, member: &str) -> String {
    let error = json!({
        "ErrorIdentifier": "0e5ad2cf-9d4c-4d6d-9e5d-5c1f4b1f0d3a", "ErrorCode": code, "StatusCode": 400,
        "ErrorMessage": message, "ErrorRelatedTo": [member]
    });
    json!({ "Messages": [{ "Status": "error", "Errors": [error] }] }).to_string()
}

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    let whole = |status: u16, message: &str| {
        json!({ "ErrorIdentifier": "x", "StatusCode": status, "ErrorMessage": message }).to_string()
    };
    for (status, body, is_final) in [
        ("400 Bad Request", error("mj-0013", "\"x\" is an invalid email address.", "To[0].Email"), true),
        ("400 Bad Request", error("mj-0004", "Type mismatch. Expected type \"string\".", "HTMLPart"), true),
        ("400 Bad Request", error("mj-0013", "\"x\" is an invalid email address.", "From.Email"), false),
        ("400 Bad Request", whole(400, "Malformed JSON, please review the syntax"), true),
        ("401 Unauthorized", whole(401, "API key authentication/authorization failure."), false),
        ("429 Too Many Requests", whole(429, "Too many requests"), false),
    ] {
        assert_refusal(URL, status, &body, is_final).await;
    }
    let refused = error("mj-0013", "\"x\" is an invalid email address.", "To[0].Email");
    let text = meet(URL, answer("400 Bad Request", "", &refused)).await.0.unwrap_err().to_string();
    assert_eq!(text, "Mailjet answered 400: \"x\" is an invalid email address.");
}

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    let sender = "\"no-reply@voltmark.example\" is not an authorized sender email address for your account.";
    let blocked = json!({
        "ErrorIdentifier": "x", "StatusCode": 401,
        "ErrorMessage": "Your account has been temporarily blocked. Please contact our support team"
    });
    // An error of the whole request has its code beside the message.
    let coded = |code: &str| json!({ "ErrorCode": code, "StatusCode": 401, "ErrorMessage": "x" }).to_string();
    for (status, body, fault) in [
        ("401 Unauthorized", coded("mj-0001"), Some(MailFault::Quota)),
        ("401 Unauthorized", coded("mj-0015"), Some(MailFault::Authentication)),
        ("403 Forbidden", error("send-0006", "x", "SenderID"), Some(MailFault::Sender)),
        ("403 Forbidden", error("send-0007", "x", "SenderID"), Some(MailFault::Sender)),
        ("400 Bad Request", error("send-0008", sender, "From"), Some(MailFault::Sender)),
        ("403 Forbidden", error("send-0008", sender, "From"), Some(MailFault::Sender)),
        ("401 Unauthorized", blocked.to_string(), Some(MailFault::Quota)),
        ("401 Unauthorized", "{}".to_owned(), Some(MailFault::Authentication)),
        ("500 Internal Server Error", "{}".to_owned(), None),
    ] {
        assert_operator_fault(URL, status, &body, fault).await;
    }
}

const SECRET: &str = "a-secret-for-mailjet";

fn read_body(body: &Value) -> Result<Vec<DeliveryEvent>, WebhookError> {
    let key = SecretWebhook::of_lists(SECRET, delivery_event).unwrap();
    let basic = format!("Basic {}", STANDARD.encode(format!("any:{SECRET}")));
    read_events(&key, &[("authorization", &basic)], &body.to_string())
}

fn event(event: &str, more: &Value) -> Value {
    let mut whole = json!({
        "event": event, "time": NOW - 60, "MessageID": 19_421_777_396_190_490_u64,
        "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j", "email": "ada@example.com",
        "mj_campaign_id": 7173, "mj_contact_id": 320, "customcampaign": "", "CustomID": LETTER, "Payload": ""
    });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

fn bounce(error: &str, hard: bool) -> Value {
    event(
        "bounce",
        &json!({
            "blocked": false, "hard_bounce": hard, "error_related_to": "recipient", "error": error,
            "comment": ""
        }),
    )
}

#[test]
fn events_are_read_alone_and_grouped() {
    let rows = [
        (
            event("sent", &json!({ "smtp_reply": "sent (250 2.0.0 OK)" })),
            Some(DeliveryStatus::Delivered),
            None,
        ),
        (bounce("user unknown", true), Some(DeliveryStatus::Bounced), Some("user unknown")),
        (bounce("greylisted", false), Some(DeliveryStatus::Deferred), Some("greylisted")),
        (bounce("greylisted", true), Some(DeliveryStatus::Bounced), Some("greylisted")),
        (
            event("blocked", &json!({ "error_related_to": "mailjet", "error": "preblocked" })),
            Some(DeliveryStatus::Bounced),
            Some("preblocked"),
        ),
        (
            event("blocked", &json!({ "error_related_to": "mailjet", "error": "duplicate in campaign" })),
            None,
            None,
        ),
        (event("spam", &json!({ "source": "JMRPP" })), Some(DeliveryStatus::Complained), Some("JMRPP")),
        (event("unsub", &json!({ "mj_list_id": 1 })), None, None),
        (event("open", &json!({ "ip": "127.0.0.1" })), None, None),
        (event("click", &json!({ "url": "https://example.com" })), None, None),
    ];
    let group: Vec<Value> = rows.iter().map(|(event, ..)| event.clone()).collect();
    let read = read_body(&json!(group)).unwrap();
    for (place, (event, status, reason)) in rows.iter().enumerate() {
        let single = read_body(event).unwrap();
        assert_eq!(single[..], read[place..=place], "{event}");
        assert_eq!((single[0].status, single[0].reason.as_deref()), (*status, *reason), "{event}");
        assert_eq!((single[0].letter, single[0].at.timestamp()), (LETTER.parse().ok(), NOW - 60));
        // Of more digits than a binary float has.
        assert_eq!(single[0].message_ids[0], "19421777396190490");
    }
    assert_eq!(read_body(&json!([])).unwrap(), []);
    assert_eq!(read_body(&json!([[]])), Err(WebhookError::OtherForm));
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    for (error, hard, fault, no_mailbox) in [
        ("user unknown", true, None, true),
        ("mailbox inactive", true, None, true),
        ("user unknown", false, None, false),
        ("mailbox inactive", false, None, false),
        // The domain is wrong, or was not found.
        ("invalid domain", true, None, false),
        ("invalid domain", false, None, false),
        ("typofix", true, None, false),
        ("no mail host", true, None, false),
        ("no mail host", false, Some(MailFault::Unavailable), false),
        ("quota exceeded", false, Some(MailFault::Unavailable), false),
        ("connection issue", false, Some(MailFault::Unavailable), false),
        ("blacklisted", true, Some(MailFault::Suppressed), false),
        ("spam reporter", true, Some(MailFault::Suppressed), false),
        ("preblocked", true, Some(MailFault::Suppressed), false),
        ("spam preblocked", true, Some(MailFault::Policy), false),
        ("sender blocked", true, Some(MailFault::Reputation), false),
        ("content blocked", true, Some(MailFault::SpamFilter), false),
        ("policy issue", true, Some(MailFault::Blocked), false),
        ("relay/access denied", true, Some(MailFault::Blocked), false),
        ("bad or empty template", true, Some(MailFault::Setup), false),
        ("system issue", false, Some(MailFault::Provider), false),
        ("protocol issue", false, Some(MailFault::Provider), false),
        ("something new", true, None, false),
        ("something new", false, Some(MailFault::Unavailable), false),
    ] {
        let read = read_body(&bounce(error, hard)).unwrap().remove(0);
        assert_eq!((read.fault, read.no_such_mailbox), (fault, no_mailbox), "{error} {hard}");
    }
    // What the server said decides.
    for (comment, hard, no_mailbox) in [
        ("550 5.1.1 no such user", false, true),
        ("550 5.1.1 no such user", true, true),
        ("550 5.2.1 account disabled", true, false),
        ("450 4.1.1 later", true, false),
        ("550 no", true, true),
        ("550 no", false, false),
    ] {
        let mut said = bounce("user unknown", hard);
        said["comment"] = comment.into();
        assert_eq!(read_body(&said).unwrap()[0].no_such_mailbox, no_mailbox, "{comment} {hard}");
    }
    let mut said = bounce("policy issue", true);
    said["comment"] = "550 5.7.1 Your IP is blacklisted".into();
    let read = read_body(&said).unwrap().remove(0);
    assert_eq!(read.fault, Some(MailFault::Reputation));
    assert_eq!(read.reason.as_deref(), Some("550 5.7.1 Your IP is blacklisted"));
}
