//! Asking what became of a letter: the requests, and what the answers of the providers' documentation mean.
//!
//! The functions that make a question and read an answer are for the providers' own tests, too.

mod azure;
mod brevo;
mod mailjet;
mod ses;

use chrono::TimeDelta;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{
        delivery_reports::DeliveryStatus::{self, Bounced, Complained, Deferred, Delivered},
        letter_status::{Acceptance, KnownStatus, StatusError, StatusQuery},
    },
    mail::providers::{
        request::Get,
        response::Answer,
        status::{AskedLetter, StatusStep},
    },
};

const POSTMARK: &str = "postmark://hunter22";
const SENDGRID: &str = "sendgrid://hunter22";
const MAILGUN: &str = "mailgun://hunter22@mg.voltmark.example";
const RESEND: &str = "resend://hunter22";
const SES: &str = "ses://AKIDEXAMPLE:hunter22@eu-central-1";
const BREVO: &str = "brevo://hunter22";
const MAILJET: &str = "mailjet://apikey:hunter22";
const AZURE: &str = "azure://aHVudGVyMjI=@voltmark";

pub(in crate::mail::providers) fn asked(message_id: Option<&str>) -> AskedLetter<'_> {
    let own_message_id = "ltr_01m86xvxh0e3pt0yekqqme4qcm@voltmark.example";
    AskedLetter { id: LETTER.parse().unwrap(), message_id, own_message_id, now: now() }
}

pub(in crate::mail::providers) fn request(url: &str, message_id: Option<&str>) -> Option<String> {
    let server = server(url, "http://127.0.0.1:1");
    server.api.status_request(&asked(message_id)).map(|get| get.path)
}

pub(in crate::mail::providers) fn step(
    url: &str,
    message_id: Option<&str>,
    body: &Value,
) -> Option<StatusStep> {
    let body = body.to_string().into_bytes();
    let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body };
    server(url, "http://127.0.0.1:1").api.status(&asked(message_id), &answer)
}

/// Asks a server that gives this answer: what comes of it, and the request.
pub(in crate::mail::providers) async fn ask(
    url: &str,
    message_id: &str,
    answer: &'static str,
) -> (Result<KnownStatus, StatusError>, String) {
    let (base, request) = answering(answer).await;
    let http = Http::with_limits(&server(url, &base), AMPLE).unwrap();
    let (letter, message_id) = (LETTER.parse().unwrap(), Some(message_id.to_owned()));
    let query = StatusQuery { letter, message_id, now: now() };
    let outcome = http.status(&query, &MessageBuilder::new(sender()).unwrap()).await;
    (outcome, request.await.unwrap())
}

pub(in crate::mail::providers) fn known(url: &str, body: &Value) -> KnownStatus {
    match step(url, Some("m-1"), body) {
        Some(StatusStep::Known(known)) => known,
        other => panic!("{body}: {other:?}"),
    }
}

/// The statuses that an answer tells, with the seconds since noon.
pub(in crate::mail::providers) fn statuses(known: &KnownStatus) -> Vec<(DeliveryStatus, i64)> {
    known.events.iter().filter_map(|one| Some((one.status?, (one.at - now()).num_seconds()))).collect()
}

pub(in crate::mail::providers) fn accepted(message_id: &str, seconds: i64) -> Acceptance {
    Acceptance { at: now() + TimeDelta::seconds(seconds), message_id: message_id.to_owned() }
}

