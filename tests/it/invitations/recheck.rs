//! `POST /v1/invitations/{id}/recheck`: a provider is asked what became of a letter, and its answer counts as
//! its report does.

mod audited;
mod by_provider;
mod refusals;

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::courier::Step;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Answer, Backend, Client, TestApp, json, on_each,
    provider::{CannedAnswer, Provider},
};

const SECRET: &str = "a-secret-for-postmark";
const ACCEPTED: CannedAnswer<'static> = (200, "", r#"{"ErrorCode":0,"Message":"OK","MessageID":"m-1"}"#);

/// A service that sends through Postmark, which answers POSTs in this way.
async fn with_postmark(backend: Backend, answers: &[CannedAnswer<'_>]) -> (TestApp, Provider) {
    let provider = Provider::start(answers).await;
    let mail_url = format!("postmark://hunter22?api={}", provider.base);
    let variables = [("MAIL_URL", mail_url.as_str()), ("MAIL_EVENTS_POSTMARK", SECRET)];
    (TestApp::start(backend, &variables).await, provider)
}

async fn work(app: &TestApp) {
    while let Step::Worked(_) = app.parts.courier.step().await.unwrap() {}
}

/// Invites Ada, and lets the courier try: the invitation's id.
async fn invite(app: &TestApp) -> String {
    let id = app.invite_unsent("ada@example.com", &["viewer"]).await["id"].as_str().unwrap().to_owned();
    work(app).await;
    id
}

async fn recheck(caller: &Client, id: &str) -> Answer {
    caller.post_empty(&format!("/v1/invitations/{id}/recheck")).await
}

async fn shown(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body
}

/// Postmark's webhook reports a hard bounce of this number.
async fn report_bounce(app: &TestApp, number: u32, at: &str) {
    let event = json!({
        "RecordType": "Bounce", "Type": "HardBounce", "ID": number, "MessageID": "m-1", "BouncedAt": at,
        "Details": "smtp;550 5.1.1 unknown user"
    });
    let request = app.anonymous().request(Method::POST, "/v1/mail-events/postmark");
    Answer::of(request.header("x-mail-events-secret", SECRET).json(&event)).await.expect(200);
}

/// The details of the message with these events.
fn details(events: &Value) -> String {
    json!({ "MessageID": "m-1", "ReceivedAt": "2026-11-24T12:00:00Z", "MessageEvents": events }).to_string()
}

fn event(kind: &str, details: &Value) -> Value {
    json!({ "Type": kind, "ReceivedAt": "2026-11-24T12:00:05Z", "Details": details })
}

on_each! {
    async fn a_bounce_that_was_not_reported_is_found_and_counts_once(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        app.advance(TimeDelta::minutes(1));
        assert_eq!(shown(&app, &ada).await["delivery"]["state"], "sent");
        let at = "2026-11-24T12:00:05.0000000Z";
        let bounce = json!({
            "ID": 42, "Type": "HardBounce", "MessageID": "m-1", "Email": "ada@example.com", "BouncedAt": at,
            "Details": "smtp;550 5.1.1 unknown user"
        });
        let message = details(&json!([event("Bounced", &json!({ "BounceID": "42" }))]));
        provider.answer_gets(&[(200, "", &message), (200, "", &bounce.to_string())]);
        let answer = recheck(&app.admin(), &ada).await.expect(200);
        assert_eq!(provider.looked_up(), ["/messages/outbound/m-1/details", "/bounces/42"]);
        let delivery = &answer.body["delivery"];
        assert_eq!(
            (&delivery["state"], &delivery["reason"], &delivery["reported_at"]),
            (
                &json!("bounced"),
                &json!("smtp;550 5.1.1 unknown user"),
                &json!("2026-11-24T12:00:05.000Z")
            )
        );
        // It is the invitation, with the tag that its GET has.
        let path = format!("/v1/invitations/{ada}");
        let shown = app.admin().get(&path).await.expect(200);
        assert_eq!((&shown.body, shown.header("etag")), (&answer.body, answer.header("etag")));
        let timeline = ["created", "email_queued", "email_sent", "email_bounced"];
        assert_eq!(app.timeline(&ada).await, timeline);
        assert_eq!(app.events(&ada).await[3]["actor"]["name"], "Postmark");
        // As after a report, nothing more is sent to the address.
        let list = app.admin().get("/v1/suppressions").await.expect(200).body;
        assert_eq!(list["data"][0]["email"], "ada@example.com");
        // The webhook's report of the same bounce is a repetition.
        report_bounce(&app, 42, at).await;
        assert_eq!(app.timeline(&ada).await, timeline);
        // There is nothing left to ask.
        app.advance(TimeDelta::minutes(1));
        recheck(&app.admin(), &ada).await.problem(409, "delivery_not_checkable");
        assert_eq!(provider.looked_up(), [""; 0]);
    }

    /// SendGrid and Resend do not name an event as their webhooks do.
    async fn a_report_of_what_is_known_by_asking_is_no_second_entry_whatever_its_id(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let bounced = event("Bounced", &json!({ "BounceID": 42 }));
        let bounce = r#"{"ID":7,"Type":"SoftBounce","MessageID":"m-1","BouncedAt":"2026-11-24T12:00:00Z"}"#;
        provider.answer_gets(&[(200, "", &details(&json!([bounced]))), (200, "", bounce)]);
        recheck(&app.admin(), &ada).await.expect(200);
        let before = app.timeline(&ada).await;
        assert_eq!(before.last().unwrap(), "email_bounced");
        let suppressions =
            async || app.admin().get("/v1/suppressions").await.expect(200).body["data"].clone();
        assert_eq!(suppressions().await, json!([]));
        report_bounce(&app, 8, "2026-11-24T12:00:00Z").await;
        assert_eq!(app.timeline(&ada).await, before);
        // It says why, which asking did not.
        assert_eq!(suppressions().await[0]["email"], "ada@example.com");
        assert_eq!(shown(&app, &ada).await["delivery"]["reason"], "smtp;550 5.1.1 unknown user");
    }

    async fn a_letter_whose_acceptance_was_never_answered_is_searched_for(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[(500, "", "")]).await;
        let ada = invite(&app).await;
        assert_eq!(shown(&app, &ada).await["delivery"]["state"], "queued");
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        let search = format!("/messages/outbound?count=1&offset=0&metadata_letter={letter}");
        // It has not come there.
        provider.answer_gets(&[(200, "", r#"{"TotalCount":0,"Messages":[]}"#)]);
        let before = shown(&app, &ada).await;
        assert_eq!(recheck(&app.admin(), &ada).await.expect(200).body, before);
        assert_eq!(provider.looked_up(), [search.as_str()]);
        // It has, and was delivered.
        app.advance(TimeDelta::seconds(10));
        let found = r#"{"TotalCount":1,"Messages":[{"MessageID":"m-1","Status":"Sent"}]}"#;
        let delivered = details(&json!([event("Delivered", &json!({}))]));
        provider.answer_gets(&[(200, "", found), (200, "", &delivered)]);
        let answer = recheck(&app.admin(), &ada).await.expect(200).body;
        assert_eq!(provider.looked_up(), [search.as_str(), "/messages/outbound/m-1/details"]);
        let delivery = &answer["delivery"];
        assert_eq!(
            (&delivery["state"], &delivery["last_error"], &delivery["sent_at"]),
            (&json!("delivered"), &Value::Null, &json!("2026-11-24T12:00:00.000Z"))
        );
        let expiry: DateTime<Utc> = answer["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(expiry, app.now() - TimeDelta::seconds(10) + TimeDelta::days(1));
        assert_eq!(app.timeline(&ada).await[2..], ["email_failed", "email_sent", "email_delivered"]);
        // No second letter.
        app.advance(TimeDelta::hours(1));
        work(&app).await;
        assert_eq!(provider.asked().len(), 1);
    }

    async fn a_letter_that_is_found_without_an_event_was_sent(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[(500, "", "")]).await;
        let ada = invite(&app).await;
        let found = r#"{"TotalCount":1,"Messages":[{"MessageID":"m-1","Status":"Queued"}]}"#;
        provider.answer_gets(&[(200, "", found), (200, "", &details(&json!([])))]);
        assert_eq!(recheck(&app.admin(), &ada).await.expect(200).body["delivery"]["state"], "sent");
        assert_eq!(app.timeline(&ada).await[2..], ["email_failed", "email_sent"]);
        // From now on it is asked for by its name.
        app.advance(TimeDelta::seconds(10));
        provider.looked_up();
        provider.answer_gets(&[(200, "", &details(&json!([])))]);
        recheck(&app.admin(), &ada).await.expect(200);
        assert_eq!(provider.looked_up(), ["/messages/outbound/m-1/details"]);
    }

    async fn what_is_known_already_changes_nothing(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let transient = event("Transient", &json!({ "DeliveryMessage": "smtp;451 try later" }));
        for times in 1..=2 {
            provider.answer_gets(&[(200, "", &details(&json!([transient])))]);
            let answer = recheck(&app.admin(), &ada).await.expect(200).body;
            assert_eq!(answer["delivery"]["state"], "deferred", "{times}");
            assert_eq!(app.timeline(&ada).await[2..], ["email_sent", "email_deferred"], "{times}");
            app.advance(TimeDelta::seconds(10));
        }
        // The answer has both: what was known, and what is new.
        let both = details(&json!([transient, event("Delivered", &json!({}))]));
        provider.answer_gets(&[(200, "", &both)]);
        recheck(&app.admin(), &ada).await.expect(200);
        assert_eq!(app.timeline(&ada).await[2..], ["email_sent", "email_deferred", "email_delivered"]);
    }

    async fn a_provider_is_asked_once_in_ten_seconds_about_a_letter(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        provider.answer_gets(&[(200, "", &details(&json!([])))]);
        recheck(&app.admin(), &ada).await.expect(200);
        for (seconds, left) in [(0, "10"), (3, "7"), (6, "1")] {
            app.advance(TimeDelta::seconds(seconds));
            let refused = recheck(&app.admin(), &ada).await.problem(429, "recheck_too_soon");
            assert_eq!(refused.header("retry-after"), left);
        }
        assert_eq!(provider.looked_up().len(), 1);
        app.advance(TimeDelta::seconds(1));
        recheck(&app.admin(), &ada).await.expect(200);
        // Of a crowd one asks.
        app.advance(TimeDelta::seconds(10));
        provider.looked_up();
        let crowd = futures_util::future::join_all((0..8).map(async |_| recheck(&app.admin(), &ada).await));
        let statuses: Vec<u16> = crowd.await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 7, "{statuses:?}");
        assert_eq!(provider.looked_up().len(), 1);
    }

    async fn a_retry_with_its_key_asks_nobody(backend: Backend) {
        let (app, provider) = with_postmark(backend, &[ACCEPTED]).await;
        let ada = invite(&app).await;
        let path = format!("/v1/invitations/{ada}/recheck");
        let delivered = details(&json!([event("Delivered", &json!({}))]));
        let away: CannedAnswer<'_> = (503, "", "");
        provider.answer_gets(&[away, (200, "", &delivered)]);
        let keyed = async || {
            app.admin().call(Method::POST, &path, &[("idempotency-key", "recheck-1")]).await
        };
        // What the provider refused for now is no answer to keep.
        keyed().await.problem(503, "unavailable");
        app.advance(TimeDelta::seconds(10));
        let first = keyed().await.expect(200);
        assert_eq!(first.body["delivery"]["state"], "delivered");
        let again = keyed().await.expect(200);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
        assert_eq!(provider.looked_up().len(), 2);
    }
}
