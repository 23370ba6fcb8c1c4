//! Attempts whose outcome is not recorded, or too late.

use chrono::TimeDelta;
use invitation_service::db::{
    DbFault, Tx,
    webhooks::{self, Claimed, Recorded},
};
use serde_json::Value;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{Endpoint, LOOPBACK, Receiver},
};

/// How long a lease is.
const LEASE: TimeDelta = TimeDelta::seconds(90);

/// Records that the endpoint accepted a claimed delivery.
async fn record_accepted(app: &TestApp, claimed: &Claimed) {
    let (attempt, claimed, now) = (app.attempt(claimed, 204), claimed.clone(), app.now());
    let record = move |tx: &mut Tx<'_>| -> Result<_, DbFault> {
        webhooks::record(tx, (&attempt, &claimed), (Recorded::Delivered, now))
    };
    app.parts.dispatcher.db.write(record).await.unwrap();
}

/// The numbers and the answers of the attempts, newest first.
async fn log(app: &TestApp, endpoint: &Endpoint) -> Vec<(Value, Value)> {
    let attempts = endpoint.attempts(app).await;
    attempts.iter().map(|one| (one["attempt"].clone(), one["status"].clone())).collect()
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn processes_that_die_use_up_no_attempts(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        // More often than a delivery is tried.
        for _ in 0..11 {
            assert_eq!(endpoint.claim(&app).await.attempt, 1);
            app.advance(LEASE);
        }
        receiver.answer(500);
        app.dispatch().await;
        assert_eq!(app.deliveries(), ["pending"]);
        assert_eq!(log(&app, &endpoint).await, [(json!(1), json!(500))]);
        app.advance(TimeDelta::seconds(5));
        // Nor do they use up what was counted before.
        assert_eq!(endpoint.claim(&app).await.attempt, 2);
        app.advance(LEASE);
        receiver.answer(204);
        app.dispatch().await;
        assert_eq!((receiver.types().len(), app.deliveries()), (2, vec!["delivered".to_owned()]));
        assert_eq!(log(&app, &endpoint).await, [(json!(2), json!(204)), (json!(1), json!(500))]);
        app.letters().await;
    }

    async fn what_is_recorded_after_another_claim_does_not_count(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let late = endpoint.claim(&app).await;
        app.advance(LEASE);
        let second = endpoint.claim(&app).await;
        assert_eq!((late.attempt, second.attempt), (1, 1));
        record_accepted(&app, &late).await;
        let leased = "webhook_deliveries WHERE state = 'pending' AND leased_until IS NOT NULL";
        assert_eq!(app.database.count(leased), 1);
        record_accepted(&app, &second).await;
        assert_eq!(app.deliveries(), ["delivered"]);
        assert_eq!(log(&app, &endpoint).await.len(), 2);
        app.letters().await;
    }

    async fn what_is_under_way_when_events_are_sent_again_does_not_count(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let claimed = endpoint.claim(&app).await;
        assert_eq!(endpoint.replay(&app, json!({})).await.expect(202).body["events"], 1);
        record_accepted(&app, &claimed).await;
        assert_eq!(app.deliveries(), ["pending"]);
        app.dispatch().await;
        assert_eq!((receiver.types().len(), app.deliveries()), (1, vec!["delivered".to_owned()]));
        app.letters().await;
    }
}
