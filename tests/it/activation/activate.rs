//! `POST /v1/activations` and its preview: what is asked for, what is refused, what a link is worth.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, PASSWORD, TestApp, json, on_both_databases};

async fn preview(app: &TestApp, token: &str) -> Answer {
    app.anonymous().post("/v1/activations/preview", &json!({ "token": token })).await
}

async fn preview_as(app: &TestApp, token: &str, agent: &str) {
    let request =
        app.anonymous().request(Method::POST, "/v1/activations/preview").header("user-agent", agent);
    Answer::of(request.json(&json!({ "token": token }))).await.expect(200);
}

on_both_databases! {
    async fn all_faults_are_reported_together_and_consume_nothing(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let post = async |body: Value| app.anonymous().post("/v1/activations", &body).await;
        let with = |mut members: Value| {
            members["token"] = json!(mail.token);
            members
        };
        let required = [("/password", "required"), ("/first_name", "required"), ("/last_name", "required")];
        post(with(json!({}))).await.faults(&required);
        let mistaken = json!({
            "password": 5, "first_name": ["Ada"], "nickname": "A", "account": { "name": "x" },
            "email": "a@x.nl"
        });
        post(with(mistaken)).await.faults(&[
            ("/password", "wrong_type"),
            ("/first_name", "wrong_type"),
            ("/last_name", "required"),
            ("/nickname", "unknown_member"),
            ("/account", "not_applicable"),
            ("/email", "not_applicable"),
        ]);
        let more = json!({
            "password": "qZ7!vR2?mK9#xT", "first_name": null, "last_name": "x", "email": 7,
            "roles": ["admin"]
        });
        post(with(more)).await.faults(&[
            ("/password", "too_short"),
            ("/first_name", "required"),
            ("/email", "not_applicable"),
            ("/roles", "unknown_member"),
        ]);
        for (name, code) in [
            ("", "required"),
            (" ", "required"),
            ("Ada\r\nBcc: eve", "invalid_name"),
            ("Ada\n", "invalid_name"),
            ("a\u{0}b", "invalid_name"),
            ("\u{202E}adA", "invalid_name"),
            (&"a".repeat(101), "too_long"),
        ] {
            post(with(json!({ "password": PASSWORD, "first_name": name, "last_name": name })))
                .await
                .faults(&[("/first_name", code), ("/last_name", code)]);
        }
        post(json!({ "password": PASSWORD })).await.faults(&[("/token", "required")]);
        post(json!({ "token": 5, "extra": 1 }))
            .await
            .faults(&[("/token", "wrong_type"), ("/extra", "unknown_member")]);
        app.anonymous()
            .post("/v1/activations/preview", &json!({ "tokn": mail.token }))
            .await
            .faults(&[("/token", "required"), ("/tokn", "unknown_member")]);
        app.anonymous().post_empty("/v1/activations").await.problem(400, "malformed_json");

        let longest = "é".repeat(100);
        let good = json!({
            "password": PASSWORD, "first_name": format!(" {longest} "), "last_name": "أحمد", "account": null
        });
        let done = post(with(good)).await.expect(201);
        assert_eq!(
            (&done.body["user"]["first_name"], &done.body["user"]["last_name"]),
            (&json!(longest), &json!("أحمد"))
        );
        assert_eq!(done.body["user"]["activated_at"], "2026-11-24T12:00:00.000Z");
        assert_eq!(
            app.timeline(made["id"].as_str().unwrap()).await,
            ["created", "email_queued", "email_sent", "activated"]
        );
        let actor = app.events(made["id"].as_str().unwrap()).await.pop().unwrap()["actor"].clone();
        assert_eq!(
            actor,
            json!({ "type": "user", "id": made["user_id"], "name": format!("{longest} أحمد") })
        );
    }

    async fn a_dead_link_says_why_whatever_came_with_it(app: TestApp) {
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        let admin = app.admin();
        let says = async |token: &str, status: u16, code: &str| {
            preview(&app, token).await.problem(status, code);
            app.activate(token).await.problem(status, code);
            let faulty = json!({ "token": token, "password": "x", "nickname": 5 });
            app.anonymous().post("/v1/activations", &faulty).await.problem(status, code);
        };
        let damaged = format!("{}{}", if old.token.starts_with('A') { "B" } else { "A" }, &old.token[1..]);
        says(&damaged, 404, "activation_link_invalid").await;
        app.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
        preview(&app, &old.token).await.expect(200);
        app.advance(TimeDelta::milliseconds(1));
        says(&old.token, 410, "activation_link_expired").await;
        admin
            .post_empty(&format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        let new = app.letter().await;
        says(&old.token, 410, "activation_link_superseded").await;
        app.activate(&new.token).await.expect(201);
        says(&new.token, 410, "activation_link_used").await;
        let (other, mail) = app.invite("eve@example.com", &["viewer"]).await;
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", other["id"].as_str().unwrap()))
            .await
            .expect(200);
        says(&mail.token, 410, "invitation_revoked").await;
    }

    async fn looking_changes_nothing_but_the_timeline(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["finance", "viewer"]).await;
        let (id, admin) = (made["id"].as_str().unwrap(), app.admin());
        let state = async || {
            (admin.get(&format!("/v1/invitations/{id}")).await.body, admin.get("/v1/users").await.body)
        };
        let before = state().await;
        let seen = preview(&app, &mail.token).await.expect(200);
        assert_eq!(
            seen.body,
            json!({
                "kind": "system_user", "email": "ada@example.com",
                "inviter": { "name": "Grace Hopper", "organisation": "EV Charging" },
                "account": null, "roles": ["finance", "viewer"], "expires_at": "2026-11-25T12:00:00.000Z",
                "requires": {
                    "password": true, "person_name": true, "email": false,
                    "account_name": false, "account_type": false, "company": false
                },
            })
        );
        assert_eq!(
            (seen.header("cache-control"), seen.header("referrer-policy")),
            ("no-store", "no-referrer")
        );
        for agent in ["Scanner/1.0", "Scanner/1.0", "Firefox/140", "Scanner/1.0"] {
            preview_as(&app, &mail.token, agent).await;
        }
        app.advance(TimeDelta::seconds(59));
        preview_as(&app, &mail.token, "Firefox/140").await;
        app.advance(TimeDelta::seconds(1));
        preview_as(&app, &mail.token, "Firefox/140").await;
        preview_as(&app, &mail.token, &"x".repeat(300)).await;
        let opened: Vec<Value> =
            app.events(id).await.into_iter().filter(|event| event["type"] == "opened").collect();
        let agents: Vec<_> = opened.iter().map(|event| event["details"]["user_agent"].clone()).collect();
        assert_eq!(
            agents,
            [
                json!(null),
                json!("Scanner/1.0"),
                json!("Firefox/140"),
                json!("Firefox/140"),
                json!("x".repeat(256))
            ]
        );
        assert!(opened.iter().all(|event| event["actor"]["type"] == "link"));
        assert_eq!(opened[3]["at"], "2026-11-24T12:01:00.000Z");
        assert_eq!(state().await, before);
        app.activate(&mail.token).await.expect(201);
    }

    async fn no_answer_and_no_row_holds_the_token_or_the_password(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) = (made["id"].as_str().unwrap(), made["user_id"].as_str().unwrap());
        let mut answers = vec![
            preview(&app, &mail.token).await,
            app.anonymous()
                .post("/v1/activations", &json!({ "token": mail.token, "password": PASSWORD }))
                .await
                .expect(422),
            app.activate(&mail.token).await.expect(201),
            app.activate(&mail.token).await.expect(410),
        ];
        for path in [
            format!("/v1/invitations/{id}"),
            format!("/v1/invitations/{id}/events"),
            "/v1/invitations".to_owned(),
            format!("/v1/users/{user}"),
            "/v1/users".to_owned(),
            "/metrics".to_owned(),
        ] {
            answers.push(app.admin().get(&path).await.expect(200));
        }
        let mut texts: Vec<String> =
            answers.into_iter().map(|answer| format!("{:?}{}", answer.headers, answer.text)).collect();
        for (table, columns) in [
            ("users", "email || search_text || first_name || last_name || password_hash"),
            ("invitations", "roles || search_text || inviter_name"),
            ("invitation_events", "actor_id || actor_name || details"),
            ("letters", "COALESCE(last_error, '') || id"),
        ] {
            texts.extend(app.database.texts(&format!("SELECT {columns} AS text FROM {table}")));
        }
        assert!(texts.len() > 15);
        for text in texts {
            assert!(!text.contains(&mail.token) && !text.contains(PASSWORD), "{text}");
        }
    }

    async fn an_active_user_types_their_address_instead_of_a_password(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let hash = app.database.texts("SELECT password_hash AS text FROM users");
        // As an active customer is: a user without a role.
        assert_eq!(app.database.execute("DELETE FROM user_roles"), 1);
        let (_, mail) = app.invite("ADA@example.com", &["finance"]).await;
        let requires = preview(&app, &mail.token).await.expect(200).body["requires"].clone();
        assert_eq!(
            (&requires["email"], &requires["password"], &requires["person_name"]),
            (&json!(true), &json!(false), &json!(false))
        );
        app.activate(&mail.token).await.faults(&[
            ("/email", "required"),
            ("/password", "not_applicable"),
            ("/first_name", "not_applicable"),
            ("/last_name", "not_applicable"),
        ]);
        let with_email = async |email: &str| {
            app.anonymous().post("/v1/activations", &json!({ "token": mail.token, "email": email })).await
        };
        with_email("eve@example.com").await.faults(&[("/email", "email_mismatch")]);
        with_email("ada").await.faults(&[("/email", "invalid_email")]);
        let joined = with_email(" Ada@EXAMPLE.com").await.expect(201);
        assert_eq!(joined.body["user"]["system_roles"], json!(["finance"]));
        assert_eq!(joined.body["user"]["first_name"], "Ada");
        assert_eq!(app.database.texts("SELECT password_hash AS text FROM users"), hash);
        with_email("ada@example.com").await.problem(410, "activation_link_used");
    }
}
