//! `invitation.expired`, which no request causes: it is written within a minute, once for each expiry.

use chrono::{SecondsFormat, TimeDelta};
use invitation_service::services::withdraw;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Received, Receiver},
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
        // One whose letter never went was left out until then.
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(61));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"], "that of the second one of Ada");
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"]);
        app.letters().await;
    }

    async fn no_link_expires_while_its_letter_waits(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.expired"]).await;
        app.dispatch().await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(2));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        // It is valid for an hour from now on.
        app.letter().await;
        app.advance(TimeDelta::minutes(59));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.advance(TimeDelta::minutes(2));
        app.dispatch().await;
        let received = receiver.received();
        assert_eq!(received.len(), 1, "{received:?}");
        assert_eq!(received[0].body["timestamp"], "2026-11-24T15:00:00.000Z");
    }

    async fn a_link_whose_letter_is_given_up_had_expired_if_its_time_was_over(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.expired", "invitation.bounced"]).await;
        app.dispatch().await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(90));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        let db = &app.parts.services.db;
        let withdrawn = withdraw::older_than(db, &app.clock, app.now(), None).await.unwrap();
        assert_eq!(withdrawn.letters, 2);
        app.dispatch().await;
        let mut types = receiver.types();
        types.sort();
        assert_eq!(types, ["invitation.bounced", "invitation.bounced", "invitation.expired"]);
        // The other one expires in its time.
        app.advance(TimeDelta::minutes(61));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"]);
    }

    async fn a_link_that_is_renewed_or_ended_at_once_had_expired(app: TestApp) {
        let receiver = Receiver::start().await;
        let types = ["invitation.expired", "invitation.resent", "invitation.updated", "invitation.revoked"];
        app.endpoint_of_all(&receiver, &types).await;
        app.dispatch().await;
        let mut paths = Vec::new();
        for name in ["ada", "bob", "eve"] {
            let (made, _) = app.invite(&format!("{name}@example.com"), &["viewer"]).await;
            paths.push(format!("/v1/invitations/{}", made["id"].as_str().unwrap()));
        }
        // Before anything looked for expired links.
        app.advance(TimeDelta::hours(1) + TimeDelta::seconds(1));
        let admin = app.admin();
        admin.post_empty(&format!("{}/resend", paths[0])).await.expect(200);
        let id = paths[1].rsplit_once('/').unwrap().1;
        admin.update(id, "*", &json!({ "email": "bobby@example.com" })).await.expect(200);
        admin.post_empty(&format!("{}/revoke", paths[2])).await.expect(200);
        app.dispatch().await;
        let received = receiver.received();
        let expired: Vec<_> = received.iter().filter(|one| one.event() == "invitation.expired").collect();
        assert_eq!((received.len(), expired.len()), (6, 3), "{received:?}");
        // In order, but where the invitation became another person's.
        for (index, one) in received.iter().enumerate() {
            if one.event() == "invitation.updated" {
                continue;
            }
            let invitation = &one.body["data"]["invitation_id"];
            let is_expired = |one: &&Received| one.event() == "invitation.expired";
            let before = received[..index].iter().filter(is_expired);
            let known = before.filter(|one| one.body["data"]["invitation_id"] == *invitation).count();
            assert_eq!(known, usize::from(one.event() != "invitation.expired"), "{received:?}");
        }
        assert!(expired.iter().all(|one| one.body["timestamp"] == "2026-11-24T13:00:00.000Z"));
        // Once: the look for expired links comes to them too.
        app.letters().await;
        app.advance(TimeDelta::minutes(1));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        // Another link, another expiry.
        app.advance(TimeDelta::hours(1));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"; 2]);
    }

    async fn a_clock_that_was_ahead_stops_nothing(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.expired"]).await;
        app.dispatch().await;
        app.invite("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(2));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"]);
        let ahead = (app.now() + TimeDelta::days(10)).to_rfc3339_opts(SecondsFormat::Millis, true);
        app.database.execute(&format!("UPDATE webhook_progress SET at = '{ahead}'"));
        app.invite("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(1));
        app.dispatch().await;
        app.advance(TimeDelta::hours(1));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.expired"]);
        // What is looked at again is not sent again.
        app.database.execute("UPDATE webhook_progress SET at = '2026-11-24T12:00:00.000Z'");
        app.advance(TimeDelta::minutes(1));
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
    }
}
