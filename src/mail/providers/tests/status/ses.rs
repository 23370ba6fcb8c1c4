//! Amazon SES: what Virtual Deliverability Manager knows.

use super::*;

const ID: &str = "010701933e2b6c3f-5f7d3f9e-000000";

/// The answer with these events: their type, the seconds since noon, and their details.
fn insights(events: &[(&str, i64, Value)]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|(kind, at, details)| json!({ "Type": kind, "Timestamp": NOW + at, "Details": details }))
        .collect();
    json!({
        "MessageId": ID, "FromEmailAddress": "no-reply@voltmark.example", "Subject": "Your invitation",
        "EmailTags": [{ "Name": "letter", "Value": LETTER }],
        "Insights": [{ "Destination": "ada@example.com", "Isp": "Example", "Events": events }]
    })
}

fn bounce(kind: &str, code: &str) -> Value {
    json!({ "Bounce": { "BounceType": kind, "BounceSubType": "General", "DiagnosticCode": code } })
}

#[test]
fn its_events_are_read_as_the_published_ones() {
    let delayed = [
        ("SEND", -60, json!({})),
        ("DELIVERY_DELAY", -50, json!({})),
        ("DELIVERY", -30, json!({})),
        ("OPEN", -20, json!({})),
        ("SUBSCRIPTION", -10, json!({})),
    ];
    let result = known(SES, &insights(&delayed));
    assert_eq!(result.accepted, Some(accepted(ID, -60)));
    assert_eq!(statuses(&result), [(Deferred, -50), (Delivered, -30), (Delivered, -20)]);
    let ids: std::collections::BTreeSet<&str> =
        result.events.iter().map(|one| one.event_id.as_str()).collect();
    assert_eq!(ids.len(), 3, "events of one letter are distinct");

    for (kind, code, fault, no_mailbox, may_be_reply) in [
        ("PERMANENT", "smtp; 550 5.1.1 user unknown", None, true, false),
        ("PERMANENT", "smtp; 550 5.7.1 Your IP is blacklisted", Some(MailFault::Reputation), false, false),
        ("TRANSIENT", "smtp; 452 4.2.2 mailbox full", Some(MailFault::Unavailable), false, true),
        ("UNDETERMINED", "", None, false, true),
    ] {
        let result = known(SES, &insights(&[("BOUNCE", -5, bounce(kind, code))]));
        assert_eq!(statuses(&result), [(Bounced, -5)], "{kind} {code}");
        let event = &result.events[0];
        assert_eq!((event.fault, event.no_such_mailbox), (fault, no_mailbox), "{kind} {code}");
        assert_eq!(event.may_be_reply, may_be_reply, "{kind} {code}");
        assert_eq!(event.message_ids, [ID]);
    }
    for (kind, details, status, fault) in [
        ("REJECT", json!({}), Some(Bounced), Some(MailFault::Policy)),
        ("RENDERING_FAILURE", json!({}), Some(Bounced), Some(MailFault::Setup)),
        ("COMPLAINT", json!({ "Complaint": { "ComplaintFeedbackType": "abuse" } }), Some(Complained), None),
        ("COMPLAINT", json!({ "Complaint": { "ComplaintFeedbackType": "not-spam" } }), None, None),
        (
            "COMPLAINT",
            json!({ "Complaint": { "ComplaintSubType": "OnAccountSuppressionList" } }),
            Some(Bounced),
            Some(MailFault::Suppressed),
        ),
    ] {
        let result = known(SES, &insights(&[(kind, -7, details.clone())]));
        assert_eq!(statuses(&result), status.map(|status| (status, -7)).into_iter().collect::<Vec<_>>());
        assert_eq!(result.events[0].fault, fault, "{kind} {details}");
    }
}

#[test]
fn two_letters_have_two_events_and_times_may_be_texts() {
    let answer = insights(&[("DELIVERY", -30, json!({}))]);
    let (mut other, mut text) = (answer.clone(), answer.clone());
    other["MessageId"] = "another".into();
    text["Insights"][0]["Events"][0]["Timestamp"] = "2026-11-24T11:59:30Z".into();
    assert_ne!(known(SES, &answer).events[0].event_id, known(SES, &other).events[0].event_id);
    assert_eq!(known(SES, &text), known(SES, &answer));
    // Nothing has happened to it.
    let result = known(SES, &json!({ "MessageId": ID }));
    assert_eq!((result.accepted, result.events.len()), (Some(accepted(ID, 0)), 0));
}

#[tokio::test]
async fn the_question_is_signed() {
    let body = insights(&[("DELIVERY", -30, json!({}))]).to_string();
    let (outcome, request) = ask(SES, ID, answer("200 OK", "", &body)).await;
    assert_eq!(statuses(&outcome.unwrap()), [(Delivered, -30)]);
    assert!(request.starts_with(&format!("GET /v2/email/insights/{ID}/ HTTP/1.1\r\n")), "{request}");
    let scope = "authorization: AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20261124/eu-central-1/ses/aws4_request, SignedHeaders=host;x-amz-date, \
        Signature=";
    assert!(request.contains(scope) && request.contains("x-amz-date: 20261124T120000Z\r\n"), "{request}");
}

#[tokio::test]
async fn a_refusal_says_what_the_account_needs() {
    for (status, kind) in [
        ("404 Not Found", "NotFoundException"),
        ("400 Bad Request", "BadRequestException"),
        ("403 Forbidden", "AccessDeniedException"),
    ] {
        let headers = format!("x-amzn-ErrorType: {kind}\r\n");
        let (outcome, _) = ask(SES, ID, answer(status, &headers, r#"{"message":"x"}"#)).await;
        match outcome {
            Err(StatusError::Refused(words)) => {
                assert!(words.contains(&status[..3]), "{words}");
                assert!(words.contains("Virtual Deliverability Manager"), "{words}");
                assert!(words.ends_with("that may ses:GetMessageInsights."), "{words}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    for (status, body) in [
        ("400 Bad Request", r#"{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}"#),
        ("503 Service Unavailable", "{}"),
    ] {
        let (outcome, _) = ask(SES, ID, answer(status, "", body)).await;
        assert_eq!(outcome, Err(StatusError::Unavailable(10)), "{status}");
    }
}
