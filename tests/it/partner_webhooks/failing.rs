//! Endpoints that fail for days, or are gone, are disabled; their events wait.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use invitation_service::{
    db::{
        DbFault, Guarded, Tx,
        webhooks::{self, Recorded},
    },
    domain::webhooks::DisabledReason,
};

use crate::support::{
    TestApp,
    api_clients::{ApiClient, CLIENTS},
    json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver, patch_endpoint},
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
        // What comes now waits with the rest, and is sent once the endpoint is active.
        receiver.received();
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!((receiver.types(), app.deliveries()), (vec![], vec!["pending".to_owned(); 6]));
        receiver.answer(204);
        let active = endpoint.patch(&app, json!({ "status": "active" })).await.expect(200).body;
        assert_eq!(
            (&active["disabled_reason"], &active["disabled_at"], &active["failing_since"]),
            (&json!(null), &json!(null), &json!(null))
        );
        app.advance(TimeDelta::days(1));
        app.dispatch().await;
        let ids: BTreeSet<String> = receiver.received().into_iter().map(|one| one.id).collect();
        assert_eq!((ids.len(), app.deliveries()), (6, vec!["delivered".to_owned(); 6]));
        app.letters().await;
    }

    async fn what_was_given_up_is_sent_again_before_what_waits_behind_it(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "invitation.revoked"]).await;
        receiver.answer(500);
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        // The last attempt of ten.
        app.database.execute("UPDATE webhook_deliveries SET attempts = 9");
        app.dispatch().await;
        assert_eq!(app.deliveries(), ["failed"]);
        receiver.answer(410);
        let revoke = format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap());
        app.admin().post_empty(&revoke).await.expect(200);
        app.dispatch().await;
        assert_eq!(app.deliveries(), ["failed", "pending"]);
        receiver.answer(204);
        receiver.received();
        assert_eq!(endpoint.replay(&app, json!({})).await.expect(202).body, json!({ "events": 2 }));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        endpoint.patch(&app, json!({ "status": "active" })).await.expect(200);
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created", "invitation.revoked"]);
        // What was accepted is sent again only when that is asked for.
        assert_eq!(endpoint.replay(&app, json!({})).await.expect(202).body, json!({ "events": 0 }));
        let all = json!({ "undelivered_only": false });
        assert_eq!(endpoint.replay(&app, all).await.expect(202).body, json!({ "events": 2 }));
        app.letters().await;
    }

    async fn a_failure_weeks_after_the_last_one_begins_the_time_anew(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(502);
        app.invite("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        app.database.execute("UPDATE webhook_deliveries SET state = 'failed'");
        app.advance(TimeDelta::days(20));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        let shown = endpoint.shown(&app).await;
        assert_eq!(
            (&shown["status"], &shown["failing_since"]),
            (&json!("active"), &json!("2026-12-14T12:00:00.000Z"))
        );
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
        let endpoint = client.caller(&app).await.post(ENDPOINTS, &body).await.expect(201).text_of("id");
        receiver.take_over(&app);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        let letters = app.letters().await;
        let told: Vec<_> = letters.iter().filter(|mail| mail.to == "ada@example.com").collect();
        assert_eq!(told.len(), 1, "{letters:?}");
        assert!(told[0].subject.contains("webhook endpoint"), "{}", told[0].subject);
        assert!(!told[0].text.contains("token="), "{}", told[0].text);
        assert!(told[0].text.contains(&endpoint) && told[0].html.contains(&endpoint), "{}", told[0].text);
    }

    async fn the_maker_of_the_client_gets_the_letter_where_that_of_the_endpoint_is_not_active(app: TestApp) {
        let mut ids = Vec::new();
        for email in ["ada@example.com", "bob@example.com"] {
            let (made, mail) = app.invite(email, &["admin"]).await;
            app.activate(&mail.token).await.expect(201);
            ids.push(made["user_id"].as_str().unwrap().to_owned());
        }
        let (ada, bob) = (app.sign_in("ada@example.com").await, app.sign_in("bob@example.com").await);
        let client = json!({ "name": "Fleet sync", "scopes": ["system_users:read"] });
        let client = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201));
        let receiver = Receiver::start().await;
        receiver.answer(410);
        let body = client.endpoint_body(json!({ "url": receiver.url }));
        let endpoint = bob.post(ENDPOINTS, &body).await.expect(201).text_of("id");
        app.admin().post_empty(&format!("/v1/users/{}/block", ids[1])).await.expect(200);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        let letters = app.letters().await;
        let told: Vec<_> = letters.iter().filter(|mail| mail.text.contains(&endpoint)).collect();
        assert_eq!(told.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.com"]);
        // One that works again by the time of the letter needs none.
        let active = json!({ "status": "active" });
        patch_endpoint(&ada, &format!("{ENDPOINTS}/{endpoint}"), &active).await.expect(200);
        app.invite_unsent("zoe@example.com", &["viewer"]).await;
        app.dispatch().await;
        patch_endpoint(&ada, &format!("{ENDPOINTS}/{endpoint}"), &active).await.expect(200);
        let letters = app.letters().await;
        assert_eq!(letters.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["zoe@example.com"]);
    }

    async fn an_owner_gets_five_letters_in_a_day(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let ada = app.sign_in("ada@example.com").await;
        let client = json!({ "name": "Fleet sync", "scopes": ["system_users:read"] });
        let client = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201));
        let receiver = Receiver::start().await;
        receiver.answer(410);
        let body = client.endpoint_body(json!({ "url": receiver.url }));
        let path = format!("{ENDPOINTS}/{}", ada.post(ENDPOINTS, &body).await.expect(201).text_of("id"));
        let letters = async |times: usize| {
            let mut letters = 0;
            for _ in 0..times {
                patch_endpoint(&app.admin(), &path, &json!({ "status": "active" })).await.expect(200);
                app.admin().post_empty(&format!("{path}/test")).await.expect(202);
                app.dispatch().await;
                letters += app.letters().await.len();
            }
            letters
        };
        assert_eq!(letters(7).await, 5);
        app.advance(TimeDelta::days(1));
        assert_eq!(letters(1).await, 1);
    }

    async fn waiting_webhooks_and_disabled_endpoints_are_counted(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let assert_numbers = async |waiting: u64, active: u64, disabled: u64| {
            let metrics = app.anonymous().get("/metrics").await.expect(200).text;
            for line in [
                format!("invitation_service_webhooks_waiting {waiting}\n"),
                format!("invitation_service_webhook_endpoints{{status=\"active\"}} {active}\n"),
                format!("invitation_service_webhook_endpoints{{status=\"disabled\"}} {disabled}\n"),
            ] {
                assert!(metrics.contains(&line), "{line}: {metrics}");
            }
        };
        assert_numbers(1, 1, 0).await;
        receiver.answer(410);
        app.dispatch().await;
        assert_numbers(0, 0, 1).await;
        app.letters().await;
    }

    async fn waiting_webhooks_are_counted_up_to_ten_thousand(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.copy_webhooks(9_998);
        let waiting = async || {
            let metrics = app.anonymous().get("/metrics").await.expect(200).text;
            let help = "Webhooks that are to be sent to active endpoints, counted up to 10,000";
            assert!(metrics.contains(help), "{metrics}");
            let name = "invitation_service_webhooks_waiting ";
            metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned()
        };
        assert_eq!(waiting().await, "9999");
        app.invite_unsent("bob@example.com", &["viewer"]).await;
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        assert_eq!(app.database.count("webhook_deliveries WHERE state = 'pending'"), 10_001);
        assert_eq!(waiting().await, "10000");
        app.letters().await;
    }

    async fn the_answer_of_another_url_says_nothing_about_the_present_one(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let (now, claimed) = (app.now(), endpoint.claim(&app).await);
        let moved = json!({ "url": "https://other.example.com/hooks" });
        endpoint.patch(&app, moved).await.expect(200);
        let attempt = app.attempt(&claimed, 410);
        let record = move |tx: &mut Tx<'_>| -> Result<_, DbFault> {
            let failing = webhooks::record(tx, (&attempt, &claimed), (Recorded::Retry(now), now))?;
            let of_endpoint = (claimed.endpoint, &claimed.url);
            Ok((failing, webhooks::disable(tx, of_endpoint, (DisabledReason::Gone, now))?))
        };
        assert_eq!(app.parts.dispatcher.db.write(record).await.unwrap(), (None, Guarded::Stale));
        let shown = endpoint.shown(&app).await;
        assert_eq!((&shown["status"], &shown["failing_since"]), (&json!("active"), &json!(null)));
        assert_eq!((endpoint.attempts(&app).await.len(), app.deliveries()), (1, vec!["pending".to_owned()]));
        app.letters().await;
    }

    async fn an_endpoint_that_is_gone_is_disabled_at_once(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(410);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        let shown = endpoint.shown(&app).await;
        assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
        assert_eq!(app.deliveries(), ["pending"]);
        app.letters().await;
    }
}
