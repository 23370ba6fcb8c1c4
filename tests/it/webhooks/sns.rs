//! Amazon SES reports through Amazon SNS: subscriptions, certificates, and messages that are no events.

use std::sync::Arc;

use chrono::TimeDelta;
use invitation_service::domain::webhook_client::FetchError;
use serde_json::Value;

use crate::support::{
    Answer, Backend, TestApp, json, on_each,
    sns::{ARN, CERTIFICATE_URL, Sns, notification, sign, subscribe_url, subscription},
};

async fn start(backend: Backend) -> (TestApp, Arc<Sns>) {
    let mut sns = None;
    let variables = [("MAIL_EVENTS_SES", ARN)];
    let app = TestApp::start_with(backend, &variables, |parts| sns = Some(Sns::installed(parts))).await;
    (app, sns.unwrap())
}

/// As Amazon SNS sends it.
async fn report(app: &TestApp, message: &Value) -> Answer {
    let request = app.anonymous().request(reqwest::Method::POST, "/v1/mail-events/ses");
    let request = request
        .header("content-type", "text/plain; charset=UTF-8")
        .header("x-amz-sns-message-type", message["Type"].as_str().unwrap())
        .header("x-amz-sns-message-id", message["MessageId"].as_str().unwrap())
        .header("x-amz-sns-topic-arn", message["TopicArn"].as_str().unwrap())
        .header("user-agent", "Amazon Simple Notification Service Agent");
    Answer::of(request.body(message.to_string())).await
}

/// The event of the one letter that there is.
fn event(app: &TestApp, kind: &str, name: &str, details: &Value) -> String {
    let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
    let mut event = json!({ "eventType": kind, "mail": { "tags": { "letter": [letter] } } });
    event[name] = details.clone();
    event.to_string()
}

async fn state(app: &TestApp, invitation: &Value) -> Value {
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    app.admin().get(&path).await.expect(200).body["delivery"].clone()
}

async fn metric(app: &TestApp, outcome: &str) -> u64 {
    let metrics = app.anonymous().get("/metrics").await.text;
    let line = format!("mail_events_total{{provider=\"ses\",outcome=\"{outcome}\"}} ");
    let value = metrics.lines().find_map(|found| found.split_once(&line)?.1.parse().ok());
    value.unwrap_or_else(|| panic!("{line}: {metrics}"))
}