#[test]
fn letters_are_asked_for_by_their_message_id_or_by_ours() {
    for (url, message_id, path) in [
        (POSTMARK, Some("0a12-9aee"), Some("/messages/outbound/0a12-9aee/details")),
        (
            POSTMARK,
            None,
            Some("/messages/outbound?count=1&offset=0&metadata_letter=ltr_01m86xvxh0e3pt0yekqqme4qcm"),
        ),
        (
            MAILGUN,
            Some("ltr_1@voltmark.example"),
            Some("/v3/mg.voltmark.example/events?message-id=ltr_1%40voltmark.example&ascending=no&limit=25"),
        ),
        (
            MAILGUN,
            None,
            Some(
                "/v3/mg.voltmark.example/events?message-id=ltr_01m86xvxh0e3pt0yekqqme4qcm%40voltmark.example\
                &ascending=no&limit=25",
            ),
        ),
        (RESEND, Some("49a3"), Some("/emails/49a3")),
        (RESEND, None, None),
        (SENDGRID, Some("x-Y_1"), Some("/v3/messages?limit=1&query=msg_id%20LIKE%20%27x-Y_1%25%27")),
        (
            SENDGRID,
            None,
            Some(
                "/v3/messages?limit=1&query=%28unique_args%5B%27letter%27%5D%3D%22\
                ltr_01m86xvxh0e3pt0yekqqme4qcm%22%29",
            ),
        ),
        // What would end the query is in none; what would end a part of a path is encoded.
        (SENDGRID, Some("x' OR msg_id LIKE '"), None),
        (SENDGRID, Some("%"), None),
        (RESEND, Some("../domains?x=#"), Some("/emails/..%2Fdomains%3Fx%3D%23")),
        (SES, Some("0107-c3f-000000"), Some("/v2/email/insights/0107-c3f-000000/")),
        // The signature is of a path without escapes.
        (SES, Some("a/b"), None),
        (SES, None, None),
        (
            BREVO,
            Some("<2018.5787683@smtp-relay.mailin.fr>"),
            Some(
                "/v3/smtp/statistics/events?messageId=%3C2018.5787683%40smtp-relay.mailin.fr%3E&days=90\
                &limit=100&sort=asc",
            ),
        ),
        (BREVO, None, None),
        (MAILJET, Some("19421777396190490"), Some("/v3/REST/message/19421777396190490")),
        // A day before the time in our id.
        (
            MAILJET,
            None,
            Some("/v3/REST/message?CustomID=ltr_01m86xvxh0e3pt0yekqqme4qcm&FromTS=1795442580&Limit=1"),
        ),
        (
            MAILJET,
            Some("123e4567-e89b-12d3-a456-426614174000"),
            Some("/v3/REST/message?CustomID=ltr_01m86xvxh0e3pt0yekqqme4qcm&FromTS=1795442580&Limit=1"),
        ),
        (AZURE, Some("8540c0de-899f"), Some("/emails/operations/8540c0de-899f?api-version=2023-03-31")),
        (AZURE, None, None),
        ("mailpit+http://HOST:8025", Some("m-1"), None),
    ] {
        assert_eq!(request(url, message_id).as_deref(), path, "{url} {message_id:?}");
    }
}

#[test]
fn help_says_what_is_asked_of_each_provider_that_can_be_asked() {
    for url in urls() {
        let is_explained = server(&url, "http://127.0.0.1:1").provider.guide.recheck.is_some();
        assert_eq!(is_explained, request(&url, Some("m-1")).is_some(), "{url}");
    }
}

#[test]
fn an_answer_of_another_form_tells_nothing() {
    for url in urls() {
        for body in [json!([]), json!(null), json!({"items": {}, "events": 1, "id": 2, "Data": "x"})] {
            assert_eq!(step(&url, Some("m-1"), &body), None, "{url} {body}");
        }
        // Brevo's answer where there is no event.
        assert_eq!(step(&url, Some("m-1"), &json!({})).is_some(), url == BREVO, "{url}");
    }
}

#[test]
fn a_letter_that_is_not_found_is_not_known() {
    for (url, body) in [
        (POSTMARK, json!({"TotalCount": 0, "Messages": []})),
        (MAILGUN, json!({"items": [], "paging": {}})),
        (SENDGRID, json!({"messages": []})),
        (BREVO, json!({})),
        (BREVO, json!({"events": null})),
        (BREVO, json!({"events": []})),
        (MAILJET, json!({"Count": 0, "Data": [], "Total": 0})),
    ] {
        assert_eq!(known(url, &body), KnownStatus::default(), "{url}");
    }
}

