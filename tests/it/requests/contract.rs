//! The contract: the file is what the code says, the code does what the file says, and people can read it.

mod answers;
mod breaking;
mod document;
mod generators;
mod languages;
mod schema;
mod webhooks;

use reqwest::Method;
use serde_json::Value;

use self::answers::{fits, permissions_of};
use invitation_service::domain::permission::Permission;

use crate::support::{
    Answer, PASSWORD, TestApp,
    api_clients::{ApiClient, CLIENTS, TOKEN},
    batches::{BATCH, RESEND},
    json, on_both_databases,
    receiver::{ENDPOINTS, patch_endpoint},
};

fn document() -> Value {
    serde_json::from_str(&invitation_service::http::document().to_json().unwrap()).unwrap()
}

/// Every operation, as path, method and operation.
fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter()
            .map(move |(method, operation)| (path.clone(), method.to_uppercase().parse().unwrap(), operation))
    };
    paths.iter().flat_map(of_path).collect()
}

/// The served document, which differs from the committed one in the servers alone.
async fn served_as_documented(app: &TestApp) -> Value {
    let mut served: Value = app.anonymous().get("/openapi.json").await.expect(200).body;
    assert_eq!(served["servers"][0]["url"], app.url);
    served["servers"] = document()["servers"].clone();
    assert_eq!(served, document());
    served
}

