//! Endpoints that fail for days, or are gone, are disabled.

use chrono::TimeDelta;

use crate::support::{
    TestApp,
    api_clients::{ApiClient, CLIENTS},
    json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn an_endpoint_is_disabled_after_five_days_without_a_success(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(500);
        let begin = app.now();
        for day in 0..5 {
            app.invite_unsent(&format!("ada{day}@example.com"), &["viewer"]).await;
            app.dispatch().await;
            let shown = endpoint.shown(&app).await;
            assert_eq!(
                (&shown["status"], &shown["failing_since"]),
                (&json!("active"), &json!("2026-11-24T12:00:00.000Z"))
            );
            app.advance(TimeDelta::days(1));
        }
        assert_eq!(app.now() - begin, TimeDelta::days(5));
        app.dispatch().await;
        let shown = endpoint.shown(&app).await;
        assert_eq!(
            (&shown["status"], &shown["disabled_reason"], &shown["disabled_at"]),
            (&json!("disabled"), &json!("failing"), &json!("2026-11-29T12:00:00.000Z"))
        );
        // What comes now is kept, and sent when it is asked for.
        receiver.received();
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        let since = json!({ "since": (begin + TimeDelta::days(5)).to_rfc3339() });
        endpoint.replay(&app, since.clone()).await.problem(409, "webhook_endpoint_inactive");
        receiver.answer(204);
        let active = endpoint.patch(&app, json!({ "status": "active" })).await.expect(200).body;
        assert_eq!(
            (&active["disabled_reason"], &active["disabled_at"], &active["failing_since"]),
            (&json!(null), &json!(null), &json!(null))
        );
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        assert_eq!(endpoint.replay(&app, since).await.expect(202).body, json!({ "events": 1 }));
        app.dispatch().await;
        assert_eq!(receiver.types().len(), 1);
        app.letters().await;
    }

    async fn a_success_ends_the_count(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(503);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        receiver.answer(200);
        app.advance(TimeDelta::days(4));
        app.dispatch().await;
        assert_eq!(endpoint.shown(&app).await["failing_since"], json!(null));
        receiver.answer(503);
        app.advance(TimeDelta::days(2));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        let shown = endpoint.shown(&app).await;
        assert_eq!(
            (&shown["status"], &shown["failing_since"]),
            (&json!("active"), &json!("2026-11-30T12:00:00.000Z"))
        );
        app.letters().await;
    }

    async fn the_owner_of_a_disabled_endpoint_gets_a_letter(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let ada = app.sign_in("ada@example.com").await;
        let client = json!({ "name": "Fleet sync", "scopes": ["system_users:read", "webhooks:manage"] });
        let client = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201));
        let receiver = Receiver::start().await;
        receiver.answer(410);
        // Made by the program, whose client Ada made.
        let url = "https://fleet.example.com/hooks";
        let body = json!({ "url": url, "event_types": ["invitation.created"] });
        client.caller(&app).await.post(ENDPOINTS, &body).await.expect(201);
        receiver.take_over(&app);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        let letters = app.letters().await;
        let told: Vec<_> = letters.iter().filter(|mail| mail.to == "ada@example.com").collect();
        assert_eq!(told.len(), 1, "{letters:?}");
        assert!(told[0].subject.contains("webhook endpoint"), "{}", told[0].subject);
        assert!(!told[0].text.contains("token="), "{}", told[0].text);
    }

    async fn an_endpoint_that_is_gone_is_disabled_at_once(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(410);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        let shown = endpoint.shown(&app).await;
        assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
        assert_eq!(app.deliveries(), ["held"]);
        app.letters().await;
    }
}
