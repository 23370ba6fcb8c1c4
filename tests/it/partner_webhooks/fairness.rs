//! Endpoints that are slow or fail leave room for the others, and each has its turn.

use std::time::Duration;

use chrono::TimeDelta;
use invitation_service::{
    db::webhooks::{Search, due_endpoints},
    domain::ids::{ClientId, WebhookEndpointId},
};
use tokio_util::sync::CancellationToken;

use crate::support::{
    TestApp, eventually, json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver},
};

/// The most deliveries to one client that go together.
const MAX_PER_CLIENT: usize = 16;
const INVITES: usize = 8;

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn a_client_whose_endpoints_are_slow_leaves_room_for_others(app: TestApp) {
        let (slow, quick) = (Receiver::start_slow(Duration::from_secs(15)).await, Receiver::start().await);
        let client = app.api_client(json!({ "scopes": ["system_users:read"] })).await;
        for _ in 0..9 {
            let body = client.endpoint_body(json!({ "url": slow.url }));
            app.admin().post(ENDPOINTS, &body).await.expect(201);
        }
        app.endpoint_of_all(&quick, &["invitation.created"]).await;
        for number in 0..INVITES {
            app.invite_unsent(&format!("ada{number}@example.com"), &["viewer"]).await;
        }
        let (dispatcher, stop) = (app.parts.dispatcher.clone(), CancellationToken::new());
        let running = tokio::spawn(async move { dispatcher.run(stop).await });
        let mut got = 0;
        let all = async || {
            got += quick.types().len();
            (got == INVITES).then_some(())
        };
        eventually("the quick one gets all", Duration::from_secs(10), all).await;
        let taken = slow.received().len();
        assert!(taken <= MAX_PER_CLIENT, "{taken}");
        running.abort();
        app.letters().await;
    }

    async fn an_endpoint_that_fails_is_called_with_one_event_at_a_time(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let invite = async |names: [&str; 3]| {
            for name in names {
                app.invite_unsent(&format!("{name}@example.com"), &["viewer"]).await;
            }
        };
        let step = async || app.parts.dispatcher.step().await.unwrap();
        receiver.answer(500);
        invite(["ada", "bob", "cem"]).await;
        assert_eq!(step().await, 3);
        invite(["dan", "eve", "fay"]).await;
        assert_eq!((step().await, step().await), (1, 1));
        receiver.answer(204);
        app.advance(TimeDelta::minutes(1));
        // The first success ends that.
        assert_eq!((step().await, step().await, step().await), (1, 5, 0));
        app.letters().await;
    }

    async fn each_endpoint_has_its_turn(app: TestApp) {
        let receiver = Receiver::start().await;
        let mut endpoints = Vec::new();
        for _ in 0..3 {
            endpoints.push(app.endpoint_of_all(&receiver, &["invitation.created"]).await);
        }
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        let now = app.now();
        let found = async |search: Search| {
            let query = move |connection: &mut _| due_endpoints(connection, &search, now);
            let found = app.parts.dispatcher.db.read(query).await.unwrap();
            let place = |id: String| endpoints.iter().position(|one| one.id == id).unwrap();
            found.into_iter().map(|one| place(one.id.to_string())).collect::<Vec<_>>()
        };
        let id = |place: usize| endpoints[place].id.parse::<WebhookEndpointId>().unwrap();
        let client = |place: usize| endpoints[place].client.id.parse::<ClientId>().unwrap();
        let two = Search { limit: 2, ..Search::default() };
        assert_eq!(found(two.clone()).await, [0, 1]);
        assert_eq!(found(Search { after: Some(id(1)), ..two.clone() }).await, [2, 0]);
        assert_eq!(found(Search { after: Some(id(2)), ..two.clone() }).await, [0, 1]);
        assert_eq!(found(Search { except: vec![id(0)], ..two.clone() }).await, [1, 2]);
        assert_eq!(found(Search { except_clients: vec![client(1)], ..two.clone() }).await, [0, 2]);
        let failing = "UPDATE webhook_endpoints SET failing_since = created_at, last_failed_at = created_at \
            WHERE id = ";
        app.database.execute(&format!("{failing}'{}'", endpoints[0].id));
        assert_eq!(found(Search { except_failing: true, ..two.clone() }).await, [1, 2]);
        assert_eq!(found(two).await, [0, 1]);
        app.letters().await;
    }
}
