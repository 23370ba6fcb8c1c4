//! An endpoint from its making to its end: its secret, rotation, retries, deletion.

use chrono::TimeDelta;
use invitation_service::services::cleanup::sweep;
use reqwest::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Answer, Backend, Client, TestApp, json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver, patch_endpoint},
};

async fn keyed(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn the_secret_is_shown_once(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        let body = json!({
            "client_id": client.id, "url": "https://Fleet.example.com/hooks?tenant=7",
            "event_types": ["user.erased", "invitation.created"]
        });
        let answer = app.admin().post(ENDPOINTS, &body).await.expect(201);
        let (id, secret) = (answer.text_of("id"), answer.text_of("secret"));
        assert_eq!(answer.header("location"), format!("{ENDPOINTS}/{id}"));
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut made = answer.body.clone();
        made.as_object_mut().unwrap().remove("secret");
        let first = made["secrets"][0].clone();
        assert_eq!(
            made,
            json!({
                "id": id, "client_id": client.id, "url": "https://fleet.example.com/hooks?tenant=7",
                "event_types": ["invitation.created", "user.erased"], "status": "active",
                "disabled_reason": null, "disabled_at": null, "failing_since": null,
                "created_by": { "type": "cli", "id": "grace", "name": "Grace Hopper" },
                "created_at": "2026-11-24T12:00:00.000Z", "secrets": [first],
            })
        );
        assert_eq!((&first["hint"], &first["expires_at"]), (&json!(secret[34..]), &Value::Null));
        let path = format!("{ENDPOINTS}/{id}");
        assert_eq!(app.admin().get(&path).await.expect(200).body, made);
        assert_eq!(app.admin().get(ENDPOINTS).await.expect(200).body["data"], json!([made]));
        let stored = app.database.texts("SELECT hash || hint AS text FROM webhook_secrets");
        assert!(stored.iter().all(|text| !text.contains(&secret[6..30])), "{stored:?}");
    }

    async fn a_retry_shows_the_same_secret(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        let (admin, body) = (app.admin(), client.endpoint_body(json!({})));
        let first = keyed(&admin, ENDPOINTS, "make", &body).await.expect(201);
        let again = keyed(&admin, ENDPOINTS, "make", &body).await.expect(201);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
        let path = format!("{ENDPOINTS}/{}/rotate", first.text_of("id"));
        let rotated = keyed(&admin, &path, "turn", &json!({})).await.expect(200);
        let retried = keyed(&admin, &path, "turn", &json!({})).await.expect(200);
        assert_eq!(retried.body, rotated.body);
        assert_ne!(rotated.text_of("secret"), first.text_of("secret"));
        assert_eq!(app.database.count("webhook_secrets"), 2);
        let stored = app.database.texts("SELECT body AS text FROM idempotency_keys");
        assert!(stored.len() == 2 && stored.iter().all(|body| !body.contains("whsec_")), "{stored:?}");
    }

    async fn webhooks_are_signed_with_both_secrets_while_one_replaces_the_other(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let send = async || {
            app.admin().post_empty(&format!("{}/test", endpoint.path())).await.expect(202);
            app.dispatch().await;
            let mut received = receiver.received();
            assert_eq!(received.len(), 1, "{received:?}");
            received.remove(0)
        };
        let first = endpoint.secret.clone();
        let one = send().await;
        assert!(one.is_signed_with(&first) && one.signatures.len() == 1, "{one:?}");
        let rotate = json!({ "old_secret_expires_in": 3600 });
        let rotated = app.admin().post(&format!("{}/rotate", endpoint.path()), &rotate).await.expect(200);
        let second = rotated.text_of("secret");
        let both = send().await;
        assert!(both.is_signed_with(&first) && both.is_signed_with(&second), "{both:?}");
        app.advance(TimeDelta::seconds(3600));
        let one = send().await;
        assert!(one.is_signed_with(&second) && !one.is_signed_with(&first), "{one:?}");
        assert_eq!(one.timestamp, app.now().timestamp().to_string());
        assert_eq!((one.event(), &one.body["data"]["endpoint_id"]), ("webhook.test", &json!(endpoint.id)));
        let shown = endpoint.shown(&app).await;
        assert_eq!(shown["secrets"].as_array().unwrap().len(), 1);
        // At once: no time beside the new one.
        let rotate = json!({ "old_secret_expires_in": 0 });
        app.admin().post(&format!("{}/rotate", endpoint.path()), &rotate).await.expect(200);
        assert!(!send().await.is_signed_with(&second));
        assert_eq!(app.database.count("webhook_secrets"), 1);
    }

    async fn a_deleted_endpoint_gets_nothing_and_is_forgotten(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.admin().call(Method::DELETE, &endpoint.path(), &[]).await.expect(204);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        app.admin().get(&endpoint.path()).await.problem(404, "not_found");
        app.admin().call(Method::DELETE, &endpoint.path(), &[]).await.problem(404, "not_found");
        assert_eq!(app.admin().get(ENDPOINTS).await.expect(200).body["data"], json!([]));
        assert_eq!((app.database.count("webhook_secrets"), app.database.count("webhook_deliveries")), (0, 1));
        // What the event was about is deleted with it, after 30 days.
        app.advance(TimeDelta::days(30));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("webhook_endpoints"), 1);
        app.advance(TimeDelta::seconds(1));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        for table in ["webhook_endpoints", "webhook_deliveries", "webhook_events"] {
            assert_eq!(app.database.count(table), 0, "{table}");
        }
        app.letters().await;
    }

    async fn changes_are_in_the_audit_log(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        endpoint.patch(&app, json!({ "status": "paused" })).await.expect(200);
        // Nothing changes, and nothing is recorded.
        endpoint.patch(&app, json!({ "status": "paused" })).await.expect(200);
        endpoint.patch(&app, json!({ "event_types": ["user.blocked"] })).await.expect(200);
        app.admin().post_empty(&format!("{}/rotate", endpoint.path())).await.expect(200);
        let since = json!({ "since": app.now().to_rfc3339() });
        endpoint.replay(&app, since).await.expect(202);
        app.admin().call(Method::DELETE, &endpoint.path(), &[]).await.expect(204);
        for (action, number) in [
            ("webhook_endpoint_created", 1),
            ("webhook_endpoint_updated", 2),
            ("webhook_endpoint_rotated", 1),
            ("webhooks_replayed", 1),
            ("webhook_endpoint_deleted", 1),
        ] {
            let log = app.admin().get(&format!("/v1/audit-events?action={action}")).await.expect(200).body;
            assert_eq!(log["data"].as_array().unwrap().len(), number, "{action}");
            assert!(!log.to_string().contains("http://"), "{log}");
        }
    }

    async fn no_table_holds_a_secret(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite("ada@example.com", &["viewer"]).await;
        app.dispatch().await;
        let path = endpoint.path();
        patch_endpoint(&app.admin(), &path, &json!({ "status": "paused" })).await.expect(200);
        let tables = [
            "webhook_endpoints",
            "webhook_secrets",
            "webhook_events",
            "webhook_deliveries",
            "webhook_attempts",
            "audit_events",
        ];
        for table in tables {
            let rows = app.database.texts(&match app.database.backend {
                Backend::Postgres => format!("SELECT t::text AS text FROM {table} t"),
                Backend::Sqlite => {
                    let names = format!("SELECT name AS text FROM pragma_table_info('{table}')");
                    let names = app.database.texts(&names);
                    let names: Vec<_> = names.iter().map(|name| format!("COALESCE({name}, '')")).collect();
                    format!("SELECT {} AS text FROM {table}", names.join(" || '|' || "))
                }
            });
            assert!(!rows.is_empty(), "{table}");
            for row in rows {
                for part in [&endpoint.secret[6..20], &endpoint.secret[20..34], "ada@", "token="] {
                    assert!(!row.contains(part), "{table}: {row}");
                }
            }
        }
    }
}
