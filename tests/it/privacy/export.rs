//! The export of a user: all that is held, and no secret.

use invitation_service::domain::{permission::Permission, role::Role};
use reqwest::Method;

use crate::support::{
    PASSWORD, TestApp,
    customers::{SUB_ACCOUNTS, text},
    json, on_both_databases,
};

on_both_databases! {
    with [("RESEND_COOLDOWN", "0s"), ("RATE_LIMITS", "off")];

    async fn all_that_is_held_is_exported(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let id = text(&made, "/id");
        app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let newer = app.letter().await;
        app.activate(&newer.token).await.expect(201);
        let acme = app.owner("olga@acme.example", "Acme").await;
        let driver = json!({ "email": "ada@example.com", "role": "driver", "account_id": acme.account,
            "account_type": "consumer" });
        let (_, joining) = app.invite_by(SUB_ACCOUNTS, driver).await;
        app.join(&joining.token, "ada@example.com", json!({})).await.expect(201);
        let tokens = json!({ "email": "ada@example.com", "password": PASSWORD });
        let tokens = app.anonymous().post("/v1/auth/token", &tokens).await.expect(200).body;
        let reset = json!({ "email": "ada@example.com" });
        app.anonymous().post("/v1/auth/password-reset", &reset).await.expect(202);
        let reset = app.letter().await;
        let user = text(&made, "/user_id");
        let file = app.admin().get(&format!("/v1/users/{user}/export")).await.expect(200);
        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{user}.json\""));
        assert_eq!(file.header("cache-control"), "no-store");
        let shown = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
        assert_eq!(file.body["user"], shown);
        let invitations = file.body["invitations"].as_array().unwrap();
        assert_eq!(invitations.len(), 2);
        let first = &invitations[1];
        assert_eq!(first["invitation"]["id"], json!(id));
        assert_eq!(first["events"], json!(app.events(id).await));
        assert_eq!(first["letters"].as_array().unwrap().len(), 2);
        assert_eq!(first["letters"][1]["recipient"], "ada@example.com");
        assert_eq!(first["letters"][1]["state"], "sent");
        assert_eq!(file.body["letters"][0]["purpose"], "password_reset");
        assert_eq!(file.body["sessions"].as_array().unwrap().len(), 1);
        assert_eq!((&file.body["suppression"], &file.body["truncated"]), (&json!(null), &json!(false)));
        let actions: Vec<&str> = file.body["audit_events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| text(event, "/action"))
            .collect();
        assert!(actions.contains(&"sign_in") && actions.contains(&"invitation_activated"), "{actions:?}");
        // No secret is in it, in whatever member.
        let hash =
            app.database.texts("SELECT password_hash AS text FROM users WHERE password_hash IS NOT NULL");
        let marks = app.database.texts("SELECT credential AS text FROM sessions");
        let secrets = [mail.token.as_str(), &newer.token, &joining.token, &reset.token, PASSWORD, "$argon2"];
        let held = [text(&tokens, "/access_token"), text(&tokens, "/refresh_token")];
        let stored = hash.iter().chain(&marks).map(String::as_str);
        for secret in secrets.into_iter().chain(held).chain(stored) {
            assert!(!file.text.contains(secret), "{secret}");
        }
        // The export is in the audit log.
        let log = app.admin().get("/v1/audit-events?action=user_exported").await.expect(200).body;
        assert_eq!(log["data"][0]["object"], json!(user));
    }

    async fn an_address_of_another_person_is_not_exported(app: TestApp) {
        let (made, _) = app.invite("bob@example.com", &["viewer"]).await;
        let change = json!({ "email": "ada@example.com" });
        let moved = app.admin().update(text(&made, "/id"), "*", &change).await.expect(200).body;
        app.letter().await;
        let user = text(&moved, "/user_id");
        let file = app.admin().get(&format!("/v1/users/{user}/export")).await.expect(200);
        assert!(!file.text.contains("bob@") && file.text.contains("ada@example.com"), "{}", file.text);
        assert_eq!(file.body["invitations"][0]["letters"].as_array().unwrap().len(), 1);
    }

    async fn a_suppressed_address_is_exported_as_such(app: TestApp) {
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        app.database.execute(
            "INSERT INTO suppressions (id, email, email_key, reason, created_at) VALUES
             ('sup_01m86xvxh0f46bs8r42wfv2z13', 'Ada@example.com', 'ada@example.com', 'bounced',
              '2026-11-24T12:00:00.000Z')",
        );
        let file =
            app.admin().get(&format!("/v1/users/{}/export", text(&made, "/user_id"))).await.expect(200);
        assert_eq!(file.body["suppression"]["reason"], "bounced");
    }

    async fn it_takes_the_permission_and_all_that_the_user_may_do(app: TestApp) {
        let (made, mail) = app.invite("boss@example.com", &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let at = format!("/v1/users/{}/export", text(&made, "/user_id"));
        app.anonymous().get(&at).await.problem(401, "unauthenticated");
        app.caller(&[Role::UserManager], &[]).get(&at).await.problem(403, "forbidden");
        app.caller(&[], &[Permission::UsersErase]).get(&at).await.problem(404, "not_found");
        let eraser = app.caller(&[Role::Viewer], &[Permission::UsersErase]);
        eraser.get(&at).await.problem(403, "role_exceeds_yours");
        eraser.get("/v1/users/usr_01m86xvxh0es8r65rzyjka792g/export").await.problem(404, "not_found");
        eraser.get("/v1/users/ada/export").await.problem(404, "not_found");
        app.admin().get(&format!("{at}?format=csv")).await.faults(&[("format", "unknown_parameter")]);
        app.admin().call(Method::GET, &at, &[("accept", "text/csv")]).await.problem(406, "not_acceptable");
        app.admin().post_empty(&at).await.problem(405, "method_not_allowed");
        assert_eq!(app.database.count("audit_events WHERE action = 'user_exported'"), 0);
    }
}