#[test]
fn postmark_tells_by_the_events_of_the_message() {
    let found = json!({"TotalCount": 1, "Messages": [{"MessageID": "m-1", "Status": "Sent"}]});
    let details = Get::path(&["messages", "outbound", "m-1", "details"]);
    assert_eq!(step(POSTMARK, None, &found), Some(StatusStep::Ask(details, KnownStatus::default())));

    let event = |kind: &str, second: u32, details: Value| {
        json!({
            "Recipient": "ada@example.com", "Type": kind, "Details": details,
            "ReceivedAt": format!("2026-11-24T06:59:{second:02}.0000000-05:00")
        })
    };
    let message = |events: &[Value]| {
        json!({
            "MessageID": "m-1", "ReceivedAt": "2026-11-24T11:59:00Z", "Status": "Sent",
            "MessageEvents": events
        })
    };
    let transient = event("Transient", 10, json!({"DeliveryMessage": "smtp;451 4.7.1 try later"}));
    let delivered = event("Delivered", 30, json!({"DeliveryMessage": "smtp;250 2.0.0 OK"}));
    let result = known(POSTMARK, &message(&[transient.clone(), delivered.clone()]));
    assert_eq!(result.accepted, Some(accepted("m-1", -60)));
    assert_eq!(statuses(&result), [(Deferred, -50), (Delivered, -30)]);
    assert_eq!(result.events[0].reason.as_deref(), Some("smtp;451 4.7.1 try later"));
    // As the webhook names it.
    assert_eq!(result.events[1].event_id, "Delivery:m-1");
    assert_eq!(statuses(&known(POSTMARK, &message(&[]))), []);
    let opened = event("Opened", 40, json!({}));
    assert_eq!(statuses(&known(POSTMARK, &message(&[opened]))), []);

    for number in [json!("42"), json!(42)] {
        let bounced = event("Bounced", 50, json!({"Summary": "unknown user", "BounceID": number}));
        match step(POSTMARK, Some("m-1"), &message(&[transient.clone(), bounced])) {
            Some(StatusStep::Ask(get, known)) => {
                assert_eq!((get.path.as_str(), statuses(&known)), ("/bounces/42", vec![(Deferred, -50)]));
            }
            other => panic!("{other:?}"),
        }
    }
    let bounce = json!({
        "ID": 42, "Type": "HardBounce", "MessageID": "m-1", "Email": "ada@example.com",
        "BouncedAt": "2026-11-24T06:59:50.0000000-05:00", "Details": "smtp;550 5.1.1 unknown user"
    });
    let result = known(POSTMARK, &bounce);
    assert_eq!((result.accepted.clone(), statuses(&result)), (None, vec![(Bounced, -10)]));
    let event = &result.events[0];
    assert_eq!((event.event_id.as_str(), event.no_such_mailbox), ("Bounce:42", true));
    // An automatic reply is no bounce.
    let mut reply = bounce;
    reply["Type"] = "AutoResponder".into();
    assert_eq!(statuses(&known(POSTMARK, &reply)), []);
}

