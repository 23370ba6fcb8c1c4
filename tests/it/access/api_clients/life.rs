//! A client from its making to its end: rotation, revocation, retries.

use chrono::TimeDelta;
use futures_util::future::join_all;
use invitation_service::services::cleanup::sweep;
use reqwest::Method;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::support::{
    Answer, Backend, Client, Home, TestApp,
    api_clients::{ApiClient, CLIENTS},
    json, on_both_databases,
};

async fn keyed(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(client.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

async fn client(app: &TestApp) -> ApiClient {
    app.api_client(json!({ "scopes": ["customers:read"] })).await
}

async fn rotate(app: &TestApp, client: &ApiClient, seconds: i64) -> Answer {
    let body = json!({ "old_secret_expires_in": seconds });
    app.admin().post(&format!("{}/rotate", client.path()), &body).await.expect(200)
}

/// The statuses of asking for a token with each of these secrets.
async fn statuses<const N: usize>(app: &TestApp, client: &ApiClient, secrets: [&str; N]) -> [u16; N] {
    let mut statuses = [0; N];
    for (status, secret) in statuses.iter_mut().zip(secrets) {
        *status = client.ask(app, secret).await.status;
    }
    statuses
}

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn the_secret_is_shown_once(app: TestApp) {
        let body = json!({
            "name": " Fleet sync ", "scopes": ["customers:read", "customers:invite"],
            "networks": ["127.0.0.1", "::1/128", "10.1.2.3/8"]
        });
        let answer = app.admin().post(CLIENTS, &body).await.expect(201);
        let client = ApiClient::of(&answer);
        assert_eq!(answer.header("location"), client.path());
        assert_eq!(answer.header("cache-control"), "no-store");
        let mut made = client.made.clone();
        made.as_object_mut().unwrap().remove("secret");
        assert!(client.secret.starts_with("ivs_") && client.secret.len() == 54, "{}", client.secret);
        let secret = made["secrets"][0].clone();
        assert_eq!(
            made,
            json!({
                "id": client.id, "name": "Fleet sync", "scopes": ["customers:invite", "customers:read"],
                "account_id": null, "networks": ["127.0.0.1/32", "::1/128", "10.0.0.0/8"], "expires_at": null,
                "status": "active", "created_by": { "type": "cli", "id": "grace", "name": "Grace Hopper" },
                "created_at": "2026-11-24T12:00:00.000Z", "revoked_at": null, "last_used_at": null,
                "secrets": [secret],
            })
        );
        assert_eq!(
            secret,
            json!({
                "id": secret["id"], "hint": client.secret[50..], "created_at": "2026-11-24T12:00:00.000Z",
                "expires_at": null, "last_used_at": null
            })
        );
        assert_eq!(app.admin().get(&client.path()).await.expect(200).body, made);
        assert_eq!(app.admin().get(CLIENTS).await.expect(200).body["data"], json!([made]));
    }

    async fn a_person_who_makes_one_is_named(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["admin"]).await;
        let user = app.activate(&mail.token).await.expect(201).body["user"]["id"].clone();
        let ada = app.sign_in("ada@example.com").await;
        let body = json!({ "name": "Fleet sync", "scopes": ["audit:read"] });
        let made = ada.post(CLIENTS, &body).await.expect(201).body;
        let stored = app.database.texts("SELECT COALESCE(created_by_name, '-') AS text FROM api_clients");
        assert_eq!(stored, ["-"]);
        let shown = app.admin().get(CLIENTS).await.expect(200).body["data"][0].clone();
        let maker = json!({ "type": "user", "id": user, "name": "Ada Lovelace" });
        assert_eq!((&made["created_by"], &shown["created_by"]), (&maker, &maker));
    }

    async fn a_rotation_overlaps_as_long_as_it_is_told(app: TestApp) {
        let client = client(&app).await;
        let first = client.secret.clone();
        let second = rotate(&app, &client, 3600).await;
        assert_eq!(second.header("cache-control"), "no-store");
        let expiries: Vec<Value> =
            second.body["secrets"].as_array().unwrap().iter().map(|one| one["expires_at"].clone()).collect();
        assert_eq!(expiries, [json!(null), json!("2026-11-24T13:00:00.000Z")]);
        let second = second.text_of("secret");
        assert_eq!(statuses(&app, &client, [&first, &second]).await, [200, 200]);
        app.advance(TimeDelta::milliseconds(3_599_999));
        assert_eq!(statuses(&app, &client, [&first, &second]).await, [200, 200]);
        app.advance(TimeDelta::milliseconds(1));
        assert_eq!(statuses(&app, &client, [&first, &second]).await, [401, 200]);
        // A day, if nothing is said; and never more than two.
        let third = app.admin().post_empty(&format!("{}/rotate", client.path())).await.expect(200);
        assert_eq!(third.body["secrets"][1]["expires_at"], "2026-11-25T13:00:00.000Z");
        let third = third.text_of("secret");
        assert_eq!(statuses(&app, &client, [&second, &third]).await, [200, 200]);
        let fourth = rotate(&app, &client, 60).await.text_of("secret");
        assert_eq!(statuses(&app, &client, [&second, &third, &fourth]).await, [401, 200, 200]);
        let fifth = rotate(&app, &client, 0).await;
        assert_eq!(fifth.body["secrets"].as_array().unwrap().len(), 1);
        let fifth = fifth.text_of("secret");
        assert_eq!(statuses(&app, &client, [&third, &fourth, &fifth]).await, [401, 401, 200]);
        assert_eq!(app.database.count("api_client_secrets"), 1);
        let log = app.admin().get("/v1/audit-events?action=api_client_rotated").await.expect(200).body;
        assert_eq!(log["data"][0]["details"], json!({ "old_secret_expires_in": 0 }));
        assert_eq!(log["data"].as_array().unwrap().len(), 4);
    }

    async fn rotations_at_once_leave_two_secrets(app: TestApp) {
        let client = client(&app).await;
        let (admin, path) = (app.admin(), format!("{}/rotate", client.path()));
        let answers = join_all((0..8).map(|_| admin.post_empty(&path))).await;
        let mut working = 0;
        for answer in answers {
            let secret = answer.expect(200).text_of("secret");
            working += u32::from(client.ask(&app, &secret).await.status == 200);
        }
        assert_eq!(working, 2);
        assert_eq!(app.database.count("api_client_secrets"), 2);
    }

    async fn a_revoked_client_is_dead_within_a_second(app: TestApp) {
        let (client, other) = (client(&app).await, client(&app).await);
        let (caller, of_other) = (client.caller(&app).await, other.caller(&app).await);
        caller.get("/v1/users").await.expect(200);
        for _ in 0..2 {
            let answer = app.admin().call(Method::DELETE, &client.path(), &[]).await.expect(204);
            assert_eq!(answer.text, "");
        }
        assert_eq!(statuses(&app, &client, [&client.secret]).await, [401]);
        app.advance(TimeDelta::seconds(1));
        let refused = caller.get("/v1/users").await.problem(401, "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), "Bearer error=\"invalid_token\"");
        of_other.get("/v1/users").await.expect(200);
        let shown = app.admin().get(&client.path()).await.expect(200).body;
        assert_eq!((&shown["status"], &shown["secrets"]), (&json!("revoked"), &json!([])));
        assert_eq!(shown["revoked_at"], "2026-11-24T12:00:00.000Z");
        app.admin().post_empty(&format!("{}/rotate", client.path())).await.problem(409, "api_client_revoked");
        for (action, number) in [("api_client_created", 2), ("api_client_revoked", 1)] {
            let log = app.admin().get(&format!("/v1/audit-events?action={action}")).await.expect(200).body;
            assert_eq!(log["data"].as_array().unwrap().len(), number, "{action}");
        }
        // It is named as revoked as long as a token of it can live.
        assert_eq!(app.database.count("revoked_tokens"), 1);
        app.advance(TimeDelta::minutes(19));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("revoked_tokens"), 1);
        app.advance(TimeDelta::minutes(1));
        sweep(&app.parts.services, &CancellationToken::new()).await.unwrap();
        assert_eq!(app.database.count("revoked_tokens"), 0);
    }

    async fn a_retry_shows_the_same_secret(app: TestApp) {
        let admin = app.admin();
        let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
        let first = keyed(&admin, CLIENTS, "make", &body).await.expect(201);
        let again = keyed(&admin, CLIENTS, "make", &body).await.expect(201);
        assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
        assert_eq!(
            (again.header("location"), again.header("cache-control")),
            (first.header("location"), "no-store")
        );
        let client = ApiClient::of(&first);
        let path = format!("{}/rotate", client.path());
        let rotated = keyed(&admin, &path, "turn", &json!({})).await.expect(200);
        let retried = keyed(&admin, &path, "turn", &json!({})).await.expect(200);
        assert_eq!((&retried.body, retried.header("idempotency-replayed")), (&rotated.body, "true"));
        assert_eq!(app.database.count("api_client_secrets"), 2);
        let secret = rotated.text_of("secret");
        assert_eq!(statuses(&app, &client, [&client.secret, &secret]).await, [200, 200]);
        keyed(&admin, &path, "turn", &json!({ "old_secret_expires_in": 1 }))
            .await
            .problem(422, "idempotency_key_reused");
        // A retry is authorised as if it were new: the key belongs to a token of the same grant.
        let stored = app.database.texts("SELECT body AS text FROM idempotency_keys");
        assert!(stored.len() == 2 && stored.iter().all(|body| !body.contains("ivs_")), "{stored:?}");
        // A secret that does not work any more is not shown again.
        admin.call(Method::DELETE, &client.path(), &[]).await.expect(204);
        let dead = keyed(&admin, CLIENTS, "make", &body).await.expect(201);
        assert!(dead.body.get("secret").is_none() && dead.body["id"] == first.body["id"], "{}", dead.text);
    }

    async fn no_table_holds_a_secret(app: TestApp) {
        let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
        let client = ApiClient::of(&keyed(&app.admin(), CLIENTS, "make", &body).await.expect(201));
        let token = client.ask(&app, &client.secret).await.expect(200).text_of("access_token");
        client.ask(&app, &format!("{}x", client.secret)).await.expect(401);
        let tables = app.database.texts(match app.database.backend {
            Backend::Postgres => "SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public'",
            // The index of searches is no text.
            Backend::Sqlite => {
                "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search_%'"
            }
        });
        let mut rows = 0;
        for table in tables {
            let columns = app.database.texts(&match app.database.backend {
                Backend::Postgres => format!("SELECT t::text AS text FROM {table} t"),
                Backend::Sqlite => {
                    let names = format!("SELECT name AS text FROM pragma_table_info('{table}')");
                    let names = app.database.texts(&names).join(" || '|' || ");
                    let names = names.split(" || '|' || ").map(|name| format!("COALESCE({name}, '')"));
                    let names = names.collect::<Vec<_>>().join(" || '|' || ");
                    format!("SELECT {names} AS text FROM {table}")
                }
            });
            rows += columns.len();
            for text in columns {
                for part in [&client.secret[4..30], &client.secret[30..], &token[token.len() - 60..]] {
                    assert!(!text.contains(part), "{table}: {text}");
                }
            }
        }
        assert!(rows > 10, "{rows}");
    }
}

