//! The audit log: what callers did, what they were refused, and who may read it.

use chrono::TimeDelta;
use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Backend, Client, PASSWORD, TestApp, customers::text, json, on_both_databases};

const LOG: &str = "/v1/audit-events";

async fn events(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.admin().get(&format!("{LOG}{query}")).await.expect(200);
    page.body["data"].as_array().unwrap().clone()
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s")];
    async fn each_change_has_its_event(app: TestApp) {
        let invite = json!({ "email": "ada@example.com", "roles": ["viewer"] });
        let request = app
            .admin()
            .request(Method::POST, "/v1/system-users/invitations")
            .header("x-request-id", "from-the-portal")
            .header("user-agent", "portal/7\u{e9}");
        let made = Answer::of(request.json(&invite)).await.expect(201);
        let id = text(&made.body, "/id");
        app.letter().await;
        let tag = made.headers["etag"].to_str().unwrap().to_owned();
        app.admin()
            .update(id, &tag, &json!({ "email": "ada.l@example.com", "locale": "nl" }))
            .await
            .expect(200);
        app.letter().await;
        app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let mail = app.letter().await;
        app.activate(&mail.token).await.expect(201);
        let other = app.invite_unsent("bob@example.com", &["viewer"]).await;
        app.admin().post_empty(&format!("/v1/invitations/{}/revoke", text(&other, "/id"))).await.expect(200);
        let all = events(&app, "").await;
        assert_eq!(
            actions(&all),
            [
                "invitation_revoked",
                "invitation_created",
                "invitation_activated",
                "invitation_resent",
                "invitation_updated",
                "invitation_created"
            ]
        );
        let first = &all[5];
        assert_eq!(first["actor"], json!({ "type": "cli", "id": "grace", "name": "Grace Hopper" }));
        assert_eq!((&first["object"], &first["outcome"]), (&json!(id), &json!("succeeded")));
        assert_eq!(
            (&first["request_id"], &first["address"]),
            (&json!("from-the-portal"), &json!("127.0.0.1"))
        );
        assert_eq!(first["user_agent"], "portal/7é");
        assert_eq!(first["details"], json!({ "roles": ["viewer"] }));
        assert_eq!(all[4]["details"], json!({ "changed": ["email", "locale"] }));
        let activated = &all[2];
        assert_eq!(activated["actor"]["type"], "user");
        assert_eq!(activated["actor"]["name"], "Ada Lovelace", "{activated}");
        // The table has ids, and no addresses or names of users.
        let rows = "SELECT id || ' ' || COALESCE(actor_name, '') || ' ' || details AS text FROM audit_events";
        let rows = app.database.texts(rows).join("\n");
        assert!(!rows.contains('@') && !rows.contains("Lovelace"), "{rows}");
        // What was refused for other reasons than permissions changed nothing, and is no event.
        app.admin()
            .post_empty(&format!("/v1/invitations/{id}/revoke"))
            .await
            .problem(409, "invitation_not_pending");
        assert_eq!(events(&app, "").await.len(), 6);
    }

    async fn refused_callers_are_recorded(app: TestApp) {
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        let viewer = app.client_named("fleet-sync", &[Role::Viewer]);
        viewer.post_empty(&format!("/v1/invitations/{id}/revoke")).await.problem(403, "forbidden");
        viewer.get(LOG).await.problem(403, "forbidden");
        let inviter = app.caller(&[], &[Permission::SystemUsersInvite]);
        let invite = json!({ "email": "eve@example.com", "roles": ["admin"] });
        inviter.post("/v1/system-users/invitations", &invite).await.problem(403, "role_exceeds_yours");
        let denied = events(&app, "?action=access").await;
        assert_eq!(actions(&denied), ["access"; 3]);
        assert!(denied.iter().all(|event| event["outcome"] == "denied"));
        let details = |index: usize| denied[index]["details"].clone();
        let route = "/v1/system-users/invitations";
        assert_eq!(details(0), json!({ "method": "POST", "route": route, "code": "role_exceeds_yours" }));
        assert_eq!(details(1), json!({ "method": "GET", "route": LOG, "code": "forbidden" }));
        assert_eq!((&denied[1]["object"], &denied[1]["actor"]["type"]), (&Value::Null, &json!("client")));
        let route = "/v1/invitations/{id}/revoke";
        assert_eq!(details(2), json!({ "method": "POST", "route": route, "code": "forbidden" }));
        assert_eq!(denied[2]["object"], json!(id));
        // A caller without an identity is not recorded, and neither is what may not be seen.
        app.anonymous().get(LOG).await.problem(401, "unauthenticated");
        app.caller(&[], &[]).get(&format!("/v1/invitations/{id}")).await.problem(404, "not_found");
        assert_eq!(events(&app, "?action=access").await.len(), 3);
    }

    async fn refused_items_of_batches_are_recorded(app: TestApp) {
        let (batch, resend) = ("/v1/invitations/batch", "/v1/invitations/batch/resend");
        let email = |n: usize| format!("p{n}@example.com");
        let item = |n, role| json!({ "kind": "system_user", "email": email(n), "roles": [role] });
        let ask = async |caller: &Client, items: &[Value]| {
            let answer = caller.post(batch, &json!({ "invitations": items })).await.expect(200);
            let results = answer.body["results"].as_array().unwrap().iter();
            results.map(|result| result["error"]["code"].clone()).collect::<Vec<_>>()
        };
        let (manager, support) =
            (app.caller(&[Role::UserManager], &[]), app.caller(&[Role::CustomerSupport], &[]));
        let codes = ask(&manager, &[item(0, "admin"), item(1, "viewer"), item(2, "admin")]).await;
        assert_eq!(json!(codes), json!(["role_exceeds_yours", null, "role_exceeds_yours"]));
        let owner = json!({ "kind": "account_owner", "email": "olga@acme.example" });
        assert_eq!(json!(ask(&support, &[owner, item(3, "viewer")]).await), json!([null, "forbidden"]));
        let admins = app.invite_unsent("ada@example.com", &["admin"]).await;
        let ids = json!({ "ids": [text(&admins, "/id")] });
        manager.post(resend, &ids).await.expect(200);
        let of = |code, items, route| {
            json!({ "method": "POST", "route": route, "code": code, "items": items })
        };
        let expected = [
            of("role_exceeds_yours", 1, resend),
            of("forbidden", 1, batch),
            of("role_exceeds_yours", 2, batch),
        ];
        let denied = events(&app, "?action=access").await;
        assert_eq!(denied.iter().map(|event| event["details"].clone()).collect::<Vec<_>>(), expected);
    }

    async fn filters_combine_and_pages_follow_each_other(app: TestApp) {
        let mut ids = Vec::new();
        for number in 0..5 {
            let made = app.invite_unsent(&format!("colleague{number}@example.com"), &["viewer"]).await;
            ids.push(text(&made, "/id").to_owned());
            app.advance(TimeDelta::hours(1));
        }
        app.client_named("fleet-sync", &[]).get(LOG).await.problem(403, "forbidden");
        assert_eq!(events(&app, "?actor=fleet-sync").await.len(), 1);
        assert_eq!(events(&app, "?actor=grace&action=access").await.len(), 0);
        assert_eq!(events(&app, &format!("?object={}", ids[2])).await.len(), 1);
        let day = "2026-11-24T";
        let between = events(&app, &format!("?from={day}13:00:00Z&to={day}15:00:00Z")).await;
        let objects: Vec<&str> = between.iter().map(|event| text(event, "/object")).collect();
        assert_eq!(objects, [ids[2].as_str(), ids[1].as_str()]);
        // The same instants with an offset, escaped or not.
        let offset = events(&app, &format!("?from={day}14:00:00%2B01:00&to={day}16:00:00+01:00")).await;
        assert_eq!(offset, between);
        let mut seen = Vec::new();
        let mut path = format!("{LOG}?action=invitation_created&limit=2");
        loop {
            let page = app.admin().get(&path).await.expect(200).body;
            seen.extend(
                page["data"].as_array().unwrap().iter().map(|event| text(event, "/object").to_owned()),
            );
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{LOG}?action=invitation_created&limit=2&cursor={cursor}");
        }
        ids.reverse();
        assert_eq!(seen, ids);
    }

    async fn faulty_filters_are_named_together(app: TestApp) {
        let query =
            "?actor=&action=sing_in&object=a%00b&from=yesterday&to=2026-13-01T00:00:00Z&until=x&limit=0";
        app.admin().get(&format!("{LOG}{query}")).await.faults(&[
            ("actor", "invalid_id"),
            ("action", "unknown_value"),
            ("object", "invalid_id"),
            ("from", "invalid_time"),
            ("to", "invalid_time"),
            ("limit", "invalid_limit"),
            ("until", "unknown_parameter"),
        ]);
        let page = app.admin().get(&format!("{LOG}?limit=1")).await.expect(200);
        assert_eq!(page.body["data"], json!([]));
        app.admin().get(&format!("{LOG}?cursor=x")).await.faults(&[("cursor", "invalid_cursor")]);
        app.admin().post(LOG, &json!({})).await.problem(405, "method_not_allowed");
        app.admin().call(Method::GET, LOG, &[("accept", "image/png")]).await.problem(406, "not_acceptable");
    }

    async fn it_is_exported_as_csv(app: TestApp) {
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let request = app.client_named("=cmd", &[]).request(Method::GET, "/v1/users");
        Answer::of(request.header("user-agent", "=1+1")).await.problem(403, "forbidden");
        let csv = app
            .admin()
            .call(Method::GET, &format!("{LOG}?limit=1"), &[("accept", "text/csv")])
            .await
            .expect(200);
        let own = app.admin().get("/v1/audit-events.csv").await.expect(200);
        assert_eq!(own.text, csv.text);
        assert_eq!(own.header("content-disposition"), csv.header("content-disposition"));
        app.admin().get("/v1/audit-events.csv?limit=1").await.faults(&[("limit", "unknown_parameter")]);
        app.client_named("=cmd", &[]).get("/v1/audit-events.csv").await.problem(403, "forbidden");
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        assert_eq!(
            reader.headers().unwrap(),
            vec![
                "id",
                "at",
                "action",
                "outcome",
                "actor_type",
                "actor_id",
                "actor_name",
                "object",
                "request_id",
                "address",
                "user_agent",
                "details"
            ]
        );
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0][2], &rows[0][5], &rows[0][10]), ("access", "'=cmd", "'=1+1"));
        assert_eq!((&rows[1][2], &rows[1][7]), ("invitation_created", text(&made, "/id")));
        assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"audit-events.csv\"");
    }

    async fn sessions_and_passwords_have_their_events(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let user = text(&made, "/user_id");
        let sign_in = async |email: &str, password: &str| {
            let body = json!({ "email": email, "password": password });
            app.anonymous().post("/v1/auth/token", &body).await
        };
        sign_in("ada@example.com", "a wrong password").await.problem(401, "invalid_credentials");
        sign_in("nobody@example.com", "a wrong password").await.problem(401, "invalid_credentials");
        let tokens = sign_in("ada@example.com", PASSWORD).await.expect(200).body;
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        app.anonymous().post("/v1/auth/sign-out", &refresh).await.expect(204);
        let ada = app.sign_in("ada@example.com").await;
        ada.post_empty("/v1/auth/sign-out-everywhere").await.expect(204);
        let all: Vec<Value> = events(&app, "").await.into_iter().take(6).collect();
        let seen: Vec<_> =
            all.iter().map(|event| (text(event, "/action"), text(event, "/outcome"))).collect();
        assert_eq!(
            seen,
            [
                ("sign_out_everywhere", "succeeded"),
                ("sign_in", "succeeded"),
                ("sign_out", "succeeded"),
                ("sign_in", "succeeded"),
                ("sign_in", "denied"),
                ("sign_in", "denied"),
            ]
        );
        let about = |index: usize| (&all[index]["object"], &all[index]["actor"]["id"]);
        assert_eq!(about(0), (&json!(user), &json!(user)));
        assert_eq!(about(1), (&json!(user), &json!(user)));
        assert_eq!(about(2), (&json!(user), &Value::Null));
        // A refused attempt names the user, if there is one; nothing else differs.
        assert_eq!(about(4), (&Value::Null, &Value::Null));
        assert_eq!(about(5), (&json!(user), &Value::Null));
        assert_eq!(all[4]["details"], all[5]["details"]);
        assert_eq!(all[4]["address"], "127.0.0.1");
    }

    async fn the_database_refuses_to_change_it(app: TestApp) {
        app.invite_unsent("ada@example.com", &["viewer"]).await;
        for statement in [
            "UPDATE audit_events SET action = 'sign_in'",
            "UPDATE audit_events SET details = '{}' WHERE 1 = 1",
            "DELETE FROM audit_events",
        ] {
            let refusal = app.database.try_execute(statement).unwrap_err();
            assert!(refusal.contains("append-only"), "{statement}: {refusal}");
        }
        // SQLite's REPLACE is a deletion that fires no trigger; PostgreSQL's is an update.
        let (verb, end) = match app.database.backend {
            Backend::Sqlite => ("INSERT OR REPLACE", ""),
            Backend::Postgres => ("INSERT", "ON CONFLICT (id) DO UPDATE SET action = excluded.action"),
        };
        let replaced = "(id, at, action, outcome, details) SELECT id, at, 'sign_in', 'denied', '{}'";
        let statement = format!("{verb} INTO audit_events {replaced} FROM audit_events WHERE true {end}");
        let refusal = app.database.try_execute(&statement).unwrap_err();
        assert!(refusal.contains("append-only"), "{statement}: {refusal}");
        if app.database.backend == Backend::Sqlite {
            // The rowid, under each of its names, identifies a row as the id does.
            for rowid in ["rowid", "oid", "_rowid_"] {
                let columns = format!("({rowid}, id, at, action, outcome, details)");
                let values = "'aud_new', at, 'sign_in', 'denied', '{}' FROM audit_events WHERE true";
                for (verb, end) in [
                    ("REPLACE", ""),
                    ("INSERT OR REPLACE", ""),
                    ("INSERT", "ON CONFLICT DO UPDATE SET action = excluded.action"),
                ] {
                    let statement =
                        format!("{verb} INTO audit_events {columns} SELECT {rowid}, {values} {end}");
                    let refusal = app.database.try_execute(&statement).unwrap_err();
                    assert!(refusal.contains("append-only"), "{statement}: {refusal}");
                }
                let statement = format!("UPDATE OR REPLACE audit_events SET {rowid} = 7");
                let refusal = app.database.try_execute(&statement).unwrap_err();
                assert!(refusal.contains("append-only"), "{statement}: {refusal}");
            }
            // Before an insert, -1 stands for a rowid that is not given: such a row could be replaced.
            let columns = "(rowid, id, at, action, outcome, details)";
            let values = "-1, 'aud_new', at, 'sign_in', 'denied', '{}' FROM audit_events";
            let statement = format!("INSERT INTO audit_events {columns} SELECT {values}");
            let refusal = app.database.try_execute(&statement).unwrap_err();
            assert!(refusal.contains("append-only"), "{statement}: {refusal}");
        }
        assert_eq!(app.database.count("audit_events WHERE action <> 'sign_in'"), 1);
        assert_eq!(app.database.count("audit_events"), 1);
        // Those of more than a year ago may be deleted.
        app.database.execute(
            "INSERT INTO audit_events (id, at, action, outcome, details) VALUES
             ('aud_01h00000000000000000000000', '2023-05-01T00:00:00.000Z', 'access', 'denied', '{}')",
        );
        app.database.execute("DELETE FROM audit_events WHERE id = 'aud_01h00000000000000000000000'");
        assert_eq!(app.database.count("audit_events"), 1);
    }
}
