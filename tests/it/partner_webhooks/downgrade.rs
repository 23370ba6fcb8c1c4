//! The way back to an older program: what it cannot read is gone.

use chrono::SecondsFormat;
use serde_json::Value;

use crate::support::{Backend, TestApp, api_clients::CLIENTS, json, on_both_databases};

macro_rules! down {
    ($database:literal) => {
        include_str!(concat!(
            "../../../migrations/",
            $database,
            "/2026-11-30-000060_webhook_endpoints/down.sql"
        ))
    };
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn letters_and_scopes_of_webhooks_are_removed(app: TestApp) {
        for scopes in [
            json!(["webhooks:manage"]),
            json!(["accounts:read"]),
            json!(["customers:read", "webhooks:manage"]),
            json!(["system_users:read", "webhooks:manage", "audit:read"]),
        ] {
            let url = "https://fleet.example.com/hooks";
            app.webhook_endpoint(url, &["user.erased"], json!({ "scopes": scopes })).await;
        }
        let at = app.now().to_rfc3339_opts(SecondsFormat::Millis, true);
        for (id, kind) in [("ltr_1", "webhook_disabled"), ("ltr_2", "password_changed")] {
            let columns = "id, generation, state, attempts, next_attempt_at, created_at, kind, subject";
            let values = format!("'{id}', 1, 'withdrawn', 0, '{at}', '{at}', '{kind}', 'usr_1'");
            app.database.execute(&format!("INSERT INTO letters ({columns}) VALUES ({values})"));
        }
        app.database.run_script(match app.database.backend {
            Backend::Postgres => down!("postgres"),
            Backend::Sqlite => down!("sqlite"),
        });
        assert_eq!(app.database.texts("SELECT kind AS text FROM letters"), ["password_changed"]);
        // The client without another scope is gone.
        let clients = app.admin().get(CLIENTS).await.expect(200).body;
        let mut left: Vec<Value> =
            clients["data"].as_array().unwrap().iter().map(|one| one["scopes"].clone()).collect();
        left.sort_by_key(Value::to_string);
        let expected = [
            json!(["accounts:read"]),
            json!(["customers:read"]),
            json!(["system_users:read", "audit:read"]),
        ];
        assert_eq!(left, expected);
        assert_eq!(app.database.count("api_client_secrets"), 3);
    }
}
