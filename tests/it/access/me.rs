//! `GET /v1/me`: who the caller is, whatever the kind of caller.

use chrono::TimeDelta;
use invitation_service::domain::{permission::Permission, role::Role};
use serde_json::Value;

use crate::support::{
    TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

on_both_databases! {
    async fn a_program_and_the_command_line_are_shown_their_token(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let me =
            app.caller(&[Role::Viewer], &[Permission::CustomersInvite]).get("/v1/me").await.expect(200).body;
        let expected = json!({
            "type": "cli", "id": "grace", "name": "Grace Hopper", "user": null,
            "permissions": me["permissions"], "roles": ["viewer"], "accounts": [],
            "expires_at": "2026-12-01T12:00:00.000Z",
        });
        assert_eq!(me, expected);
        let mut permissions: Vec<&str> =
            me["permissions"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        permissions.sort_unstable();
        assert_eq!(permissions, ["accounts:read", "customers:invite", "customers:read", "system_users:read"]);
        let program = app.client_named("fleet-sync", &[]).get("/v1/me").await.expect(200).body;
        assert_eq!((&program["type"], &program["id"]), (&json!("client"), &json!("fleet-sync")));
        assert_eq!((&program["permissions"], &program["accounts"]), (&json!([]), &json!([])));
        let owning = app.owning(&[&acme.account]).get("/v1/me").await.expect(200).body;
        assert_eq!(
            owning["accounts"],
            json!([{ "id": acme.account, "name": "Acme", "role": "account_owner" }])
        );
    }

    async fn a_person_is_shown_all_that_they_are(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let driver = app.driver("dirk@acme.example", &acme.account).await;
        let me = acme.client.get("/v1/me").await.expect(200).body;
        assert_eq!((&me["type"], &me["id"]), (&json!("user"), &json!(acme.user)));
        assert_eq!((&me["roles"], &me["permissions"]), (&json!([]), &json!([])));
        assert_eq!(me["accounts"], json!([{ "id": acme.account, "name": "Acme", "role": "account_owner" }]));
        assert_eq!(me["user"]["email"], "olga@acme.example");
        assert_eq!(me["user"]["status"], "active");
        assert_eq!(me["expires_at"], json!("2026-11-24T12:15:00.000Z"));
        let me = driver.client.get("/v1/me").await.expect(200).body;
        assert_eq!(me["accounts"][0]["role"], "driver");
        assert_eq!(me["accounts"].as_array().map(Vec::len), Some(1), "{me}");
        // Staff who are customers too.
        let (_, mail) = app.invite("ada@operator.example", &["finance", "viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let (_, mail) = app
            .invite_by(OWNERS, json!({ "email": "ada@operator.example", "account_id": acme.account }))
            .await;
        app.join(&mail.token, "ada@operator.example", json!({})).await.expect(201);
        let ada = app.sign_in("ada@operator.example").await;
        let me = ada.get("/v1/me").await.expect(200).body;
        assert_eq!(me["roles"], json!(["finance", "viewer"]));
        assert_eq!(me["user"]["system_roles"], json!(["finance", "viewer"]));
        assert_eq!(text(&me, "/accounts/0/id"), acme.account);
        assert_eq!(me["user"]["memberships"][0]["account_name"], "Acme");
    }

    async fn what_was_taken_since_is_gone(app: TestApp) {
        let (made, mail) = app.invite("ada@operator.example", &["user_manager", "viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let ada = app.sign_in("ada@operator.example").await;
        let role = "DELETE FROM user_roles WHERE role = 'user_manager'";
        app.database.execute(role);
        let me = ada.get("/v1/me").await.expect(200).body;
        assert_eq!((&me["roles"], &me["user"]["system_roles"]), (&json!(["viewer"]), &json!(["viewer"])));
        assert!(!me["permissions"].as_array().unwrap().contains(&json!("system_users:invite")), "{me}");
        app.advance(TimeDelta::minutes(16));
        ada.get("/v1/me").await.problem(401, "unauthenticated");
        let ada = app.sign_in("ada@operator.example").await;
        app.database.execute(&format!(
            "UPDATE users SET status = 'blocked' WHERE id = '{}'",
            text(&made, "/user_id")
        ));
        ada.get("/v1/me").await.problem(401, "unauthenticated");
    }

    async fn it_takes_a_token_and_nothing_else(app: TestApp) {
        app.anonymous().get("/v1/me").await.problem(401, "unauthenticated");
        app.bearer("forged").get("/v1/me").await.problem(401, "unauthenticated");
        app.admin().get("/v1/me?fields=id").await.faults(&[("fields", "unknown_parameter")]);
        app.admin().post("/v1/me", &Value::Null).await.problem(405, "method_not_allowed");
        app.admin()
            .call(reqwest::Method::GET, "/v1/me", &[("accept", "text/html")])
            .await
            .problem(406, "not_acceptable");
        let answer = app.admin().get("/v1/me").await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
