//! What is sent: each bad value has its pointer and its code.

use serde_json::Value;

use crate::support::{TestApp, api_clients::CLIENTS, customers::with, json, on_both_databases};

/// A body that is right but for these members.
fn body(members: Value) -> Value {
    with(json!({ "name": "Fleet sync", "scopes": ["customers:read"] }), members)
}

on_both_databases! {
    async fn every_faulty_member_is_named(app: TestApp) {
        let admin = app.admin();
        let many: Vec<String> = (0..21).map(|number| format!("10.0.{number}.0/24")).collect();
        let account = "acc_01m86xvxh0esga0yykqqm5g9cm";
        for (members, pointer, code) in [
            (json!({ "name": null }), "/name", "required"),
            (json!({ "name": " " }), "/name", "required"),
            (json!({ "name": 7 }), "/name", "wrong_type"),
            (json!({ "name": "x".repeat(101) }), "/name", "too_long"),
            (json!({ "name": "Fleet\nsync" }), "/name", "control_characters"),
            (json!({ "name": "Fleet\u{0}" }), "/name", "control_characters"),
            (json!({ "scopes": null }), "/scopes", "required"),
            (json!({ "scopes": "customers:read" }), "/scopes", "wrong_type"),
            (json!({ "scopes": [] }), "/scopes", "too_few"),
            (json!({ "scopes": ["customers:read", "customers:write"] }), "/scopes/1", "unknown_scope"),
            (json!({ "scopes": [null] }), "/scopes/0", "wrong_type"),
            (json!({ "scopes": ["audit:read", "audit:read"] }), "/scopes/1", "duplicate_scope"),
            (json!({ "account_id": "acme" }), "/account_id", "invalid_id"),
            (json!({ "account_id": 7 }), "/account_id", "wrong_type"),
            (
                json!({ "account_id": account, "scopes": ["accounts:read", "audit:read"] }),
                "/scopes/1",
                "not_applicable",
            ),
            (json!({ "networks": "10.0.0.0/8" }), "/networks", "wrong_type"),
            (json!({ "networks": ["10.0.0.0/8", "10.0.0.0/33"] }), "/networks/1", "invalid_network"),
            (json!({ "networks": ["localhost"] }), "/networks/0", "invalid_network"),
            (json!({ "networks": [7] }), "/networks/0", "wrong_type"),
            (json!({ "networks": many }), "/networks", "too_many"),
            (json!({ "expires_at": "tomorrow" }), "/expires_at", "invalid_time"),
            (json!({ "expires_at": 1_800_000_000 }), "/expires_at", "wrong_type"),
            (json!({ "expires_at": app.now().to_rfc3339() }), "/expires_at", "not_in_future"),
            (json!({ "secret": "ivs_mine" }), "/secret", "unknown_member"),
        ] {
            admin.post(CLIENTS, &body(members)).await.faults(&[(pointer, code)]);
        }
        admin.post(CLIENTS, &json!({ "networks": ["x"], "expires_at": "x", "id": 1 })).await.faults(&[
            ("/name", "required"),
            ("/scopes", "required"),
            ("/networks/0", "invalid_network"),
            ("/expires_at", "invalid_time"),
            ("/id", "unknown_member"),
        ]);
        admin.post_raw(CLIENTS, "application/json", "{").await.problem(400, "malformed_json");
        admin.post_empty(CLIENTS).await.problem(400, "malformed_json");
        admin
            .post(&format!("{CLIENTS}?dry=1"), &body(json!({})))
            .await
            .faults(&[("dry", "unknown_parameter")]);
        let unknown = admin.post(CLIENTS, &body(json!({ "account_id": account }))).await;
        unknown.problem(404, "account_not_found");
        assert_eq!(app.database.count("api_clients"), 0);
        // What is right at the edges.
        admin
            .post(CLIENTS, &body(json!({ "name": "x".repeat(100), "networks": &many[..20] })))
            .await
            .expect(201);
        let made = admin
            .post(
                CLIENTS,
                &body(json!({
                    "networks": [], "account_id": null, "expires_at": "2026-11-24T13:00:00.001+01:00"
                })),
            )
            .await
            .expect(201);
        assert_eq!(made.body["expires_at"], "2026-11-24T12:00:00.001Z");
    }

    async fn how_long_the_old_secret_works_is_checked(app: TestApp) {
        let client = app.api_client(json!({ "scopes": ["customers:read"] })).await;
        let rotate = format!("{}/rotate", client.path());
        let admin = app.admin();
        for (value, code) in [
            (json!(-1), "out_of_range"),
            (json!(2_592_001), "out_of_range"),
            (json!(1.5), "out_of_range"),
            (json!(1e300), "out_of_range"),
            (json!("60"), "wrong_type"),
            (json!([]), "wrong_type"),
        ] {
            let body = json!({ "old_secret_expires_in": value });
            admin.post(&rotate, &body).await.faults(&[("/old_secret_expires_in", code)]);
        }
        admin.post(&rotate, &json!({ "overlap": 1 })).await.faults(&[("/overlap", "unknown_member")]);
        assert_eq!(app.database.count("api_client_secrets"), 1);
        for body in [json!({ "old_secret_expires_in": 2_592_000 }), json!({ "old_secret_expires_in": null })]
        {
            admin.post(&rotate, &body).await.expect(200);
        }
        admin.post_empty(&rotate).await.expect(200);
    }

    async fn the_list_is_paged_and_filtered(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let admin = app.admin();
        let scopes = json!({ "scopes": ["customers:read"] });
        let plain = app.api_client(scopes.clone()).await;
        let of_acme = app.api_client(with(scopes.clone(), json!({ "account_id": acme.account }))).await;
        let ends = json!({ "expires_at": "2026-11-24T12:00:01Z" });
        let expired = app.api_client(with(scopes.clone(), ends)).await;
        let revoked = app.api_client(scopes).await;
        admin.call(reqwest::Method::DELETE, &revoked.path(), &[]).await.expect(204);
        app.advance(chrono::TimeDelta::seconds(1));
        let all = [&revoked.id, &expired.id, &of_acme.id, &plain.id];
        for (query, ids) in [
            ("", &all[..]),
            ("?status=active", &all[2..]),
            ("?status=expired", &all[1..2]),
            ("?status=revoked", &all[..1]),
            (&format!("?account_id={}", acme.account), &all[2..3]),
            (&format!("?account_id={}&status=revoked", acme.account), &[]),
        ] {
            let page = admin.get(&format!("{CLIENTS}{query}")).await.expect(200).body;
            let found: Vec<&str> =
                page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
            assert_eq!(found, ids, "{query}");
            assert!(page["data"].as_array().unwrap().iter().all(|one| one.get("secret").is_none()));
        }
        let first = admin.get(&format!("{CLIENTS}?limit=3")).await.expect(200);
        assert!(first.header("link").contains("rel=\"next\""));
        let cursor = first.text_of("next_cursor");
        let second = admin.get(&format!("{CLIENTS}?limit=3&cursor={cursor}")).await.expect(200).body;
        assert_eq!((&second["data"][0]["id"], &second["next_cursor"]), (&json!(plain.id), &Value::Null));
        admin.get(&format!("{CLIENTS}?status=active&cursor={cursor}")).await.problem(422, "cursor_mismatch");
        admin.get(&format!("{CLIENTS}?status=dead&account_id=x&limit=0&search=y")).await.faults(&[
            ("status", "unknown_value"),
            ("account_id", "invalid_id"),
            ("limit", "invalid_limit"),
            ("search", "unknown_parameter"),
        ]);
        for id in ["x", &acme.account, "client_01m86xvxh0f46bs8r42wfv2z13"] {
            admin.get(&format!("{CLIENTS}/{id}")).await.problem(404, "not_found");
            admin.post_empty(&format!("{CLIENTS}/{id}/rotate")).await.problem(404, "not_found");
            admin
                .call(reqwest::Method::DELETE, &format!("{CLIENTS}/{id}"), &[])
                .await
                .problem(404, "not_found");
        }
    }
}
