//! An erasure is the last that an endpoint learns of a person.

use std::{collections::BTreeSet, time::Duration};

use chrono::{SecondsFormat, TimeDelta};
use diesel::connection::SimpleConnection;
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    Backend, TestApp, eventually, json, on_both_databases,
    receiver::{LOOPBACK, Receiver},
};

async fn erase(app: &TestApp, made: &Value) {
    let path = format!("/v1/users/{}", made["user_id"].as_str().unwrap());
    app.admin().call(Method::DELETE, &path, &[]).await.expect(204);
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn what_was_not_accepted_does_not_follow_an_erasure(app: TestApp) {
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "user.erased"]).await;
        app.endpoint_of_all(&other, &["invitation.created", "invitation.revoked"]).await;
        let since = app.now().to_rfc3339();
        for one in [&receiver, &other] {
            one.answer(500);
        }
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!((receiver.types().len(), other.types().len()), (2, 2));
        for one in [&receiver, &other] {
            one.answer(204);
        }
        erase(&app, &made).await;
        app.dispatch().await;
        assert_eq!((receiver.types(), other.types()), (vec!["user.erased".to_owned()], vec![]));
        app.advance(TimeDelta::seconds(5));
        app.dispatch().await;
        let received = receiver.received();
        assert_eq!(received.len(), 1, "{received:?}");
        assert_ne!(received[0].body["data"]["user_id"], made["user_id"]);
        // Who learns nothing of erasures gets everything else.
        let mut types = other.types();
        types.sort();
        assert_eq!(types, ["invitation.created", "invitation.created", "invitation.revoked"]);
        // Nor does it follow when events are sent again.
        let undelivered = json!({ "since": since, "undelivered_only": true });
        assert_eq!(endpoint.replay(&app, undelivered).await.expect(202).body, json!({ "events": 0 }));
        endpoint.replay(&app, json!({ "since": since })).await.expect(202);
        app.dispatch().await;
        let again = receiver.received();
        let of_ada = again.iter().filter(|one| one.body["data"]["user_id"] == made["user_id"]);
        assert_eq!(of_ada.map(|one| one.event().to_owned()).collect::<Vec<_>>(), ["user.erased"]);
        app.letters().await;
    }

    async fn a_person_who_was_invited_anew_is_erased_by_each_id(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["user.erased"]).await;
        let first = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let revoke = format!("/v1/invitations/{}/revoke", first["id"].as_str().unwrap());
        app.admin().post_empty(&revoke).await.expect(200);
        let second = app.invite_unsent("ada@example.com", &["viewer"]).await;
        erase(&app, &second).await;
        app.dispatch().await;
        let received = receiver.received();
        let erased: BTreeSet<&str> =
            received.iter().map(|one| one.body["data"]["user_id"].as_str().unwrap()).collect();
        let known = [&first, &second].map(|made| made["user_id"].as_str().unwrap());
        assert_eq!((received.len(), erased), (2, BTreeSet::from(known)));
    }

    async fn an_erasure_waits_for_an_attempt_under_way(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "user.erased"]).await;
        for is_replayed in [false, true] {
            let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
            // As a claim leaves it.
            let lease = (app.now() + TimeDelta::seconds(90)).to_rfc3339_opts(SecondsFormat::Millis, true);
            let claim = format!(
                "UPDATE webhook_deliveries
                 SET next_attempt_at = '{lease}', leased_until = '{lease}'
                 WHERE state = 'pending'"
            );
            assert_eq!(app.database.execute(&claim), 1);
            if is_replayed {
                assert_eq!(endpoint.replay(&app, json!({})).await.expect(202).body["events"], 1);
            }
            erase(&app, &made).await;
            app.dispatch().await;
            assert_eq!(receiver.types(), [""; 0]);
            app.advance(TimeDelta::seconds(90));
            app.dispatch().await;
            assert_eq!(receiver.types(), ["user.erased"]);
        }
    }

    async fn events_of_a_person_that_were_accepted_are_sent_again_before_the_erasure(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "user.erased"]).await;
        let since = json!({ "since": app.now().to_rfc3339() });
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        app.advance(TimeDelta::seconds(1));
        erase(&app, &made).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created", "user.erased"]);
        endpoint.replay(&app, since).await.expect(202);
        receiver.answer(500);
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created"]);
        receiver.answer(204);
        app.advance(TimeDelta::seconds(5));
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.created", "user.erased"]);
    }
}

/// Openings share commits, and lock their people only for this.
#[tokio::test]
async fn an_opening_at_the_moment_of_the_erasure_is_no_event() {
    let app = TestApp::start(Backend::Postgres, &[LOOPBACK]).await;
    let receiver = Receiver::start().await;
    app.endpoint_of_all(&receiver, &["invitation.opened"]).await;
    let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
    let mut erasure = app.database.postgres();
    let erased = "removed_at = created_at, erased_at = created_at";
    let update =
        format!("BEGIN; UPDATE users SET {erased} WHERE id = '{}'", made["user_id"].as_str().unwrap());
    erasure.batch_execute(&update).unwrap();
    let (client, token) = (app.anonymous(), json!({ "token": mail.token }));
    let commit = async {
        let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waits = async || (app.database.count(waiting) > 0).then_some(());
        eventually("the opening waits", Duration::from_secs(10), waits).await;
        erasure.batch_execute("COMMIT").unwrap();
    };
    let (opened, ()) = tokio::join!(client.post("/v1/activations/preview", &token), commit);
    opened.expect(200);
    assert_eq!(app.database.count("invitation_events WHERE event_type = 'opened'"), 1);
    assert_eq!(app.database.count("webhook_events"), 0);
}
