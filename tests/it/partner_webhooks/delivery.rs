//! Deliveries: order, retries, pauses, replays, leases, and addresses that are not called.

use std::collections::BTreeSet;

use chrono::{SecondsFormat, TimeDelta};
use serde_json::Value;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Received, Receiver},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), LOOPBACK];

    async fn events_of_an_invitation_wait_for_the_first_and_those_of_others_do_not(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "invitation.revoked"]).await;
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        receiver.answer(500);
        app.dispatch().await;
        let first = receiver.received();
        assert_eq!(first.len(), 1);
        app.admin()
            .post_empty(&format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        receiver.answer(204);
        app.dispatch().await;
        let other = receiver.received();
        assert_eq!((other.len(), other[0].event()), (1, "invitation.created"));
        assert_ne!(other[0].body["data"]["invitation_id"], made["id"]);
        assert_eq!(app.times_of_waiting().len(), 1, "the second event is looked at with the first one");
        app.advance(TimeDelta::seconds(4));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.advance(TimeDelta::seconds(1));
        app.dispatch().await;
        let rest = receiver.received();
        let types: Vec<&str> = rest.iter().map(Received::event).collect();
        assert_eq!(types, ["invitation.created", "invitation.revoked"]);
        // The same event, at another time.
        assert_eq!((&rest[0].id, &rest[0].text), (&first[0].id, &first[0].text));
        assert_ne!(rest[0].timestamp, first[0].timestamp);
        assert!(rest.iter().all(|one| one.is_signed_with(&endpoint.secret)));
        let log = endpoint.attempts(&app).await;
        let outcome = |one: &Value| (one["attempt"].clone(), one["status"].clone());
        let outcomes: Vec<_> = log.iter().map(outcome).collect();
        let expected = [(1, 204), (2, 204), (1, 204), (1, 500)].map(|(n, status)| (json!(n), json!(status)));
        assert_eq!(outcomes, expected);
        let of_first = format!("{}/attempts?event_id={}", endpoint.path(), first[0].id);
        let of_first = app.admin().get(&of_first).await.expect(200).body;
        assert_eq!(of_first["data"].as_array().unwrap().len(), 2);
        app.letters().await;
    }

    async fn many_events_that_wait_for_another_are_looked_at_once(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        receiver.answer(500);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types().len(), 1);
        // Later events of the same invitation, which are due before those of any other.
        app.copy_webhooks(700);
        app.advance(TimeDelta::seconds(1));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        receiver.answer(204);
        assert_eq!(app.parts.dispatcher.step().await.unwrap(), 1);
        assert_eq!(receiver.types().len(), 1);
        assert_eq!(app.times_of_waiting().len(), 1, "all wait for the first one");
        app.advance(TimeDelta::seconds(4));
        // Each that is accepted lets the next one go, and no other.
        for _ in 0..3 {
            assert_eq!(app.parts.dispatcher.step().await.unwrap(), 1);
        }
        let received = receiver.received();
        let ids: Vec<&str> = received.iter().map(|one| one.id.as_str()).collect();
        assert!(ids.len() == 3 && ids.is_sorted(), "{ids:?}");
        app.letters().await;
    }

    async fn a_delivery_is_tried_ten_times_and_given_up(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        receiver.answer(302);
        let hours = TimeDelta::hours;
        let waits = [
            TimeDelta::seconds(5),
            TimeDelta::minutes(5),
            TimeDelta::minutes(30),
            hours(2),
            hours(5),
            hours(10),
            hours(14),
            hours(20),
            hours(24),
        ];
        app.dispatch().await;
        for wait in waits {
            assert_eq!(receiver.types().len(), 1, "before {wait}");
            app.advance(wait - TimeDelta::milliseconds(1));
            app.dispatch().await;
            assert_eq!(receiver.types(), [""; 0], "{wait}");
            app.advance(TimeDelta::milliseconds(1));
            app.dispatch().await;
        }
        assert_eq!(receiver.types().len(), 1);
        assert_eq!(app.deliveries(), ["failed"]);
        app.advance(TimeDelta::days(2));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.letters().await;
    }

    async fn a_paused_endpoint_gets_its_events_when_it_is_active(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        endpoint.patch(&app, json!({ "status": "paused" })).await.expect(200);
        let test = format!("{}/test", endpoint.path());
        app.admin().post_empty(&test).await.problem(409, "webhook_endpoint_inactive");
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!((receiver.types(), app.deliveries()), (vec![], vec!["pending".to_owned()]));
        let active = endpoint.patch(&app, json!({ "status": "active" })).await.expect(200);
        assert_eq!(active.body["status"], "active");
        app.dispatch().await;
        assert_eq!((receiver.types().len(), app.deliveries()), (1, vec!["delivered".to_owned()]));
        app.letters().await;
    }

    async fn events_are_sent_again_from_any_time(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let mut times = Vec::new();
        for name in ["ada", "bob", "eve"] {
            times.push(app.now());
            receiver.answer(if name == "eve" { 500 } else { 204 });
            app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
            app.dispatch().await;
            app.advance(TimeDelta::days(1));
        }
        receiver.answer(204);
        let first = receiver.received();
        assert_eq!(first.len(), 3, "{first:?}");
        let since = |index: usize| times[index].to_rfc3339();
        let undelivered = json!({ "since": since(0), "undelivered_only": true });
        let replayed = endpoint.replay(&app, undelivered).await.expect(202);
        assert_eq!(replayed.body, json!({ "events": 1 }));
        app.dispatch().await;
        assert_eq!(receiver.received()[0].id, first[2].id);
        for (index, number) in [(0, 3), (1, 2), (2, 1)] {
            let replayed = endpoint.replay(&app, json!({ "since": since(index) })).await.expect(202);
            assert_eq!(replayed.body["events"], number);
            app.dispatch().await;
            let again = receiver.received();
            assert_eq!(again.len(), usize::try_from(number).unwrap());
            assert_eq!(again[0].text, first.iter().find(|one| one.id == again[0].id).unwrap().text);
        }
        app.letters().await;
    }

    async fn dispatchers_side_by_side_deliver_each_event_once(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created", "invitation.revoked"]).await;
        for number in 0..12 {
            let made = app.invite_unsent(&format!("ada{number}@example.com"), &["viewer"]).await;
            let path = format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap());
            app.admin().post_empty(&path).await.expect(200);
        }
        let work = async || {
            let dispatcher = app.parts.dispatcher.clone();
            while dispatcher.step().await.unwrap() > 0 {}
        };
        tokio::join!(work(), work(), work());
        // One of them may have left while another one still had the first events.
        app.dispatch().await;
        let received = receiver.received();
        let ids: BTreeSet<&str> = received.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((received.len(), ids.len()), (24, 24));
        let mut created = BTreeSet::new();
        for one in &received {
            let invitation = one.body["data"]["invitation_id"].as_str().unwrap();
            match one.event() {
                "invitation.created" => assert!(created.insert(invitation)),
                _ => assert!(created.contains(invitation), "{one:?}"),
            }
        }
    }

    async fn a_process_that_dies_leaves_its_deliveries_to_others(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        // As a claim leaves it.
        let lease = (app.now() + TimeDelta::seconds(90)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let claim = format!(
            "UPDATE webhook_deliveries
             SET next_attempt_at = '{lease}', leased_until = '{lease}'"
        );
        assert_eq!(app.database.execute(&claim), 1);
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.advance(TimeDelta::seconds(90));
        app.dispatch().await;
        assert_eq!((receiver.types().len(), app.deliveries()), (1, vec!["delivered".to_owned()]));
        app.letters().await;
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("WEBHOOK_NETWORKS", "10.99.0.0/16")];

    async fn a_name_that_leads_to_this_machine_is_not_called(app: TestApp) {
        let receiver = Receiver::start().await;
        let port = receiver.url.rsplit_once(':').unwrap().1;
        let scopes = json!({ "scopes": ["system_users:read"] });
        let url = format!("http://localhost:{port}");
        let endpoint = app.webhook_endpoint(&url, &["invitation.created"], scopes).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        let log = endpoint.attempts(&app).await;
        assert_eq!(
            (&log[0]["status"], &log[0]["error"]),
            (&json!(null), &json!("the endpoint has no address on the public internet"))
        );
        app.letters().await;
    }
}
