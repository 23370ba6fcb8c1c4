//! What is sent: each bad value has its pointer and its code.

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{ENDPOINTS, patch_endpoint},
};

on_both_databases! {
    with [("RATE_LIMITS", "off")];

    async fn every_faulty_member_is_named(app: TestApp) {
        let admin = app.admin();
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        for (members, pointer, code) in [
            (json!({ "client_id": null }), "/client_id", "required"),
            (json!({ "client_id": "acme" }), "/client_id", "invalid_id"),
            (json!({ "client_id": "client_01m86xvxh0f46bs8r42wfv2z13" }), "/client_id", "unknown_client"),
            (json!({ "url": null }), "/url", "required"),
            (json!({ "url": 7 }), "/url", "wrong_type"),
            (json!({ "url": "fleet.example.com" }), "/url", "invalid_url"),
            (json!({ "url": "http://fleet.example.com" }), "/url", "https_required"),
            (json!({ "url": "https://ada:x@fleet.example.com" }), "/url", "invalid_url"),
            (json!({ "url": "https://10.0.0.1/hooks" }), "/url", "private_address"),
            (json!({ "url": "https://[::ffff:127.0.0.1]/hooks" }), "/url", "private_address"),
            (json!({ "url": "https://fleet.example.com:25/hooks" }), "/url", "port_not_allowed"),
            (json!({ "event_types": null }), "/event_types", "required"),
            (json!({ "event_types": [] }), "/event_types", "too_few"),
            (json!({ "event_types": ["invitation.read"] }), "/event_types/0", "unknown_event_type"),
            (json!({ "event_types": ["webhook.test"] }), "/event_types/0", "unknown_event_type"),
            (
                json!({ "event_types": ["user.erased", "user.erased"] }),
                "/event_types/1",
                "duplicate_event_type",
            ),
            (json!({ "secret": "whsec_mine" }), "/secret", "unknown_member"),
        ] {
            admin.post(ENDPOINTS, &app.endpoint_body(&client, members)).await.faults(&[(pointer, code)]);
        }
        admin.post_empty(ENDPOINTS).await.problem(400, "malformed_json");
        assert_eq!(app.database.count("webhook_endpoints"), 0);
    }

    async fn a_patch_and_a_replay_are_checked(app: TestApp) {
        let url = "https://fleet.example.com/hooks";
        let client = json!({ "scopes": ["customers:read"] });
        let endpoint = app.webhook_endpoint(url, &["invitation.created"], client).await;
        for (patch, pointer, code) in [
            (json!({ "url": null }), "/url", "required"),
            (json!({ "url": "http://fleet.example.com" }), "/url", "https_required"),
            (json!({ "event_types": [] }), "/event_types", "too_few"),
            (json!({ "status": "disabled" }), "/status", "unknown_value"),
            (json!({ "status": "off" }), "/status", "unknown_value"),
            (json!({ "client_id": "x" }), "/client_id", "unknown_member"),
        ] {
            endpoint.patch(&app, patch).await.faults(&[(pointer, code)]);
        }
        let at = |since: TimeDelta| json!((app.now() + since).to_rfc3339());
        for (since, code) in [
            (Value::Null, "required"),
            (json!("yesterday"), "invalid_time"),
            (at(TimeDelta::seconds(1)), "out_of_range"),
            (at(-TimeDelta::days(30) - TimeDelta::seconds(1)), "out_of_range"),
        ] {
            endpoint.replay(&app, json!({ "since": since })).await.faults(&[("/since", code)]);
        }
        for since in [at(TimeDelta::zero()), at(-TimeDelta::days(30))] {
            let replayed = endpoint.replay(&app, json!({ "since": since })).await.expect(202);
            assert_eq!(replayed.body, json!({ "events": 0 }));
        }
        let admin = app.admin();
        for id in ["x", "whe_01m86xvxh0f46bs8r42wfv2z13"] {
            let path = format!("{ENDPOINTS}/{id}");
            admin.get(&path).await.problem(404, "not_found");
            patch_endpoint(&admin, &path, &json!({})).await.problem(404, "not_found");
            admin.post_empty(&format!("{path}/test")).await.problem(404, "not_found");
            admin.get(&format!("{path}/attempts")).await.problem(404, "not_found");
        }
        admin
            .get(&format!("{}/attempts?event_id=x&limit=0", endpoint.path()))
            .await
            .faults(&[("event_id", "invalid_id"), ("limit", "invalid_limit")]);
    }

    async fn a_client_has_a_limited_number_of_endpoints(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        let (admin, body) = (app.admin(), app.endpoint_body(&client, json!({})));
        let mut last = String::new();
        for _ in 0..20 {
            last = admin.post(ENDPOINTS, &body).await.expect(201).text_of("id");
        }
        admin.post(ENDPOINTS, &body).await.problem(409, "too_many_webhook_endpoints");
        let path = format!("{ENDPOINTS}/{last}");
        admin.call(reqwest::Method::DELETE, &path, &[]).await.expect(204);
        admin.post(ENDPOINTS, &body).await.expect(201);
        let page = admin.get(&format!("{ENDPOINTS}?limit=15&status=active")).await.expect(200).body;
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest =
            admin.get(&format!("{ENDPOINTS}?limit=15&status=active&cursor={cursor}")).await.expect(200).body;
        let number = |page: &Value| page["data"].as_array().unwrap().len();
        assert_eq!((number(&page), number(&rest), &rest["next_cursor"]), (15, 5, &Value::Null));
    }
}
