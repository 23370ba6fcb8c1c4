//! `POST /v1/mail-events/{provider}`: what providers report is on the right letter, once, and nowhere else.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-postmark";
const POSTMARK: &str = "/v1/mail-events/postmark";

async fn report(app: &TestApp, secret: &str, event: &Value) -> Answer {
    let request = app
        .anonymous()
        .request(reqwest::Method::POST, POSTMARK)
        .header("x-mail-events-secret", secret)
        .json(event);
    Answer::of(request).await
}

/// Postmark's event of this kind about the letter that it took under `message`, so many seconds after noon.
fn event(kind: &str, id: u32, message: &str, seconds: u32) -> Value {
    let at = format!("2026-11-24T12:{:02}:{:02}.0000000Z", seconds / 60, seconds % 60);
    let (record, kind) = if kind == "Delivery" { ("Delivery", None) } else { ("Bounce", Some(kind)) };
    // A server on the way says that it tries again; whatever Postmark says itself is final.
    let details = match kind {
        Some("Transient") => "action: delayed",
        _ => "smtp;550 5.1.1 <ada@example.com> unknown user, see https://example.com/help",
    };
    json!({
        "RecordType": record, "Type": kind, "ID": id, "MessageID": message, "BouncedAt": at,
        "Details": details
    })
}

/// As the courier of a provider writes it down; the newest letter of all that were sent under no name yet.
fn taken(app: &TestApp, message: &str) {
    let change = format!(
        "UPDATE letters SET provider = 'postmark', provider_message_id = '{message}' WHERE state = 'sent' \
        AND provider IS NULL"
    );
    assert_eq!(app.database.execute(&change), 1);
}

async fn delivery(app: &TestApp, invitation: &Value) -> Value {
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    app.admin().get(&path).await.expect(200).body["delivery"].clone()
}

async fn timeline(app: &TestApp, invitation: &Value) -> Vec<String> {
    let all = app.timeline(invitation["id"].as_str().unwrap()).await;
    all.into_iter()
        .filter(|one| one.starts_with("email_") && !["email_queued", "email_sent"].contains(&one.as_str()))
        .collect()
}

