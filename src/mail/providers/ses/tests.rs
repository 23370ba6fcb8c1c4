//! Amazon SES: its requests and answers, as its documentation shows them.

mod events;
mod messages;

use super::*;
use crate::mail::{
    MailUrl,
    providers::tests::*,
    testing::{LINK, letter},
};

const URL: &str = "ses://AKIDEXAMPLE:hunter22@eu-central-1";
const ACCEPTED: &str = r#"{"MessageId":"010701933e2b6c3f-5f7d3f9e-2f0b-4d1c-8f4e-3a0c9f6b1d2e-000000"}"#;

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) = meet(URL, answer("200 OK", "", ACCEPTED)).await;
    let id = "010701933e2b6c3f-5f7d3f9e-2f0b-4d1c-8f4e-3a0c9f6b1d2e-000000";
    assert_eq!(outcome.unwrap(), accepted("ses", id));
    assert!(head.starts_with("POST /v2/email/outbound-emails HTTP/1.1\r\n"), "{head}");
    let scope = "authorization: AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20261124/eu-central-1/ses/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, Signature=";
    assert!(head.contains(scope) && head.contains("x-amz-date: 20261124T130307Z\r\n"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["FromEmailAddress"], "Voltmark <no-reply@voltmark.example>");
    assert_eq!(body["ReplyToAddresses"], json!(["help@voltmark.example"]));
    assert_eq!(body["Destination"], json!({"ToAddresses": ["Ada@example.com"]}));
    assert_eq!(body["EmailTags"], json!([{"Name": "letter", "Value": letter().id.to_string()}]));
    let content = &body["Content"]["Simple"];
    assert!(content["Body"]["Text"]["Data"].as_str().unwrap().contains(LINK));
    assert!(content["Body"]["Html"]["Data"].as_str().unwrap().contains("<html"));
    assert_eq!(content["Subject"]["Charset"], "UTF-8");
    assert_eq!(content["Headers"][0], json!({"Name": "Auto-Submitted", "Value": "auto-generated"}));
    assert_eq!(body.get("ConfigurationSetName"), None);
}

