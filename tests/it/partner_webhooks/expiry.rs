//! `invitation.expired`, which no request causes: it is written within a minute, once for each expiry.

use chrono::TimeDelta;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Receiver},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), ("INVITATION_TTL", "1h"), LOOPBACK];

    async fn a_link_that_expires_is_told_within_a_minute_and_once(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.expired"]).await;
        // Those that look for the first time have no news of the past.
        app.dispatch().await;
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (used, mail) = app.invite("eve@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.advance(TimeDelta::hours(1));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.advance(TimeDelta::seconds(40));
        app.dispatch().await;
        let received = receiver.received();
        assert_eq!(received.len(), 1, "{received:?}");
        assert_eq!(
            (&received[0].body["data"]["invitation_id"], &received[0].body["timestamp"]),
            (&made["id"], &json!("2026-11-24T13:00:00.000Z"))
        );
        assert_ne!(made["id"], used["id"]);
        app.advance(TimeDelta::minutes(5));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        // Another link, another expiry.
        let path = format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap());
        app.admin().post_empty(&path).await.expect(200);
        app.letter().await;
        app.advance(TimeDelta::hours(2));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"]);
    }

    async fn an_invitation_that_was_replaced_had_expired(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.expired"]).await;
        app.dispatch().await;
        let (old, _) = app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(1));
        let (new, _) = app.invite("ada@example.com", &["viewer"]).await;
        assert_ne!(old["id"], new["id"]);
        app.advance(TimeDelta::minutes(1));
        app.dispatch().await;
        let received = receiver.received();
        assert_eq!((received.len(), &received[0].body["data"]["invitation_id"]), (1, &old["id"]));
    }
}
