//! Who manages which endpoints, and which events they get: those that their clients may read.

use invitation_service::domain::permission::Permission::{CustomersRead, WebhooksManage};
use reqwest::Method;
use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{OWNERS, SUB_ACCOUNTS},
    json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver, patch_endpoint},
};

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), LOOPBACK];

    async fn a_program_manages_the_endpoints_of_its_own_client(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let client = json!({ "scopes": ["webhooks:manage"], "account_id": acme.account });
        let (one, other) = (app.api_client(client.clone()).await, app.api_client(client).await);
        let (caller, stranger) = (one.caller(&app).await, other.caller(&app).await);
        let body = json!({ "url": "https://fleet.example.com/hooks", "event_types": ["user.erased"] });
        let made = caller.post(ENDPOINTS, &body).await.expect(201);
        assert_eq!(
            (&made.body["client_id"], &made.body["created_by"]["type"]),
            (&json!(one.id), &json!("client"))
        );
        let path = format!("{ENDPOINTS}/{}", made.text_of("id"));
        let named = |id: &str| json!({ "client_id": id, "url": body["url"], "event_types": ["user.erased"] });
        caller.post(ENDPOINTS, &named(&one.id)).await.expect(201);
        caller.post(ENDPOINTS, &named(&other.id)).await.faults(&[("/client_id", "not_applicable")]);
        // For another program it does not exist.
        assert_eq!(stranger.get(ENDPOINTS).await.expect(200).body["data"], json!([]));
        stranger.get(&path).await.problem(404, "not_found");
        patch_endpoint(&stranger, &path, &json!({ "status": "paused" })).await.problem(404, "not_found");
        for part in ["rotate", "test"] {
            stranger.post_empty(&format!("{path}/{part}")).await.problem(404, "not_found");
        }
        let since = json!({ "since": app.now().to_rfc3339() });
        stranger.post(&format!("{path}/replay"), &since).await.problem(404, "not_found");
        stranger.get(&format!("{path}/attempts")).await.problem(404, "not_found");
        stranger.call(Method::DELETE, &path, &[]).await.problem(404, "not_found");
        // Staff see those of every client.
        let all = app.admin().get(ENDPOINTS).await.expect(200).body;
        assert_eq!(all["data"].as_array().unwrap().len(), 2);
        let none = app.admin().get(&format!("{ENDPOINTS}?client_id={}", other.id)).await.expect(200).body;
        assert_eq!(none["data"], json!([]));
        caller.call(Method::DELETE, &path, &[]).await.expect(204);
        // One that was revoked has no further endpoint.
        app.admin().call(Method::DELETE, &other.path(), &[]).await.expect(204);
        app.admin().post(ENDPOINTS, &named(&other.id)).await.problem(409, "api_client_revoked");
    }

    async fn no_caller_has_events_sent_that_they_may_not_read(app: TestApp) {
        let url = "https://fleet.example.com/hooks";
        let reader = json!({ "scopes": ["customers:read", "audit:read"] });
        let endpoint = app.webhook_endpoint(url, &["invitation.created"], reader).await;
        let manager = app.caller(&[], &[WebhooksManage]);
        let body = endpoint.client.endpoint_body(json!({}));
        manager.post(ENDPOINTS, &body).await.problem(403, "scope_exceeds_yours");
        let path = endpoint.path();
        let elsewhere = json!({ "url": "https://other.example.com/hooks" });
        patch_endpoint(&manager, &path, &elsewhere).await.problem(403, "scope_exceeds_yours");
        manager.post_empty(&format!("{path}/rotate")).await.problem(403, "scope_exceeds_yours");
        // To look at it, or to delete it, gives nothing away.
        manager.get(&path).await.expect(200);
        // Of the client's permissions those to read count.
        let reading = app.caller(&[], &[WebhooksManage, CustomersRead]);
        reading.post(ENDPOINTS, &body).await.expect(201);
        patch_endpoint(&reading, &path, &elsewhere).await.expect(200);
        reading.post_empty(&format!("{path}/rotate")).await.expect(200);
        manager.call(Method::DELETE, &path, &[]).await.expect(204);
    }

    async fn an_endpoint_gets_what_its_client_may_read(app: TestApp) {
        let (acme, zenith) =
            (app.owner("olga@acme.example", "Acme").await, app.owner("linus@zenith.example", "Zenith").await);
        let receivers = [
            json!({ "scopes": ["customers:read", "system_users:read"] }),
            json!({ "scopes": ["customers:read"] }),
            json!({ "scopes": ["system_users:read"] }),
            json!({ "scopes": ["customers:read"], "account_id": acme.account }),
            json!({ "scopes": ["webhooks:manage", "customers:invite"] }),
        ];
        let mut listening = Vec::new();
        for client in receivers {
            let receiver = Receiver::start().await;
            let types = ["invitation.created", "user.blocked", "user.erased"];
            app.webhook_endpoint(&receiver.url, &types, client).await;
            listening.push(receiver);
        }
        let seen = async || {
            app.letters().await;
            app.dispatch().await;
            listening.iter().map(|one| one.types().len()).collect::<Vec<_>>()
        };
        let driver =
            |email: &str, account: &str| json!({ "email": email, "role": "driver", "account_id": account });
        app.admin().post(SUB_ACCOUNTS, &driver("dirk@acme.example", &acme.account)).await.expect(201);
        assert_eq!(seen().await, [1, 1, 0, 1, 0]);
        app.admin().post(SUB_ACCOUNTS, &driver("dora@zenith.example", &zenith.account)).await.expect(201);
        assert_eq!(seen().await, [1, 1, 0, 0, 0]);
        app.admin().post(OWNERS, &json!({ "email": "new@other.example" })).await.expect(201);
        assert_eq!(seen().await, [1, 1, 0, 0, 0]);
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        assert_eq!(seen().await, [1, 0, 1, 0, 0]);
        app.admin().post_empty(&format!("/v1/users/{}/block", acme.user)).await.expect(200);
        assert_eq!(seen().await, [1, 1, 0, 1, 0]);
        for (user, expected) in [(&acme.user, [1, 1, 0, 1, 0]), (&zenith.user, [1, 1, 0, 0, 0])] {
            app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
            assert_eq!(seen().await, expected);
        }
    }

    async fn who_only_invited_a_person_learns_of_their_erasure_alone(app: TestApp) {
        let (acme, zenith) =
            (app.owner("olga@acme.example", "Acme").await, app.owner("linus@zenith.example", "Zenith").await);
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let mut listening = Vec::new();
        let below = json!({ "scopes": ["customers:read"], "account_id": acme.account });
        for client in [below, json!({ "scopes": ["customers:read"] })] {
            let receiver = Receiver::start().await;
            app.webhook_endpoint(&receiver.url, &["user.blocked", "user.erased"], client).await;
            listening.push(receiver);
        }
        let seen = async || {
            app.dispatch().await;
            listening.iter().map(|one| one.types().len()).collect::<Vec<_>>()
        };
        // An owner elsewhere is invited below Acme, and a colleague as a customer.
        let driver =
            json!({ "email": "linus@zenith.example", "role": "driver", "account_id": acme.account });
        app.admin().post(SUB_ACCOUNTS, &driver).await.expect(201);
        app.admin().post(OWNERS, &json!({ "email": "ada@example.com" })).await.expect(201);
        let ada = made["user_id"].as_str().unwrap();
        for (user, blocked, erased) in [(zenith.user.as_str(), [0, 1], [1, 1]), (ada, [0, 0], [0, 1])] {
            app.admin().post_empty(&format!("/v1/users/{user}/block")).await.expect(200);
            assert_eq!(seen().await, blocked);
            app.admin().call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
            assert_eq!(seen().await, erased);
        }
    }

    async fn a_revoked_client_gets_nothing_more(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.admin().call(Method::DELETE, &endpoint.client.path(), &[]).await.expect(204);
        app.invite_unsent("eve@example.com", &["viewer"]).await;
        app.dispatch().await;
        assert_eq!(receiver.types(), [""; 0]);
        assert_eq!(app.database.count("webhook_events"), 1);
        app.letters().await;
        let kept: Value = endpoint.shown(&app).await;
        assert_eq!(kept["status"], "active");
    }
}