#[tokio::test]
async fn the_configuration_set_and_the_session_token_are_parameters() {
    let (base, asked) = answering(answer("200 OK", "", ACCEPTED)).await;
    let text = format!("{URL}?configuration_set=invitations&session_token=IQoJ%2Bx%3D&api={base}");
    let url = MailUrl::parse(&text).unwrap();
    assert_eq!(url.describe(), format!("Amazon SES for invitations at {base}"));
    let crate::mail::url::Destination::Http(server) = url.place() else { panic!("{text}") };
    attempt(server, AMPLE).await.unwrap();
    let request = asked.await.unwrap();
    assert!(request.contains("x-amz-security-token: IQoJ+x=\r\n"), "{request}");
    assert!(
        request.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,"),
        "{request}"
    );
    assert!(request.contains(r#""ConfigurationSetName":"invitations""#), "{request}");
}

#[test]
fn the_region_says_where_the_api_is() {
    for (region, base) in [
        ("eu-central-1", "https://email.eu-central-1.amazonaws.com"),
        ("US-GOV-WEST-1", "https://email.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://email.cn-north-1.amazonaws.com.cn"),
    ] {
        let url = MailUrl::parse(&format!("ses://AKID:secret@{region}")).unwrap();
        assert_eq!(url.describe(), format!("Amazon SES at {base}"));
    }
}

#[test]
fn names_outside_of_ascii_are_encoded() {
    let mailbox = |text: &str| in_ascii(&text.parse().unwrap());
    assert_eq!(mailbox("ada@example.com"), "ada@example.com");
    assert_eq!(mailbox("Ada Lovelace <ada@example.com>"), "\"Ada Lovelace\" <ada@example.com>");
    let long = mailbox(&format!("{} <ada@example.com>", "Größe ".repeat(20).trim()));
    assert!(
        long.is_ascii() && long.starts_with("=?utf-8?b?") && long.ends_with(" <ada@example.com>"),
        "{long}"
    );
    // An encoded word has 75 characters at most (RFC 2047 §2).
    assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
}

#[test]
fn says_what_is_wrong_with_the_url() {
    for (text, part) in [
        ("ses://hunter22", "region is missing"),
        ("ses://AKID:hunter22@", "region must be"),
        ("ses://AKID:hunter22@eu.example", "region must be"),
        ("ses://hunter22@eu-central-1", "secret access key is missing"),
        ("ses://:hunter22@eu-central-1", "key is missing"),
        ("ses://AKID:hunter22/x@eu-central-1", "visible ASCII"),
        ("ses://AKID:hunter22@eu-central-1?configuration_set=a%20b", "configuration_set parameter"),
        ("ses://AKID:hunter22@eu-central-1?configuration_set=a&configuration_set=b", "given once"),
        ("ses://AKID:hunter22@eu-central-1?session_token=a+b", "session_token parameter"),
        ("ses://AKID:hunter22@eu-central-1?region=eu", "no region parameter"),
        ("ses://AKID:hunter22@eu-central-1?hunter22=1", "configuration_set="),
    ] {
        let error = MailUrl::parse(text).unwrap_err();
        assert!(
            error.contains(part) && !error.contains("hunter22") && error.ends_with('.'),
            "{text}: {error}"
        );
    }
}

fn refused(kind: &str) -> String {
    format!(
        "x-amzn-ErrorType: {kind}:http://internal.amazon.com/coral/com.amazonaws.services.simpleemail/\r\n"
    )
}

/// Of each: status, error type, message, and the operator's fault; `None` where the letter is tried again.
const WAITING: &[(&str, &str, &str, Option<MailFault>)] = &[
    ("429 Too Many Requests", "TooManyRequestsException", "Maximum sending rate exceeded.", None),
    ("400 Bad Request", "ThrottlingException", "Rate exceeded", None),
    (
        "429 Too Many Requests",
        "TooManyRequestsException",
        "Daily message quota exceeded.",
        Some(MailFault::Quota),
    ),
    ("400 Bad Request", "LimitExceededException", "too many", Some(MailFault::Quota)),
    ("400 Bad Request", "AccountSuspendedException", "suspended", Some(MailFault::Quota)),
    (
        "400 Bad Request",
        "SendingPausedException",
        "Email sending is disabled for this configuration set.",
        Some(MailFault::Quota),
    ),
    ("400 Bad Request", "AccountSendingPausedException", "paused", Some(MailFault::Quota)),
    ("400 Bad Request", "ConfigurationSetSendingPausedException", "paused", Some(MailFault::Quota)),
    (
        "400 Bad Request",
        "MessageRejected",
        "Sending paused for this account. For more information, please check the inbox of the email address \
        associated with your AWS account.",
        Some(MailFault::Quota),
    ),
    ("400 Bad Request", "MessageRejected", "Sending suspended for this account.", Some(MailFault::Quota)),
    ("400 Bad Request", "MailFromDomainNotVerifiedException", "no MX", Some(MailFault::Sender)),
    (
        "400 Bad Request",
        "MessageRejected",
        "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: \
        no-reply@voltmark.example",
        Some(MailFault::Sender),
    ),
    (
        "404 Not Found",
        "NotFoundException",
        "Configuration set <invitations> does not exist.",
        Some(MailFault::Setup),
    ),
    (
        "403 Forbidden",
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.",
        Some(MailFault::Authentication),
    ),
    (
        "403 Forbidden",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        Some(MailFault::Authentication),
    ),
    (
        "403 Forbidden",
        "AccessDeniedException",
        "User is not authorized to perform `ses:SendEmail'",
        Some(MailFault::Authentication),
    ),
    ("500 Internal Server Error", "InternalFailure", "", None),
    ("503 Service Unavailable", "ServiceUnavailable", "", None),
];

#[tokio::test]
async fn what_the_operator_has_to_put_right_ends_no_letter() {
    for &(status, kind, message, fault) in WAITING {
        let body = json!({ "message": message }).to_string();
        for answer in [
            answer(status, &refused(kind), &body),
            answer(
                status,
                "",
                &json!({ "__type": format!("com.amazonaws#{kind}"), "Message": message }).to_string(),
            ),
        ] {
            match meet(URL, answer).await.0 {
                Err(crate::domain::letter::SendError::Temporary { cause, .. }) => {
                    assert_eq!(cause.fault, fault, "{kind} {message}");
                }
                other => panic!("{kind} {message}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn what_is_about_the_letter_is_final() {
    for (kind, message) in
        [("MessageRejected", "Message contains a virus."), ("BadRequestException", "Missing final '@domain'")]
    {
        let body = json!({ "message": message }).to_string();
        let error = meet(URL, answer("400 Bad Request", &refused(kind), &body)).await.0.unwrap_err();
        assert!(matches!(&error, crate::domain::letter::SendError::Permanent { .. }), "{kind}: {error:?}");
        assert!(error.to_string().contains(message.trim_end_matches("'@domain'")), "{error}");
    }
}
