//! Azure Communication Services: the operation of a letter, as the examples of its specification show it.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;

const ID: &str = "f9168c5e-ceb2-4faa-b6bf-329bf39fa1e4";

fn operation(status: &str, error: Option<(&str, &str)>) -> Value {
    let mut answer = json!({ "id": "F9168C5E-CEB2-4faa-B6BF-329BF39FA1E4", "status": status });
    if let Some((code, message)) = error {
        answer["error"] = json!({ "code": code, "message": message });
    }
    answer
}

#[test]
fn an_operation_that_did_not_fail_is_no_delivery() {
    for status in ["NotStarted", "Running", "Succeeded", "SomethingNew"] {
        let result = known(AZURE, &operation(status, None));
        assert_eq!((result.accepted.clone(), result.events.len()), (Some(accepted(ID, 0)), 0), "{status}");
    }
}

#[test]
fn one_that_failed_says_who_is_at_fault() {
    let dropped = "Email was dropped after several attempts to deliver.";
    let suppressed = "Email was dropped because all recipients were suppressed.";
    for (status, code, message, fault) in [
        ("Failed", "EmailDropped", dropped, Some(MailFault::Unavailable)),
        ("Failed", "EmailDroppedAllRecipientsSuppressed", suppressed, Some(MailFault::Suppressed)),
        ("Failed", "InvalidEmailAddress", "Invalid format for email address", None),
        ("Failed", "DomainNotLinked", "The domain has not been linked.", Some(MailFault::Sender)),
        ("Failed", "InternalServerError", "Something went wrong.", Some(MailFault::Provider)),
        ("Canceled", "", "", Some(MailFault::Provider)),
    ] {
        let result = known(AZURE, &operation(status, Some((code, message))));
        assert_eq!(statuses(&result), [(Bounced, 0)], "{code}");
        let event = &result.events[0];
        assert_eq!((event.fault, event.no_such_mailbox), (fault, false), "{code}");
        assert_eq!(event.reason.as_deref(), Some(if message.is_empty() { status } else { message }));
        assert_eq!(event.event_id, format!("operation:{ID}"));
    }
}

#[tokio::test]
async fn the_question_is_signed() {
    let body = operation("Running", None).to_string();
    let (outcome, request) = ask(AZURE, ID, answer("200 OK", "Retry-After: 100\r\n", &body)).await;
    assert_eq!(outcome.unwrap().accepted, Some(accepted(ID, 0)));
    let path = format!("/emails/operations/{ID}?api-version=2023-03-31");
    assert!(request.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{request}");
    let header = |name: &str| {
        request.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
    };
    let (date, digest) = ("Tue, 24 Nov 2026 12:00:00 GMT", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!((header("x-ms-date"), header("x-ms-content-sha256")), (date, digest));
    let signature =
        STANDARD.encode(mac(b"hunter22", &format!("GET\n{path}\n{date};{};{digest}", header("host"))));
    let wanted =
        format!("HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}");
    assert_eq!(header("authorization"), wanted);
}

#[tokio::test]
async fn one_that_is_forgotten_and_limits_are_refusals() {
    let (outcome, _) = ask(AZURE, ID, answer("404 Not Found", "", "{}")).await;
    match outcome {
        Err(StatusError::Refused(words)) => {
            assert_eq!(words, "Azure Communication Services does not know the letter, or no longer (404).");
        }
        other => panic!("{other:?}"),
    }
    let (outcome, _) = ask(AZURE, ID, answer("429 Too Many Requests", "Retry-After: 60\r\n", "{}")).await;
    assert_eq!(outcome, Err(StatusError::Unavailable(60)));
}
