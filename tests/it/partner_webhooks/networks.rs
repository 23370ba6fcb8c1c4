//! The networks that the operator named are for endpoints of staff: a partner's program reaches none of them.

use invitation_service::domain::permission::Permission::{SystemUsersRead, WebhooksManage};

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver, patch_endpoint},
};

const NOWHERE: &str = "the endpoint has no address on the public internet";

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn a_program_places_no_endpoint_in_a_named_network(app: TestApp) {
        let receiver = Receiver::start().await;
        let client = app.api_client(json!({ "scopes": ["webhooks:manage", "system_users:read"] })).await;
        let (program, admin) = (client.caller(&app).await, app.admin());
        let at = |url: &str| client.endpoint_body(json!({ "url": url }));
        for (url, code) in [
            (receiver.url.as_str(), "https_required"),
            ("http://receiver.example.com/hooks", "https_required"),
            ("https://127.0.0.1:8443/hooks", "private_address"),
        ] {
            program.post(ENDPOINTS, &at(url)).await.faults(&[("/url", code)]);
            admin.post(ENDPOINTS, &at(url)).await.expect(201);
        }
        let made = program.post(ENDPOINTS, &at("https://fleet.example.com/hooks")).await.expect(201);
        let path = format!("{ENDPOINTS}/{}", made.text_of("id"));
        let moved = json!({ "url": receiver.url });
        patch_endpoint(&program, &path, &moved).await.faults(&[("/url", "https_required")]);
        patch_endpoint(&admin, &path, &moved).await.expect(200);
    }

    async fn a_program_that_is_no_api_client_places_none_there_either(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["system_users:read"] })).await;
        let office = app.office(&[], &[WebhooksManage, SystemUsersRead]);
        let at = |url: &str| client.endpoint_body(json!({ "url": url }));
        let refused = office.post(ENDPOINTS, &at("http://127.0.0.1:9000/hooks")).await;
        refused.faults(&[("/url", "https_required")]);
        office.post(ENDPOINTS, &at("https://fleet.example.com/hooks")).await.expect(201);
    }

    async fn a_name_that_a_program_set_leads_into_no_named_network(app: TestApp) {
        let receiver = Receiver::start().await;
        let endpoint = app.endpoint_of_all(&receiver, &["invitation.created"]).await;
        let test = format!("{}/test", endpoint.path());
        app.admin().post_empty(&test).await.expect(202);
        app.dispatch().await;
        assert_eq!(receiver.types(), ["webhook.test"]);
        // Behind the name is the receiver, as before.
        let by_name = receiver.url.replace("http://127.0.0.1", "https://localhost");
        let program = endpoint.client.caller(&app).await;
        patch_endpoint(&program, &endpoint.path(), &json!({ "url": by_name })).await.expect(200);
        app.admin().post_empty(&test).await.expect(202);
        app.dispatch().await;
        let log = endpoint.attempts(&app).await;
        assert_eq!((&log[0]["status"], &log[0]["error"]), (&json!(null), &json!(NOWHERE)));
        // As if there were no such name.
        let nothing = json!({ "url": "https://receiver.invalid/hooks" });
        patch_endpoint(&program, &endpoint.path(), &nothing).await.expect(200);
        app.admin().post_empty(&test).await.expect(202);
        app.dispatch().await;
        assert_eq!(endpoint.attempts(&app).await[0]["error"], NOWHERE);
        endpoint.patch(&app, json!({ "url": receiver.url })).await.expect(200);
        app.admin().post_empty(&test).await.expect(202);
        app.dispatch().await;
        assert_eq!(receiver.types(), ["webhook.test"]);
    }
}