/// The id of an object that this path leads to: of this invitation, its user, or what is made for it.
async fn id_at(app: &TestApp, path: &str, invitation: &Value) -> String {
    let client = async || app.api_client(json!({ "scopes": ["customers:read"] })).await;
    if path.starts_with("/v1/api-clients") {
        return client().await.id;
    }
    if path.starts_with(ENDPOINTS) {
        let endpoint = client().await.endpoint_body(json!({}));
        return app.admin().post(ENDPOINTS, &endpoint).await.expect(201).text_of("id");
    }
    let member = if path.starts_with("/v1/users") { "user_id" } else { "id" };
    invitation[member].as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn every_route_of_the_document_answers(app: TestApp) {
        let served = served_as_documented(&app).await;
        let lived_in = app.owner("otto@zenith.example", "Zenith").await;
        let owner = json!({ "email": "olivia@acme.example" });
        let owner = app.admin().post("/v1/account-owners/invitations", &owner).await.expect(201);
        let account = owner.body["account"]["id"].as_str().unwrap().to_owned();
        // Providers and mail servers have no token, and none may report here: `webhooks` has their answers.
        // No address is suppressed here: `suppressions` lifts some.
        // A refresh token is its own credential: `sessions` has its answers.
        let reports = ["/v1/mail-events/{provider}", "/v1/mail-events/dsn"];
        let elsewhere = [reports[0], reports[1], "/v1/suppressions/{id}", "/v1/auth/refresh"];
        let callable =
            operations(&served).into_iter().filter(|(path, ..)| !elsewhere.contains(&path.as_str()));
        for (index, (path, method, operation)) in callable.enumerate() {
            let made = app.invite_unsent(&format!("colleague{index}@example.com"), &["viewer"]).await;
            let id = id_at(&app, &path, &made).await;
            let at = path.replace("{id}", &id).replace("{code}", "not_found");
            // Of an account that has members, its one owner.
            let at = at.replace(
                "{account_id}/members/{user_id}",
                &format!("{}/members/{}", lived_in.account, lived_in.user),
            );
            let at = at.replace("{account_id}", &account);
            let call = async |client: crate::support::Client| match operation.get("requestBody") {
                Some(_) => Answer::of(client.request(method.clone(), &at).json(&json!({}))).await,
                None => client.call(method.clone(), &at, &[]).await,
            };
            let anonymous = call(app.anonymous()).await;
            let guarded =
                operation["security"].as_array().unwrap().iter().any(|one| one.get("access_token").is_some());
            assert_eq!(anonymous.status == 401, guarded, "{method} {path}: {}", anonymous.text);
            // Without the permissions that it asks for, an endpoint refuses: a token without any, and one
            // with all others.
            let needed = permissions_of(&operation);
            let others: Vec<_> =
                Permission::ALL.into_iter().filter(|one| !needed.contains(&one.as_str())).collect();
            for scope in [&[][..], &others].into_iter().filter(|_| !needed.is_empty()) {
                let refused = call(app.caller(&[], scope)).await;
                assert!([403, 404].contains(&refused.status), "{method} {path}, {scope:?}: {}", refused.text);
                fits(&served, &operation, &refused);
            }
            let admin = call(app.admin()).await;
            assert!(
                ![401, 404, 405].contains(&admin.status) && admin.status < 500,
                "{method} {path}: {}",
                admin.text
            );
            for answer in [anonymous, admin] {
                fits(&served, &operation, &answer);
            }
        }
    }

    async fn what_is_answered_in_earnest_is_what_the_document_says(app: TestApp) {
        let served = document();
        let operation = |method: &str, path: &str| served["paths"][path][method].clone();
        let admin = app.admin();
        let (invitation, mail) = app.invite("ada@example.com", &["viewer", "finance"]).await;
        let token = json!({ "token": mail.token });
        fits(
            &served,
            &operation("post", "/v1/activations/preview"),
            &app.anonymous().post("/v1/activations/preview", &token).await,
        );
        fits(
            &served,
            &operation("post", "/v1/activations/renew"),
            &app.anonymous().post("/v1/activations/renew", &token).await,
        );
        fits(&served, &operation("post", "/v1/activations"), &app.activate(&mail.token).await.expect(201));
        fits(&served, &operation("post", "/v1/activations"), &app.activate(&mail.token).await.expect(410));
        let ada = json!({ "email": "ada@example.com", "password": PASSWORD });
        let signed_in = app.anonymous().post("/v1/auth/token", &ada).await.expect(200);
        fits(&served, &operation("post", "/v1/auth/token"), &signed_in);
        let spent = json!({ "refresh_token": signed_in.body["refresh_token"] });
        for seconds in [0, 10, 11] {
            app.advance(chrono::TimeDelta::seconds(seconds));
            let answer = app.anonymous().post("/v1/auth/refresh", &spent).await;
            fits(&served, &operation("post", "/v1/auth/refresh"), &answer);
        }
        let owner = json!({ "email": "olivia@acme.example", "account_type": "business", "locale": "nl-BE" });
        let owner = admin.post("/v1/account-owners/invitations", &owner).await.expect(201);
        fits(&served, &operation("post", "/v1/account-owners/invitations"), &owner);
        let driver = json!({
            "email": "dirk@acme.example", "role": "driver", "account_id": owner.body["account"]["id"]
        });
        let refused =
            admin.post("/v1/sub-accounts/invitations", &driver).await.problem(409, "parent_not_active");
        fits(&served, &operation("post", "/v1/sub-accounts/invitations"), &refused);
        let again = json!({ "email": "olivia@acme.example" });
        let pending =
            admin.post("/v1/account-owners/invitations", &again).await.problem(409, "invitation_pending");
        fits(&served, &operation("post", "/v1/account-owners/invitations"), &pending);
        let items = json!([
            { "kind": "system_user", "email": "bob@example.com", "roles": ["viewer"] },
            { "kind": "account_owner", "email": "olivia@acme.example" },
            { "kind": "sub_account", "email": "x", "rolls": 1 },
        ]);
        for validate_only in [true, false] {
            let body = json!({ "invitations": items, "validate_only": validate_only });
            fits(&served, &operation("post", BATCH), &admin.post(BATCH, &body).await.expect(200));
        }
        for body in [
            json!({ "ids": [invitation["id"], owner.body["id"], "x"] }),
            json!({ "filter": { "status": "pending" } }),
            json!({}),
        ] {
            fits(&served, &operation("post", RESEND), &admin.post(RESEND, &body).await);
        }
        fits(
            &served,
            &operation("post", RESEND),
            &app.caller(&[], &[]).post(RESEND, &json!({})).await.expect(403),
        );
        let id = invitation["id"].as_str().unwrap();
        let events = admin.get(&format!("/v1/invitations/{id}/events")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}/events"), &events);
        let id = owner.text_of("id");
        let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}"), &shown);
        let patch = json!({ "email": "otto@acme.example", "account_name": "Acme", "locale": null });
        for (tag, status) in [(shown.header("etag"), 200), (shown.header("etag"), 412)] {
            fits(
                &served,
                &operation("patch", "/v1/invitations/{id}"),
                &admin.update(&id, tag, &patch).await.expect(status),
            );
        }
        let patch = json!({ "roles": [], "reimbursement_rate": 1, "x": 1 });
        fits(
            &served,
            &operation("patch", "/v1/invitations/{id}"),
            &admin.update(&id, "*", &patch).await.expect(422),
        );
        let events = admin.get(&format!("/v1/invitations/{id}/events")).await.expect(200);
        fits(&served, &operation("get", "/v1/invitations/{id}/events"), &events);
        app.letters().await;
    }

    async fn lists_and_tables_are_what_the_document_says(app: TestApp) {
        let served = document();
        let operation = |method: &str, path: &str| served["paths"][path][method].clone();
        let admin = app.admin();
        app.invite("ada@example.com", &["viewer", "finance"]).await;
        for (list, query) in [
            ("/v1/users", "?limit=1"),
            ("/v1/invitations", "?limit=1&kind=system_user"),
            ("/v1/accounts", ""),
            ("/v1/roles", ""),
            ("/v1/users", "?limit=0&role=boss&cursor=x"),
            ("/v1/users.csv", "?limit=1&role=boss"),
            ("/v1/audit-events.csv", ""),
            ("/v1/audit-events.csv", "?from=yesterday"),
        ] {
            fits(&served, &operation("get", list), &admin.get(&format!("{list}{query}")).await);
        }
        fits(
            &served,
            &operation("get", "/v1/users.csv"),
            &admin.call(Method::GET, "/v1/users.csv", &[("accept", "text/csv")]).await.expect(200),
        );
    }

    async fn programs_are_answered_as_the_document_says(app: TestApp) {
        let served = document();
        let operation = |method: &str, path: &str| served["paths"][path][method].clone();
        let (token, one) = (operation("post", TOKEN), "/v1/api-clients/{id}");
        let body = json!({ "name": "Fleet sync", "scopes": ["customers:read"], "networks": ["127.0.0.1"] });
        let made = app.admin().post(CLIENTS, &body).await.expect(201);
        fits(&served, &operation("post", CLIENTS), &made);
        let client = ApiClient::of(&made);
        for secret in [client.secret.as_str(), "wrong"] {
            fits(&served, &token, &client.ask(&app, secret).await);
        }
        fits(&served, &token, &app.form(&[("grant_type", "password")]).await.expect(400));
        let rotated = app.admin().post_empty(&format!("{}/rotate", client.path())).await.expect(200);
        fits(&served, &operation("post", "/v1/api-clients/{id}/rotate"), &rotated);
        for _ in 0..2 {
            fits(&served, &operation("get", CLIENTS), &app.admin().get(CLIENTS).await.expect(200));
            fits(&served, &operation("get", one), &app.admin().get(&client.path()).await.expect(200));
            let revoked = app.admin().call(Method::DELETE, &client.path(), &[]).await.expect(204);
            fits(&served, &operation("delete", one), &revoked);
        }
        let refused = app.admin().post_empty(&format!("{}/rotate", client.path())).await.expect(409);
        fits(&served, &operation("post", "/v1/api-clients/{id}/rotate"), &refused);
        let exceeds = app.caller(&[], &[Permission::ClientsManage]).post(CLIENTS, &body).await.expect(403);
        fits(&served, &operation("post", CLIENTS), &exceeds);
    }

    async fn webhooks_are_answered_as_the_document_says(app: TestApp) {
        let served = document();
        let operation = |method: &str, path: &str| served["paths"][path][method].clone();
        let (admin, one) = (app.admin(), "/v1/webhook-endpoints/{id}");
        let client = app.api_client(json!({ "scopes": ["system_users:read"] })).await;
        let made = admin.post(ENDPOINTS, &client.endpoint_body(json!({}))).await.expect(201);
        fits(&served, &operation("post", ENDPOINTS), &made);
        fits(&served, &operation("get", ENDPOINTS), &admin.get(ENDPOINTS).await.expect(200));
        let path = format!("{ENDPOINTS}/{}", made.text_of("id"));
        fits(&served, &operation("get", one), &admin.get(&path).await.expect(200));
        for part in ["rotate", "test"] {
            let answer = admin.post_empty(&format!("{path}/{part}")).await;
            fits(&served, &operation("post", &format!("{one}/{part}")), &answer);
        }
        let replay = json!({ "since": app.now().to_rfc3339() });
        let replayed = admin.post(&format!("{path}/replay"), &replay).await.expect(202);
        fits(&served, &operation("post", &format!("{one}/replay")), &replayed);
        let attempts = admin.get(&format!("{path}/attempts")).await.expect(200);
        fits(&served, &operation("get", &format!("{one}/attempts")), &attempts);
        let paused = patch_endpoint(&admin, &path, &json!({ "status": "paused" })).await.expect(200);
        fits(&served, &operation("patch", one), &paused);
        let refused = admin.post_empty(&format!("{path}/test")).await.expect(409);
        fits(&served, &operation("post", &format!("{one}/test")), &refused);
        let deleted = admin.call(Method::DELETE, &path, &[]).await.expect(204);
        fits(&served, &operation("delete", one), &deleted);
    }

    async fn the_browser_of_the_contract_works_offline(app: TestApp) {
        let anonymous = app.anonymous();
        let page = anonymous.get("/docs").await.expect(200);
        assert_eq!(page.text, anonymous.get("/docs/").await.text);
        assert!(page.header("content-type").starts_with("text/html"));
        let mut assets: Vec<&str> = Vec::new();
        for attribute in ["src=\"", "href=\""] {
            assets.extend(page.text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()));
        }
        assert!(assets.len() >= 3, "{}", page.text);
        for asset in assets {
            assert!(!asset.contains("//") && !asset.starts_with("data:"), "{asset}");
            let served =
                anonymous.get(&format!("/docs/{}", asset.trim_start_matches("./"))).await.expect(200);
            assert!(
                !served.text.is_empty() && !served.header("content-type").starts_with("text/html"),
                "{asset}"
            );
        }
        assert!(
            anonymous
                .get("/docs/swagger-initializer.js")
                .await
                .expect(200)
                .text
                .contains("\"../openapi.json\"")
        );
        let settings = anonymous.get("/docs/swagger-initializer.js").await.text;
        // No badge: its address would be one on the internet.
        for setting in
            ["\"validatorUrl\": \"none\"", "\"tryItOutEnabled\": true", "\"persistAuthorization\": false"]
        {
            assert!(settings.contains(setting), "{setting}: {settings}");
        }
    }

    async fn what_operations_need(app: TestApp) {
        let anonymous = app.anonymous();
        assert_eq!(anonymous.get("/healthz").await.expect(200).body, json!({ "status": "ok" }));
        let ready = anonymous.get("/readyz").await.expect(200);
        assert_eq!(
            ready.body,
            json!({ "status": "ok", "database": "ok", "migrations": "ok", "courier": "ok", "mail": "ok" })
        );
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        app.activate(&mail.token).await.expect(410);
        app.admin().get(&format!("/v1/users/{}", "usr_01kavx6e9kfzabv5qhm1p4d6xn")).await.expect(404);
        let metrics = anonymous.get("/metrics").await.expect(200);
        assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
        for line in [
            "invitation_service_invites_total{outcome=\"invited\"} 1",
            "invitation_service_activations_total{outcome=\"activated\"} 1",
            "invitation_service_activations_total{outcome=\"activation_link_used\"} 1",
            "invitation_service_letters_total{outcome=\"sent\"} 1",
            "invitation_service_http_requests_total{method=\"GET\",route=\"/v1/users/{id}\",status=\"404\"} \
            1",
            "invitation_service_outbox_queued 0",
        ] {
            assert!(metrics.text.lines().any(|found| found == line), "{line} in {}", metrics.text);
        }
        assert!(metrics.text.ends_with("# EOF\n") && !metrics.text.contains("ada@"), "{}", metrics.text);
        // A schema that lacks a migration is not ready.
        app.database.execute("DELETE FROM __diesel_schema_migrations");
        let behind = anonymous.get("/readyz").await.expect(503);
        assert_eq!(
            (&behind.body["database"], &behind.body["migrations"]),
            (&json!("ok"), &json!("unavailable"))
        );
        assert!(!behind.header("retry-after").is_empty());
    }
}
