//! What providers report that is no fault of the address: told as such, with advice for whoever can put it
//! right.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use invitation_service::domain::token::hex;
use serde_json::Value;
use sha2::Sha256;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-reports";
/// Base 64 of [`SECRET`].
const WHSEC: &str = "whsec_YS1zZWNyZXQtZm9yLXJlcG9ydHM=";

fn mac(text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

async fn report(app: &TestApp, provider: &str, id: usize, event: &Value) -> Answer {
    let now = app.now().timestamp();
    let request = app.anonymous().request(reqwest::Method::POST, &format!("/v1/mail-events/{provider}"));
    let request = match provider {
        "postmark" => request.header("x-mail-events-secret", SECRET).json(event),
        "mailgun" => {
            let signature = json!({
                "timestamp": now.to_string(), "token": id.to_string(),
                "signature": hex(&mac(&format!("{now}{id}")))
            });
            request.json(&json!({ "signature": signature, "event-data": event }))
        }
        _ => {
            let body = event.to_string();
            let signature = STANDARD.encode(mac(&format!("msg_{id}.{now}.{body}")));
            let request =
                request.header("svix-id", format!("msg_{id}")).header("svix-timestamp", now.to_string());
            request
                .header("svix-signature", format!("v1,{signature}"))
                .header("content-type", "application/json")
                .body(body)
        }
    };
    Answer::of(request).await.expect(200)
}

/// The event of a provider about the letter that it took under `name`.
fn event(provider: &str, id: usize, name: &str, more: &Value) -> Value {
    let mut event = match provider {
        "postmark" => {
            json!({
                "RecordType": "Bounce", "ID": id, "MessageID": name, "BouncedAt": "2026-11-24T11:59:59Z"
            })
        }
        "mailgun" => {
            json!({
                "id": id.to_string(), "message": { "headers": { "message-id": name } },
                "severity": "permanent"
            })
        }
        _ => json!({ "created_at": "2026-11-24T11:59:59.000Z" }),
    };
    if let (Some(data), "resend") = (more.get("data"), provider) {
        let mut data = data.clone();
        data["email_id"] = name.into();
        event["data"] = data;
        event["type"] = more["type"].clone();
        return event;
    }
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

async fn delivery(app: &TestApp, id: &str) -> Value {
    app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body["delivery"].clone()
}

async fn listed(app: &TestApp, state: &str) -> Vec<String> {
    let page = app.admin().get(&format!("/v1/invitations?delivery={state}&limit=200")).await.expect(200);
    page.body["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

const WRONG: &str = "Unless the reason says otherwise, the address is wrong";
const UNAVAILABLE: &str = "nothing is said against the address";
const OPERATOR: &str = "Nothing is wrong with the address";

on_both_databases! {
    with [("MAIL_EVENTS_POSTMARK", SECRET), ("MAIL_EVENTS_MAILGUN", SECRET), ("MAIL_EVENTS_RESEND", WHSEC)];
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    async fn what_is_no_fault_of_the_address_is_not_called_bounced(app: TestApp) {
        let failed = |reason: &str| {
            json!({
                "type": "email.failed", "data": { "failed": { "reason": reason } }
            })
        };
        let rejected = json!({ "event": "rejected", "reject": { "reason": "Sandbox subdomains are for test \
            purposes only." } });
        let mut all = Vec::new();
        for (number, (provider, more, state, advice, reason)) in [
            ("resend", failed("reached_daily_quota"), "failed", OPERATOR, "reached_daily_quota"),
            ("resend", failed("something_new"), "failed", OPERATOR, "the mail provider"),
            (
                "postmark",
                json!({ "Type": "SMTPApiError" }),
                "failed",
                OPERATOR,
                "The operator must see to \
                this",
            ),
            (
                "postmark",
                json!({ "Type": "TemplateRenderingFailed", "Name": "Template rendering failed" }),
                "failed",
                OPERATOR,
                "Template rendering failed",
            ),
            ("postmark", json!({ "Type": "DMARCPolicy" }), "failed", OPERATOR, "DMARC"),
            ("mailgun", rejected, "failed", OPERATOR, "test purposes"),
            ("mailgun", json!({ "event": "failed", "reason": "espblock" }), "failed", OPERATOR, "reputation"),
            (
                "postmark",
                json!({ "Type": "SpamNotification", "Details": "smtp;550 spam" }),
                "bounced",
                "took the letter for spam",
                "smtp;550 spam",
            ),
            ("postmark", json!({ "Type": "Blocked" }), "bounced", "says nothing against the address", ""),
            (
                "mailgun",
                json!({ "event": "failed", "reason": "suppress-bounce" }),
                "bounced",
                "suppression \
                list",
                "",
            ),
            (
                "postmark",
                json!({ "Type": "HardBounce", "Details": "smtp;550 5.1.1 unknown user" }),
                "bounced",
                "no mailbox with this address",
                "unknown user",
            ),
            ("mailgun", json!({ "event": "failed", "reason": "bounce" }), "bounced", WRONG, ""),
            ("postmark", json!({ "Type": "Transient" }), "bounced", UNAVAILABLE, ""),
            (
                "postmark",
                json!({ "Type": "SoftBounce", "Details": "smtp;552 5.2.2 mailbox full" }),
                "bounced",
                "to make room",
                "full",
            ),
            ("mailgun", json!({ "event": "failed", "reason": "old" }), "bounced", UNAVAILABLE, ""),
            (
                "mailgun",
                json!({ "event": "rejected", "reject": { "reason": "'to' parameter is not a valid \
                address" } }),
                "bounced",
                WRONG,
                "'to' parameter",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let (invitation, _) = app.invite(&format!("ada{number}@example.com"), &["viewer"]).await;
            let (id, name) = (invitation["id"].as_str().unwrap().to_owned(), format!("name-{number}"));
            let taken = format!(
                "UPDATE letters SET provider = '{provider}', provider_message_id = '{name}' \
                WHERE provider IS NULL AND state = 'sent'"
            );
            assert_eq!(app.database.execute(&taken), 1);
            report(&app, provider, number, &event(provider, number, &name, &more)).await;
            let reported = delivery(&app, &id).await;
            assert_eq!(reported["state"], state, "{more}: {reported}");
            assert!(reported["advice"].as_str().unwrap().contains(advice), "{more}: {reported}");
            assert!(reported["reason"].as_str().unwrap_or_default().contains(reason), "{more}: {reported}");
            assert_eq!(
                reported["reason"].as_str().is_some_and(|text| text.contains("The operator must")),
                state == "failed",
                "{reported}"
            );
            // The provider's clock is a second behind.
            assert!(
                reported["reported_at"].as_str().unwrap() >= reported["sent_at"].as_str().unwrap(),
                "{reported}"
            );
            let entry = app.events(&id).await.pop().unwrap();
            let kind = if state == "failed" { "email_failed" } else { "email_bounced" };
            assert_eq!(
                (&entry["type"], &entry["details"]["reported_at"]),
                (&json!(kind), &reported["reported_at"])
            );
            all.push((id, state));
        }
        for state in ["failed", "bounced", "sent"] {
            let mut expected: Vec<String> =
                all.iter().filter(|(_, is)| *is == state).map(|(id, _)| id.clone()).collect();
            expected.reverse();
            assert_eq!(listed(&app, state).await, expected, "{state}");
        }
        let metrics = app.anonymous().get("/metrics").await.text;
        assert!(metrics.contains("mail_events_total{provider=\"resend\",outcome=\"failed\"} 2"), "{metrics}");

        // What failed is sent anew in bulk, and starts afresh.
        app.advance(TimeDelta::minutes(2));
        let resend = json!({ "filter": { "delivery": "failed" } });
        let sent = app.admin().post("/v1/invitations/batch/resend", &resend).await.expect(200);
        let failed = all.iter().filter(|(_, state)| *state == "failed").count();
        assert_eq!(sent.body["results"].as_array().unwrap().len(), failed);
        assert_eq!((app.letters().await.len(), listed(&app, "failed").await.len()), (failed, 0));
    }

    /// A signature that is 300 seconds old, and some thousandths, is not too old yet.
    async fn signatures_are_as_old_as_whole_seconds_say(app: TestApp) {
        let (_, _) = app.invite("ada@example.com", &["viewer"]).await;
        let post = async |late: i64| {
            let (signed, body) = (
                app.now().timestamp(),
                json!({
                    "type": "email.opened", "data": {}
                })
                .to_string(),
            );
            let signature = STANDARD.encode(mac(&format!("msg_1.{signed}.{body}")));
            app.advance(TimeDelta::milliseconds(late));
            let request = app.anonymous().request(reqwest::Method::POST, "/v1/mail-events/resend");
            let request = request.header("svix-id", "msg_1").header("svix-timestamp", signed.to_string());
            Answer::of(
                request
                    .header("svix-signature", format!("v1,{signature}"))
                    .header("content-type", "application/json")
                    .body(body),
            )
            .await
        };
        post(300_000).await.expect(200);
        post(300_999).await.expect(200);
        post(301_999).await.problem(401, "mail_event_unverified");
    }
}