on_both_databases! {
    with [("MAIL_EVENTS_POSTMARK", SECRET)];
    async fn a_bounce_is_on_the_invitation_and_in_its_timeline(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        app.advance(TimeDelta::minutes(10));
        let answer = report(&app, SECRET, &event("HardBounce", 1, "m1", 60)).await.expect(200);
        assert_eq!(answer.body, json!({ "received": 1 }));
        let reported = delivery(&app, &ada).await;
        assert_eq!(
            (&reported["state"], &reported["reported_at"]),
            (&json!("bounced"), &json!("2026-11-24T12:01:00.000Z"))
        );
        assert_eq!(reported["reason"], "smtp;550 5.1.1 unknown user, see");
        // Whoever reads it learns what to do; once the invitation is taken back, there is nothing to do.
        assert!(
            reported["advice"].as_str().unwrap().contains("no mailbox with this address"),
            "{reported}"
        );
        let entry = app.events(ada["id"].as_str().unwrap()).await.pop().unwrap();
        assert_eq!((&entry["type"], &entry["actor"]["name"]), (&json!("email_bounced"), &json!("Postmark")));
        assert_eq!(
            entry["details"],
            json!({
                "reported_at": "2026-11-24T12:01:00.000Z", "superseded": false,
                "reason": "smtp;550 5.1.1 unknown user, see", "status_code": "5.1.1"
            })
        );
        let metrics = app.anonymous().get("/metrics").await.text;
        assert!(
            metrics.contains("mail_events_total{provider=\"postmark\",outcome=\"bounced\"} 1"),
            "{metrics}"
        );
        let revoked = app
            .admin()
            .post_empty(&format!("/v1/invitations/{}/revoke", ada["id"].as_str().unwrap()))
            .await
            .expect(200);
        assert_eq!(
            (&revoked.body["delivery"]["state"], &revoked.body["delivery"]["advice"]),
            (&json!("bounced"), &Value::Null)
        );
    }

    async fn an_unverified_report_changes_nothing(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        let bounce = event("HardBounce", 1, "m1", 0);
        for secret in ["", "a-secret-for-postmar", "a-secret-for-postmark2"] {
            let refused = report(&app, secret, &bounce).await.problem(401, "mail_event_unverified");
            assert_eq!(refused.header("www-authenticate"), "Basic realm=\"mail-events\"");
        }
        app.admin().post(POSTMARK, &bounce).await.problem(401, "mail_event_unverified");
        for absent in ["sendgrid", "mailgun", "resend", "somebody"] {
            let refused = app
                .anonymous()
                .post(&format!("/v1/mail-events/{absent}"), &bounce)
                .await
                .problem(404, "not_found");
            assert_eq!(
                refused.body["detail"],
                "There is no mail provider of this name, or its MAIL_EVENTS_… \
                is not set."
            );
        }
        report(&app, SECRET, &json!([])).await.faults(&[("", "wrong_type")]);
        let raw = |body: &'static str| {
            let request = app
                .anonymous()
                .request(reqwest::Method::POST, POSTMARK)
                .header("x-mail-events-secret", SECRET);
            Answer::of(request.header("content-type", "application/json").body(body))
        };
        raw("{").await.problem(400, "malformed_json");
        raw("").await.problem(400, "malformed_json");
        assert_eq!(delivery(&app, &ada).await["state"], "sent");
        assert_eq!(app.database.count("mail_events"), 0);
    }

    async fn what_matters_not_is_received_and_set_aside(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        for aside in [
            event("AutoResponder", 1, "m1", 0),
            event("HardBounce", 2, "somebody-else", 0),
            json!({ "RecordType": "Open" }),
            json!({}),
        ] {
            report(&app, SECRET, &aside).await.expect(200);
        }
        assert_eq!(delivery(&app, &ada).await["state"], "sent");
        assert_eq!((timeline(&app, &ada).await.len(), app.database.count("mail_events")), (0, 0));
    }

    async fn an_event_counts_once_and_is_forgotten_after_a_month(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        for _ in 0..3 {
            report(&app, SECRET, &event("Delivery", 1, "m1", 0)).await.expect(200);
        }
        assert_eq!(
            (delivery(&app, &ada).await["state"].clone(), timeline(&app, &ada).await),
            (json!("delivered"), vec!["email_delivered".to_owned()])
        );
        assert_eq!(app.database.count("mail_events"), 1);
        app.advance(TimeDelta::days(31));
        report(&app, SECRET, &event("HardBounce", 2, "somebody-else", 0)).await.expect(200);
        assert_eq!(app.database.count("mail_events"), 0);
    }

    async fn the_graver_report_stays_in_whatever_order_they_come(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        app.advance(TimeDelta::minutes(10));
        for (id, (kind, seconds, state, at)) in [
            ("Transient", 10, "deferred", 10),
            ("Transient", 5, "deferred", 10),
            ("Transient", 20, "deferred", 20),
            ("Delivery", 9, "delivered", 9),
            ("Transient", 30, "delivered", 9),
            ("SoftBounce", 8, "bounced", 8),
            ("Delivery", 40, "bounced", 8),
            ("SpamComplaint", 7, "complained", 7),
            ("HardBounce", 50, "complained", 7),
        ]
        .into_iter()
        .enumerate()
        {
            report(&app, SECRET, &event(kind, id.try_into().unwrap(), "m1", seconds)).await.expect(200);
            let reported = delivery(&app, &ada).await;
            let when = format!("2026-11-24T12:00:{at:02}.000Z");
            assert_eq!(
                (&reported["state"], &reported["reported_at"]),
                (&json!(state), &json!(when)),
                "{id}: {kind}"
            );
        }
        // That it waits is told once; everything else as often as it is reported.
        let expected = ["deferred", "delivered", "bounced", "delivered", "complained", "bounced"]
            .map(|one| format!("email_{one}"));
        assert_eq!(timeline(&app, &ada).await, expected);
    }

    /// Events without an id of their own are told apart by what they say.
    async fn events_without_a_number_are_distinguished(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        for (kind, id, state) in [
            ("Transient", Value::Null, "deferred"),
            ("HardBounce", Value::Null, "bounced"),
            ("SpamComplaint", json!(" "), "complained"),
        ] {
            let mut event = event(kind, 0, "m1", 0);
            event["ID"] = id;
            report(&app, SECRET, &event).await.expect(200);
            assert_eq!(delivery(&app, &ada).await["state"], state);
        }
    }

    async fn a_superseded_letter_s_report_leaves_the_newer_one_alone(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        taken(&app, "m1");
        app.advance(TimeDelta::minutes(2));
        app.admin()
            .post_empty(&format!("/v1/invitations/{}/resend", ada["id"].as_str().unwrap()))
            .await
            .expect(200);
        report(&app, SECRET, &event("SoftBounce", 1, "m1", 60)).await.expect(200);
        assert_eq!(delivery(&app, &ada).await["state"], "queued");
        app.letter().await;
        taken(&app, "m2");
        assert_eq!(delivery(&app, &ada).await["state"], "sent");
        let entry = app
            .events(ada["id"].as_str().unwrap())
            .await
            .into_iter()
            .find(|one| one["type"] == "email_bounced")
            .unwrap();
        assert_eq!(entry["details"]["superseded"], true);
        // The first letter is named by our own id, the second by the provider's.
        let ids = app.database.texts("SELECT id AS text FROM letters ORDER BY generation");
        let mut complaint = event("SpamComplaint", 2, "m2", 60);
        complaint["Metadata"] = json!({ "letter": ids[0] });
        report(&app, SECRET, &complaint).await.expect(200);
        assert_eq!(delivery(&app, &ada).await["state"], "sent");
        assert_eq!(
            app.database.texts("SELECT fate AS text FROM letters WHERE generation = 1"),
            ["complained"]
        );
        report(&app, SECRET, &event("Delivery", 3, "m2", 130)).await.expect(200);
        assert_eq!(delivery(&app, &ada).await["state"], "delivered");
        // Nor does one provider speak of another's letters.
        app.database.execute("UPDATE letters SET provider = 'resend'");
        complaint["Metadata"] = json!({ "letter": ids[1] });
        complaint["ID"] = json!(4);
        report(&app, SECRET, &complaint).await.expect(200);
        assert_eq!(delivery(&app, &ada).await["state"], "delivered");
    }

    async fn what_did_not_arrive_is_listed_and_sent_anew_in_bulk(app: TestApp) {
        let mut all = Vec::new();
        for (name, state) in [("ada", "bounced"), ("bob", "failed"), ("eve", "sent"), ("max", "deferred")] {
            let (one, _) = app.invite(&format!("{name}@example.com"), &["viewer"]).await;
            taken(&app, name);
            all.push((one["id"].as_str().unwrap().to_owned(), state));
        }
        let queued = app.invite_unsent("joe@example.com", &["viewer"]).await;
        all.push((queued["id"].as_str().unwrap().to_owned(), "queued"));
        report(&app, SECRET, &event("SoftBounce", 1, "ada", 0)).await.expect(200);
        report(&app, SECRET, &event("Transient", 2, "max", 0)).await.expect(200);
        app.database.execute(&format!(
            "UPDATE letters SET state = 'failed', sent_at = NULL WHERE \
            invitation_id = '{}'",
            all[1].0
        ));
        let admin = app.admin();
        for state in [
            "queued",
            "sending",
            "sent",
            "delivered",
            "deferred",
            "bounced",
            "complained",
            "failed",
            "handed_over",
        ] {
            let page = admin.get(&format!("/v1/invitations?delivery={state}")).await.expect(200);
            let found: Vec<&str> =
                page.body["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
            let expected: Vec<&str> =
                all.iter().filter(|(_, is)| *is == state).map(|(id, _)| id.as_str()).collect();
            assert_eq!(found, expected, "{state}");
        }
        admin.get("/v1/invitations?delivery=lost").await.faults(&[("delivery", "unknown_value")]);
        let page = admin.get("/v1/invitations?limit=1").await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        admin
            .get(&format!("/v1/invitations?limit=1&delivery=sent&cursor={cursor}"))
            .await
            .problem(422, "cursor_mismatch");

        let resend = "/v1/invitations/batch/resend";
        admin
            .post(resend, &json!({ "filter": { "delivery": "lost" } }))
            .await
            .faults(&[("/filter/delivery", "unknown_value")]);
        app.advance(TimeDelta::minutes(2));
        for (state, place) in [("bounced", 0), ("failed", 1)] {
            let none = admin
                .post(resend, &json!({ "filter": { "delivery": state, "status": "expired" } }))
                .await
                .expect(200);
            assert_eq!(none.body["results"], json!([]));
            let sent = admin.post(resend, &json!({ "filter": { "delivery": state } })).await.expect(200);
            assert_eq!(sent.body["results"].as_array().map(Vec::len), Some(1), "{}", sent.text);
            assert_eq!(
                (&sent.body["results"][0]["id"], &sent.body["results"][0]["status"]),
                (&json!(all[place].0), &json!("resent"))
            );
            let again = admin.post(resend, &json!({ "filter": { "delivery": state } })).await.expect(200);
            assert_eq!(again.body["results"], json!([]));
        }
        assert_eq!(app.letters().await.len(), 3);
    }
}
