//! Providers beside Postmark that can be asked: what each is asked, and what its answer makes of a letter.

use chrono::TimeDelta;
use serde_json::Value;

use super::{invite, recheck, shown};
use crate::support::{
    Backend, TestApp, json, on_each,
    provider::{CannedAnswer, Provider},
};

const REASON: &str = "550 5.1.1 user unknown";

/// How a provider takes a letter, what it is asked, and what it answers: that the mailbox does not exist.
struct Case {
    mail_url: &'static str,
    accepts: CannedAnswer<'static>,
    asked: &'static [&'static str],
    bounced: Vec<Value>,
    reason: &'static str,
    /// Whether the answer says that there is no such mailbox.
    is_suppressed: bool,
}

fn cases() -> [Case; 4] {
    // 24 November 2026, 12:00 UTC.
    let noon = 1_795_521_600;
    let ses = json!({
        "MessageId": "0107-000000", "Insights": [{ "Destination": "ada@example.com", "Events": [
            { "Type": "SEND", "Timestamp": noon },
            { "Type": "BOUNCE", "Timestamp": noon + 5, "Details": { "Bounce": {
                "BounceType": "PERMANENT", "BounceSubType": "General",
                "DiagnosticCode": format!("smtp; {REASON}")
            } } }
        ] }]
    });
    let brevo = |event: &str, reason: &str| {
        json!({
            "email": "ada@example.com", "date": "2026-11-24T12:00:05.000+00:00", "event": event,
            "messageId": "<1.2@smtp-relay.mailin.fr>", "reason": reason
        })
    };
    let message = json!({ "Data": [{ "ID": 19_421_777, "ArrivedAt": "2026-11-24T12:00:00Z",
        "Status": "hardbounced" }] });
    let history = json!({ "Data": [
        { "EventType": "bounced", "EventAt": noon + 5, "State": "user unknown", "Comment": REASON }
    ] });
    let operation = json!({
        "id": "8540C0DE-899F-5CCE-ACB5-3EC493AF3800", "status": "Failed", "error": {
            "code": "EmailDropped", "message": "Email was dropped after several attempts to deliver."
        }
    });
    [
        Case {
            mail_url: "ses://AKID:hunter22@eu-central-1",
            accepts: (200, "", r#"{"MessageId":"0107-000000"}"#),
            asked: &["/v2/email/insights/0107-000000/"],
            bounced: vec![ses],
            reason: "smtp; 550 5.1.1 user unknown",
            is_suppressed: true,
        },
        Case {
            mail_url: "brevo://hunter22",
            accepts: (201, "", r#"{"messageId":"<1.2@smtp-relay.mailin.fr>"}"#),
            asked: &[
                "/v3/smtp/statistics/events?messageId=%3C1.2%40smtp-relay.mailin.fr%3E&days=90&limit=100\
                &sort=asc",
            ],
            bounced: vec![json!({ "events": [brevo("requests", ""), brevo("hardBounces", REASON)] })],
            reason: REASON,
            is_suppressed: true,
        },
        Case {
            mail_url: "mailjet://apikey:hunter22",
            accepts: (200, "", r#"{"Messages":[{"Status":"success","To":[{"MessageID":19421777}]}]}"#),
            asked: &["/v3/REST/message/19421777", "/v3/REST/messagehistory/19421777"],
            bounced: vec![message, history],
            reason: REASON,
            is_suppressed: true,
        },
        Case {
            mail_url: "azure://aHVudGVyMjI=@voltmark",
            accepts: (202, "", r#"{"id":"8540c0de-899f-5cce-acb5-3ec493af3800","status":"Running"}"#),
            asked: &["/emails/operations/8540c0de-899f-5cce-acb5-3ec493af3800?api-version=2023-03-31"],
            bounced: vec![operation],
            reason: "Email was dropped after several attempts to deliver.",
            is_suppressed: false,
        },
    ]
}

async fn start(backend: Backend, case: &Case, accepts: CannedAnswer<'_>) -> (TestApp, Provider, String) {
    let provider = Provider::start(&[accepts]).await;
    let mail_url = format!("{}?api={}", case.mail_url, provider.base);
    let app = TestApp::start(backend, &[("MAIL_URL", &mail_url)]).await;
    let ada = invite(&app).await;
    (app, provider, ada)
}

on_each! {
    async fn a_bounce_is_found_by_asking(backend: Backend) {
        for case in cases() {
            let (app, provider, ada) = start(backend, &case, case.accepts).await;
            let url = case.mail_url;
            assert_eq!(shown(&app, &ada).await["delivery"]["state"], "sent", "{url}");
            app.advance(TimeDelta::minutes(1));
            let bodies: Vec<String> = case.bounced.iter().map(Value::to_string).collect();
            let answers: Vec<CannedAnswer<'_>> = bodies.iter().map(|body| (200, "", body.as_str())).collect();
            provider.answer_gets(&answers);
            let answer = recheck(&app.admin(), &ada).await.expect(200).body;
            let delivery = &answer["delivery"];
            assert_eq!(
                (&delivery["state"], &delivery["reason"]),
                (&json!("bounced"), &json!(case.reason)),
                "{url}"
            );
            assert_eq!(provider.looked_up(), case.asked, "{url}");
            assert_eq!(app.timeline(&ada).await.last().unwrap(), "email_bounced", "{url}");
            let list = app.admin().get("/v1/suppressions").await.expect(200).body;
            let suppressed = list["data"].as_array().unwrap();
            assert_eq!(!suppressed.is_empty(), case.is_suppressed, "{url}: {list}");
        }
    }

    async fn a_refusal_changes_nothing_and_says_what_is_in_the_way(backend: Backend) {
        for case in cases() {
            let (app, provider, ada) = start(backend, &case, case.accepts).await;
            let url = case.mail_url;
            let before = shown(&app, &ada).await;
            provider.answer_gets(&[(404, "", r#"{"message":"hunter22"}"#)]);
            let refused = recheck(&app.admin(), &ada).await.problem(409, "delivery_not_checkable");
            let detail = refused.text_of("detail");
            assert!(detail.contains("does not know the letter") && !detail.contains("hunter22"), "{detail}");
            let is_ses = url.starts_with("ses://");
            assert_eq!(detail.contains("needs Virtual Deliverability Manager"), is_ses, "{detail}");
            app.advance(TimeDelta::seconds(10));
            provider.answer_gets(&[(429, "Retry-After: 60", "{}")]);
            let busy = recheck(&app.admin(), &ada).await.problem(503, "unavailable");
            assert_eq!(busy.header("retry-after"), "60", "{url}");
            assert_eq!(shown(&app, &ada).await, before, "{url}");
        }
    }

    /// Mailjet alone can be searched for our id.
    async fn without_an_answer_mailjet_is_searched_and_the_others_are_not_asked(backend: Backend) {
        for case in cases() {
            let (app, provider, ada) = start(backend, &case, (500, "", "")).await;
            let url = case.mail_url;
            if !url.starts_with("mailjet://") {
                let refused = recheck(&app.admin(), &ada).await.problem(409, "delivery_not_checkable");
                let detail = refused.text_of("detail");
                assert!(detail.contains("did not say that it accepted the letter"), "{url}: {detail}");
                assert_eq!(provider.looked_up(), [""; 0], "{url}");
                continue;
            }
            let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
            let bodies: Vec<String> = case.bounced.iter().map(Value::to_string).collect();
            provider.answer_gets(&[(200, "", &bodies[0]), (200, "", &bodies[1])]);
            let answer = recheck(&app.admin(), &ada).await.expect(200).body;
            assert_eq!(answer["delivery"]["state"], "bounced");
            let asked = provider.looked_up();
            let search = format!("/v3/REST/message?CustomID={letter}&FromTS=");
            assert!(asked[0].starts_with(&search), "{asked:?}");
            assert_eq!(asked[1..], ["/v3/REST/messagehistory/19421777"]);
            assert_eq!(app.timeline(&ada).await[2..], ["email_failed", "email_sent", "email_bounced"]);
        }
    }
}
