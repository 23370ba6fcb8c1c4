//! `POST /v1/system-users/invitations`, and the whole path from there to an active user.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;

use crate::support::{TestApp, json, on_both_databases};

on_both_databases! {
    /// The path that everything else is a detail of.
    async fn from_invitation_to_active_user(app: TestApp) {
        let admin = app.admin();
        let body = json!({
            "email": " Ada+EV@Example.COM ", "roles": ["viewer", "finance"], "locale": "nl-NL"
        });
        let invited = admin.post("/v1/system-users/invitations", &body).await.expect(201);
        let id = invited.text_of("id");
        assert_eq!(invited.header("location"), format!("/v1/invitations/{id}"));
        assert_eq!(invited.header("cache-control"), "no-store");
        assert_eq!(invited.body["email"], "Ada+EV@example.com");
        assert_eq!(invited.body["roles"], json!(["finance", "viewer"]));
        assert_eq!(invited.body["locale"], "nl");
        assert_eq!(invited.body["status"], "pending");
        assert_eq!(invited.body["send_count"], 1);
        assert_eq!(
            invited.body["delivery"],
            json!({ "state": "queued", "attempts": 0, "last_error": null, "sent_at": null })
        );
        assert_eq!(
            invited.body["invited_by"],
            json!({ "type": "cli", "id": "grace", "name": "Grace Hopper" })
        );
        assert_eq!(invited.body["created_at"], "2026-11-24T12:00:00.000Z");
        assert_eq!(invited.body["expires_at"], "2026-11-25T12:00:00.000Z");

        let mail = app.letter().await;
        assert_eq!(mail.to, "Ada+EV@example.com");
        assert!(mail.subject.contains("Grace Hopper"), "{}", mail.subject);
        assert!(mail.html.contains(&mail.token));
        let user = admin.get(&format!("/v1/users/{}", invited.text_of("user_id"))).await.expect(200);
        assert_eq!(user.body["status"], "invited");
        assert_eq!(user.body["system_roles"], json!([]));
        assert_eq!(user.body["pending_invitation_id"], id);

        let preview = app
            .anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .expect(200);
        assert_eq!(preview.body["email"], "Ada+EV@example.com");
        assert_eq!(preview.body["inviter"], json!({ "name": "Grace Hopper", "organisation": "EV Charging" }));
        assert_eq!(
            preview.body["requires"],
            json!({
                "password": true, "person_name": true, "email": false, "account_name": false,
                "account_type": false, "company": false
            })
        );

        let activated = app.activate(&mail.token).await.expect(201);
        assert_eq!(activated.header("referrer-policy"), "no-referrer");
        assert_eq!(activated.body["account"], json!(null));
        assert_eq!(activated.body["user"]["status"], "active");
        assert_eq!(activated.body["user"]["system_roles"], json!(["finance", "viewer"]));
        assert_eq!(activated.body["user"]["pending_invitation_id"], json!(null));
        app.activate(&mail.token).await.problem(410, "activation_link_used");
        assert_eq!(app.timeline(&id).await, ["created", "email_queued", "email_sent", "opened", "activated"]);
        let shown = admin.get(&format!("/v1/invitations/{id}")).await.expect(200);
        assert_eq!(shown.body["status"], "activated");
        assert_eq!(shown.body["delivery"]["state"], "sent");
        let again = json!({ "email": "ada+ev@EXAMPLE.com", "roles": ["viewer"] });
        admin.post("/v1/system-users/invitations", &again).await.problem(409, "already_system_user");
    }

    async fn a_live_invitation_blocks_and_an_expired_one_is_replaced(app: TestApp) {
        let admin = app.admin();
        let (first, old) = app.invite("ada@example.com", &["viewer"]).await;
        let body = json!({ "email": "ADA@example.com", "roles": ["viewer"] });
        let blocked =
            admin.post("/v1/system-users/invitations", &body).await.problem(409, "invitation_pending");
        assert_eq!(blocked.body["invitation_id"], first["id"]);

        app.advance(TimeDelta::hours(24));
        app.activate(&old.token).await.problem(410, "activation_link_expired");
        let id = first["id"].as_str().unwrap();
        assert_eq!(admin.get(&format!("/v1/invitations/{id}")).await.body["status"], "expired");
        let second = admin.post("/v1/system-users/invitations", &body).await.expect(201);
        assert_eq!(second.body["user_id"], first["user_id"]);
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        let resent = admin
            .post_empty(&format!("/v1/invitations/{id}/resend"))
            .await
            .problem(409, "invitation_pending");
        assert_eq!(resent.body["invitation_id"], second.body["id"]);
        app.activate(&app.letter().await.token).await.expect(201);
    }

    async fn no_caller_grants_more_than_they_hold(app: TestApp) {
        let manager = app.caller(&[Role::UserManager], &[]);
        let invite = |role: &str| json!({ "email": "ada@example.com", "roles": [role] });
        manager
            .post("/v1/system-users/invitations", &invite("admin"))
            .await
            .problem(403, "role_exceeds_yours");
        app.caller(&[Role::Viewer], &[])
            .post("/v1/system-users/invitations", &invite("viewer"))
            .await
            .problem(403, "forbidden");
        manager.post("/v1/system-users/invitations", &invite("viewer")).await.expect(201);
        app.letter().await;
    }
}
