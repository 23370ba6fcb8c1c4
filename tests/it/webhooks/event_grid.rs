//! Azure Event Grid asks before it reports: by an event in its own schema, by `OPTIONS` in that of
//! CloudEvents.

use reqwest::Method;

use crate::support::{Answer, TestApp, json, on_both_databases};

const SECRET: &str = "a-secret-for-event-grid";
const AZURE: &str = "/v1/mail-events/azure";
const VARIABLES: [(&str, &str); 2] =
    [("MAIL_EVENTS_AZURE", SECRET), ("MAIL_EVENTS_POSTMARK", "a-secret-for-postmark")];

async fn report(app: &TestApp, secret: &str, media_type: &str, body: String) -> Answer {
    let request = app.anonymous().request(Method::POST, AZURE).header("x-mail-events-secret", secret);
    Answer::of(request.header("content-type", media_type).body(body)).await
}

on_both_databases! {
    with VARIABLES;
    async fn the_code_of_a_validation_is_answered(app: TestApp) {
        let validation = json!([{
            "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66", "topic": "/subscriptions/x", "subject": "",
            "data": {
                "validationCode": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6",
                "validationUrl": "https://example.com/"
            },
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": "2026-11-24T12:00:00.0000000Z", "metadataVersion": "1", "dataVersion": "1"
        }]);
        let media_type = "application/json; charset=utf-8";
        let answer = report(&app, SECRET, media_type, validation.to_string()).await.expect(200);
        assert_eq!(answer.body, json!({ "validationResponse": "512d38b6-c7b8-40c8-89fe-f46f9e9622b6" }));
        // Whoever lacks the secret subscribes nothing to this address.
        report(&app, "another-secret-than-that", media_type, validation.to_string())
            .await
            .problem(401, "mail_event_unverified");
    }

    async fn the_origin_of_cloud_events_is_allowed(app: TestApp) {
        let ask = async |path: &str, headers: &[(&str, &str)]| {
            app.anonymous().call(Method::OPTIONS, path, headers).await
        };
        let origin = ("webhook-request-origin", "eventgrid.azure.net");
        let secret = ("x-mail-events-secret", SECRET);
        let allowed = ask(AZURE, &[origin, secret, ("webhook-request-rate", "120")]).await.expect(200);
        assert_eq!(allowed.header("webhook-allowed-origin"), "eventgrid.azure.net");
        assert_eq!(allowed.header("webhook-allowed-rate"), "*");
        let wrong = ("x-mail-events-secret", "another-secret-than-that");
        for _ in 0..10 {
            ask(AZURE, &[origin, wrong]).await.problem(401, "mail_event_unverified");
        }
        ask(AZURE, &[origin, wrong]).await.problem(429, "rate_limited");
        ask(AZURE, &[origin, secret]).await.expect(200);
        ask(AZURE, &[secret]).await.problem(404, "not_found");
        // No other provider asks so.
        let postmark = ("x-mail-events-secret", "a-secret-for-postmark");
        ask("/v1/mail-events/postmark", &[origin, postmark]).await.problem(404, "not_found");
        ask("/v1/mail-events/brevo", &[origin, secret]).await.problem(404, "not_found");
    }

    async fn cloud_events_are_reports(app: TestApp) {
        let (ada, _) = app.invite("ada@example.com", &["viewer"]).await;
        let letter = app.database.texts("SELECT id AS text FROM letters").remove(0);
        let event = |id: &str, status: &str| {
            json!({
                "id": id, "source": "/subscriptions/x", "specversion": "1.0", "time": "2026-11-24T12:00:00Z",
                "type": "Microsoft.Communication.EmailDeliveryReportReceived",
                "data": {
                    "internetMessageId": format!("<{letter}@voltmark.example>"), "messageId": "m1",
                    "status": status
                }
            })
        };
        let single = event("b1", "Delivered").to_string();
        report(&app, SECRET, "application/cloudevents+json; charset=utf-8", single).await.expect(200);
        let batch = json!([event("b1", "Delivered"), event("b2", "Failed")]).to_string();
        let answer = report(&app, SECRET, "application/cloudevents-batch+json; charset=utf-8", batch).await;
        assert_eq!(answer.expect(200).body, json!({ "received": 2 }));
        let path = format!("/v1/invitations/{}", ada["id"].as_str().unwrap());
        let shown = app.admin().get(&path).await.expect(200);
        assert_eq!(shown.body["delivery"]["state"], "bounced");
        report(&app, SECRET, "text/plain", "[]".to_owned()).await.problem(415, "unsupported_media_type");
    }
}