on_each! {
    /// From the subscription to the first event, in the order in which an operator sees them.
    async fn a_topic_is_confirmed_and_reports(backend: Backend) {
        let (app, sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let confirmation = subscription("SubscriptionConfirmation", app.now());
        let answer = report(&app, &confirmation).await.expect(200);
        assert_eq!(answer.body, json!({ "received": 0 }));
        assert_eq!(sns.asked(), [CERTIFICATE_URL.to_owned(), subscribe_url()]);
        let first = "Successfully validated SNS topic for Amazon SES event publishing.";
        let answer = report(&app, &notification("m0", app.now(), first)).await.expect(200);
        assert_eq!((answer.body, app.database.count("mail_events")), (json!({ "received": 0 }), 0));

        let delay = json!({ "delayType": "MailboxFull", "timestamp": app.now() });
        let delayed = notification("m1", app.now(), &event(&app, "DeliveryDelay", "deliveryDelay", &delay));
        report(&app, &delayed).await.expect(200);
        let seen = state(&app, &ada).await;
        assert_eq!((&seen["state"], &seen["reason"]), (&json!("deferred"), &json!("MailboxFull")));
        let delivery = json!({ "smtpResponse": "250 ok" });
        let delivered = notification("m2", app.now(), &event(&app, "Delivery", "delivery", &delivery));
        for _ in 0..2 {
            assert_eq!(report(&app, &delivered).await.expect(200).body, json!({ "received": 1 }));
        }
        assert_eq!(state(&app, &ada).await["state"], "delivered");
        assert_eq!((metric(&app, "delivered").await, metric(&app, "repeated").await), (1, 1));
        // One that was sent before and comes late.
        report(&app, &delayed).await.expect(200);
        assert_eq!(state(&app, &ada).await["state"], "delivered");
        // A subscription that was ended is not made anew.
        sns.asked();
        report(&app, &subscription("UnsubscribeConfirmation", app.now())).await.expect(200);
        assert_eq!(sns.asked(), [CERTIFICATE_URL]);
    }

    async fn what_is_not_amazons_changes_and_asks_nothing(backend: Backend) {
        let (app, sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let good = notification("m1", app.now(), &event(&app, "Complaint", "complaint", &json!({})));
        for (member, value, is_signed) in [
            ("Message", "{}", false),
            ("TopicArn", "arn:aws:sns:eu-central-1:123456789012:other", true),
            ("SigningCertURL", "https://example.com/SimpleNotificationService-1.pem", true),
            ("SignatureVersion", "1", false),
            ("Signature", "", false),
        ] {
            let mut forged = good.clone();
            forged[member] = value.into();
            if is_signed {
                sign(&mut forged);
            }
            let refused = report(&app, &forged).await.problem(401, "mail_event_unverified");
            assert_eq!(refused.header("www-authenticate"), "Signature");
        }
        assert!(sns.asked().iter().all(|url| url == CERTIFICATE_URL));
        // A forged subscription leads nowhere.
        let mut forged = subscription("SubscriptionConfirmation", app.now());
        forged["SubscribeURL"] = "https://example.com/".into();
        report(&app, &forged).await.problem(401, "mail_event_unverified");
        sign(&mut forged);
        report(&app, &forged).await.faults(&[("", "wrong_type")]);
        assert!(sns.asked().iter().all(|url| url == CERTIFICATE_URL));
        assert_eq!(state(&app, &ada).await["state"], "sent");
        assert_eq!((metric(&app, "unverified").await, metric(&app, "unreadable").await), (6, 1));
    }

    async fn a_message_is_old_after_two_hours(backend: Backend) {
        let (app, _sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let bounce = json!({ "bounceType": "Permanent", "bounceSubType": "General" });
        let message = notification("m1", app.now(), &event(&app, "Bounce", "bounce", &bounce));
        app.advance(TimeDelta::hours(2) + TimeDelta::seconds(1));
        report(&app, &message).await.problem(401, "mail_event_unverified");
        assert_eq!(state(&app, &ada).await["state"], "sent");
    }

    /// Amazon SNS sends its message again.
    async fn while_amazon_is_away_its_messages_are_not_taken(backend: Backend) {
        let (app, sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let message = notification("m1", app.now(), &event(&app, "Delivery", "delivery", &json!({})));
        sns.answers(Some(FetchError::Unavailable("timed out".to_owned())));
        let refused = report(&app, &message).await.problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "30");
        // No more is a certificate that does not exist.
        sns.answers(Some(FetchError::Absent));
        report(&app, &message).await.problem(401, "mail_event_unverified");
        assert_eq!(state(&app, &ada).await["state"], "sent");
        sns.answers(None);
        report(&app, &message).await.expect(200);
        assert_eq!(state(&app, &ada).await["state"], "delivered");
        assert_eq!((metric(&app, "unreachable").await, metric(&app, "unverified").await), (1, 1));
    }

    /// Amazon sends the messages of all its customers' topics from the same addresses.
    async fn another_customer_s_topic_makes_nothing_wait(backend: Backend) {
        let (app, sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let mut foreign = subscription("SubscriptionConfirmation", app.now());
        foreign["TopicArn"] = "arn:aws:sns:eu-central-1:210987654321:other".into();
        sign(&mut foreign);
        for _ in 0..15 {
            report(&app, &foreign).await.problem(401, "mail_event_unverified");
        }
        let mut unsigned = notification("m0", app.now(), "{}");
        unsigned["Message"] = "[]".into();
        for _ in 0..15 {
            report(&app, &unsigned).await.problem(401, "mail_event_unverified");
        }
        let message = notification("m1", app.now(), &event(&app, "Delivery", "delivery", &json!({})));
        report(&app, &message).await.expect(200);
        assert_eq!(state(&app, &ada).await["state"], "delivered");
        // Certificates that Amazon does not have are a forger's, who has it asked no more than ten times.
        sns.answers(Some(FetchError::Absent));
        sns.asked();
        for _ in 0..10 {
            report(&app, &message).await.problem(401, "mail_event_unverified");
        }
        let delayed = report(&app, &message).await.problem(429, "rate_limited");
        assert_eq!((delayed.header("retry-after"), sns.asked().len()), ("1", 10));
    }

    /// An identity's feedback beside a configuration set that publishes to the same topic.
    async fn one_event_in_two_notifications_counts_once(backend: Backend) {
        let (app, _sns) = start(backend).await;
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let bounce = json!({
            "bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "0100-f-000000",
            "timestamp": app.now(), "bouncedRecipients": [{ "diagnosticCode": "smtp; 550 5.4.4 no route" }]
        });
        let published = event(&app, "Bounce", "bounce", &bounce);
        let mut feedback: Value = serde_json::from_str(&published).unwrap();
        feedback["notificationType"] = feedback["eventType"].take();
        let feedback = feedback.to_string();
        for (id, text) in [("m1", &published), ("m2", &feedback)] {
            report(&app, &notification(id, app.now(), text)).await.expect(200);
        }
        assert_eq!(state(&app, &ada).await["state"], "bounced");
        let timeline = app.timeline(ada["id"].as_str().unwrap()).await;
        assert_eq!(timeline.iter().filter(|entry| *entry == "email_bounced").count(), 1, "{timeline:?}");
        assert_eq!((metric(&app, "bounced").await, metric(&app, "repeated").await), (1, 1));
        // The table of codes says that this does not deny the mailbox.
        assert_eq!(app.database.count("suppressions"), 0);
    }

    async fn other_media_types_are_refused(backend: Backend) {
        let (app, _sns) = start(backend).await;
        let message = subscription("UnsubscribeConfirmation", app.now()).to_string();
        for (media_type, status) in [
            ("text/plain; charset=UTF-8", 200),
            ("application/json", 200),
            ("application/x-www-form-urlencoded", 415),
            ("text/html", 415),
        ] {
            let answer = app.anonymous().post_raw("/v1/mail-events/ses", media_type, message.clone()).await;
            assert_eq!(answer.status, status, "{media_type}: {}", answer.text);
        }
    }
}
