//! What a caller, a client and an endpoint may cause at most.

use chrono::TimeDelta;
use invitation_service::services::cleanup::sweep;
use reqwest::Method;
use tokio_util::sync::CancellationToken;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{ENDPOINTS, Endpoint, LOOPBACK, Receiver, patch_endpoint},
};

/// Writes so many attempts of an endpoint, with ids that begin so.
fn log_attempts(app: &TestApp, endpoint: &Endpoint, id: &str, number: usize) {
    let (now, first) = (app.now().to_rfc3339(), 1_000_000_000_000_usize);
    let last = first + number - 1;
    let insert = format!(
        "WITH RECURSIVE n (k) AS (SELECT {first} UNION ALL SELECT k + 1 FROM n WHERE k < {last})
         INSERT INTO webhook_attempts (id, endpoint_id, event_id, event_type, attempt, at, milliseconds)
         SELECT '{id}' || k, '{}', 'msg_01mzzzzzzze08' || k, 'webhook.test', 1, '{now}', 1 FROM n",
        endpoint.id
    );
    assert_eq!(app.database.execute(&insert), number);
}

on_both_databases! {
    async fn changes_tests_and_replays_are_few_in_a_minute(app: TestApp) {
        let (url, client) = ("https://fleet.example.com/hooks", json!({ "scopes": ["customers:read"] }));
        let endpoint = app.webhook_endpoint(url, &["user.erased"], client).await;
        let (admin, path) = (app.admin(), endpoint.path());
        let test = format!("{path}/test");
        // The endpoint was the first of 60.
        for _ in 0..59 {
            admin.post_empty(&test).await.expect(202);
        }
        let refused = admin.post_empty(&test).await.problem(429, "rate_limited");
        assert!(refused.header("ratelimit").ends_with("\"webhooks\";r=0;t=60"), "{:?}", refused.headers);
        admin.post(&format!("{path}/replay"), &json!({})).await.problem(429, "rate_limited");
        patch_endpoint(&admin, &path, &json!({})).await.problem(429, "rate_limited");
        admin.call(Method::DELETE, &path, &[]).await.problem(429, "rate_limited");
        admin.post(ENDPOINTS, &json!({})).await.problem(429, "rate_limited");
        // Reading is another class.
        admin.get(&path).await.expect(200);
        app.advance(TimeDelta::seconds(1));
        admin.post_empty(&test).await.expect(202);
        admin.post_empty(&test).await.problem(429, "rate_limited");
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn one_replay_is_sent_before_the_next_one(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created", "invitation.revoked"]).await;
        let since = json!({ "since": app.now().to_rfc3339() });
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let revoke = format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap());
        app.admin().post_empty(&revoke).await.expect(200);
        app.dispatch().await;
        assert_eq!(receiver.types().len(), 2);
        assert_eq!(endpoint.replay(&app, since.clone()).await.expect(202).body["events"], 2);
        endpoint.replay(&app, since.clone()).await.problem(409, "webhook_replay_unfinished");
        // What is not of the replay does not count.
        app.dispatch().await;
        assert_eq!(receiver.types().len(), 2);
        app.advance(TimeDelta::seconds(1));
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        receiver.answer(500);
        assert_eq!(endpoint.replay(&app, since.clone()).await.expect(202).body["events"], 3);
        app.dispatch().await;
        assert_eq!(receiver.types().len(), 2);
        // Nor does what failed, and what waits for it.
        assert_eq!(endpoint.replay(&app, since).await.expect(202).body["events"], 3);
        app.letters().await;
    }

    async fn the_newest_ten_thousand_attempts_of_an_endpoint_are_kept(app: TestApp) {
        let receiver = Receiver::start().await;
        let quiet = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let busy = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        // Older than all of the other endpoint.
        log_attempts(&app, &quiet, "wha_01mzzzzzzze07", 3);
        // More than one batch too many.
        log_attempts(&app, &busy, "wha_01mzzzzzzze08", 11_500);
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        let kept = |endpoint: &Endpoint| {
            let of_one = format!("FROM webhook_attempts WHERE endpoint_id = '{}'", endpoint.id);
            app.database.texts(&format!("SELECT id AS text {of_one} ORDER BY id"))
        };
        assert_eq!(kept(&quiet).len(), 3);
        let kept = kept(&busy);
        assert_eq!(
            (kept.len(), kept.first().unwrap().as_str(), kept.last().unwrap().as_str()),
            (10_000, "wha_01mzzzzzzze081000000001500", "wha_01mzzzzzzze081000000011499")
        );
    }

    async fn deleted_endpoints_count_for_a_day(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        let body = client.endpoint_body(json!({}));
        for _ in 0..60 {
            let made = app.admin().post(ENDPOINTS, &body).await.expect(201);
            let path = format!("{ENDPOINTS}/{}", made.text_of("id"));
            app.admin().call(Method::DELETE, &path, &[]).await.expect(204);
        }
        app.admin().post(ENDPOINTS, &body).await.problem(409, "too_many_webhook_endpoints");
        app.advance(TimeDelta::days(1));
        app.admin().post(ENDPOINTS, &body).await.expect(201);
    }
}