#[test]
fn mailgun_tells_by_the_events_of_its_webhook() {
    let item = |id: &str, event: Value, second: i64| {
        let mut item = json!({
            "id": id, "timestamp": NOW + second,
            "message": {"headers": {"message-id": "ltr_1@voltmark.example"}}
        });
        item.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        item
    };
    let failed = json!({
        "event": "failed", "severity": "permanent", "reason": "bounce",
        "delivery-status": {"code": 550, "message": "5.1.1 unknown user"}
    });
    let items = [
        item("c", failed, -10),
        item("b", json!({"event": "failed", "severity": "temporary"}), -30),
        item("a", json!({"event": "accepted"}), -60),
    ];
    let result = known(MAILGUN, &json!({"items": items}));
    assert_eq!(result.accepted, Some(accepted("ltr_1@voltmark.example", -60)));
    assert_eq!(statuses(&result), [(Bounced, -10), (Deferred, -30)]);
    assert_eq!(
        (result.events[0].event_id.as_str(), result.events[0].no_such_mailbox),
        ("c@1795521590", true)
    );
    // Where the event of the acceptance is gone, the first one tells it.
    let result = known(MAILGUN, &json!({"items": [item("a", json!({"event": "delivered"}), -5)]}));
    assert_eq!(
        (result.accepted.clone(), statuses(&result)),
        (Some(accepted("ltr_1@voltmark.example", -5)), vec![(Delivered, -5)])
    );
}

#[test]
fn resend_tells_the_last_event() {
    for (last, status) in [
        ("sent", None),
        ("scheduled", None),
        ("delivered", Some(Delivered)),
        ("opened", Some(Delivered)),
        ("clicked", Some(Delivered)),
        ("delivery_delayed", Some(Deferred)),
        ("bounced", Some(Bounced)),
        ("complained", Some(Complained)),
    ] {
        let result = known(
            RESEND,
            &json!({
                "object": "email", "id": "49a3", "created_at": "2026-11-24T11:59:00.000000+00:00",
                "last_event": last
            }),
        );
        assert_eq!(result.accepted, Some(accepted("49a3", -60)));
        assert_eq!(
            statuses(&result),
            status.map(|status| (status, 0)).into_iter().collect::<Vec<_>>(),
            "{last}"
        );
        // Nothing is known of the mailbox.
        assert!(result.events.iter().all(|event| !event.no_such_mailbox), "{last}");
    }
}

#[test]
fn sendgrid_tells_by_the_events_of_the_message() {
    let found = json!({"messages": [{"msg_id": "x-1.recvd-5f-1", "status": "delivered"}]});
    let details = Get::path(&["v3", "messages", "x-1.recvd-5f-1"]);
    assert_eq!(step(SENDGRID, Some("x-1"), &found), Some(StatusStep::Ask(details, KnownStatus::default())));

    let event = |name: &str, second: u32, more: Value| {
        let mut event =
            json!({"event_name": name, "processed": format!("2026-11-24T11:59:{second:02}Z"), "reason": ""});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let message = |events: &[Value]| {
        json!({
            "msg_id": "x-1.recvd-5f-1", "to_email": "ada@example.com", "status": "not_delivered",
            "events": events
        })
    };
    let result = known(
        SENDGRID,
        &message(&[
            event("processed", 1, json!({})),
            event("deferred", 2, json!({"reason": "451 try later", "attempt_num": 1})),
            event("delivered", 3, json!({})),
            event("open", 4, json!({})),
            event("spam_report", 5, json!({})),
        ]),
    );
    assert_eq!(result.accepted, Some(accepted("x-1", -59)));
    assert_eq!(statuses(&result), [(Deferred, -58), (Delivered, -57), (Complained, -55)]);
    let unknown = "550 5.1.1 unknown user";
    for (more, no_such_mailbox) in [
        (json!({"reason": unknown, "bounce_type": "hard"}), true),
        (json!({"reason": unknown, "bounce_type": "soft"}), false),
    ] {
        let result = known(SENDGRID, &message(&[event("bounced", 9, more.clone())]));
        assert_eq!(statuses(&result), [(Bounced, -51)]);
        let bounce = &result.events[0];
        assert_eq!((bounce.no_such_mailbox, bounce.reason.as_deref()), (no_such_mailbox, Some(unknown)));
        // The same answer again is the same event.
        assert_eq!(known(SENDGRID, &message(&[event("bounced", 9, more)])), result);
    }
}