/// The secret is shown as long as the key that made it is known. PostgreSQL alone, since a SQLite file has
/// one process at a time.
#[tokio::test]
async fn a_retry_after_a_change_of_keys() {
    let keys = ["one", "two", "three"].map(|name| format!("key {name} for tests that nobody else has"));
    let [one, two, three] = keys.each_ref().map(String::as_str);
    let home = Home::new(Backend::Postgres, &[]);
    let url = ("DATABASE_URL", home.database.url.as_str());
    let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"] });
    let mut made = Vec::new();
    for (key, previous) in [(one, None), (two, Some(one)), (three, Some(two))] {
        let mut variables = vec![url, ("SECRET_KEY", key)];
        variables.extend(previous.map(|previous| ("SECRET_KEY_PREVIOUS", previous)));
        let app = TestApp::start(Backend::Postgres, &variables).await;
        made.push(keyed(&app.admin(), CLIENTS, "make", &body).await.expect(201).body);
        let (id, secret) = (made[0]["id"].as_str().unwrap(), made[0]["secret"].as_str().unwrap());
        // Whatever the key, the secret works: its hash is stored.
        let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        app.form(&fields).await.expect(200);
    }
    assert_eq!(made[0], made[1]);
    assert!(made[2].get("secret").is_none() && made[2]["id"] == made[0]["id"]);
}

/// Two processes with one database.
#[tokio::test]
async fn a_client_that_one_process_revokes_is_refused_by_the_other() {
    let home = Home::new(Backend::Postgres, &[]);
    let variables = [("DATABASE_URL", home.database.url.as_str()), ("RATE_LIMITS", "off")];
    let one = TestApp::start(Backend::Postgres, &variables).await;
    let other = TestApp::start(Backend::Postgres, &variables).await;
    let client = client(&one).await;
    let token = client.caller(&one).await.token.unwrap();
    for app in [&one, &other] {
        app.bearer(&token).get("/v1/users").await.expect(200);
    }
    one.admin().call(Method::DELETE, &client.path(), &[]).await.expect(204);
    // The other one issues nothing at once, and takes what was issued for no longer than a second.
    client.ask(&other, &client.secret).await.expect(401);
    for app in [&one, &other] {
        app.advance(TimeDelta::seconds(1));
        app.bearer(&token).get("/v1/users").await.problem(401, "unauthenticated");
    }
}
