//! `POST /v1/invitations/{id}/revoke`.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;

use crate::support::{TestApp, json, on_both_databases};

on_both_databases! {
    async fn the_link_dies_and_the_person_leaves(app: TestApp) {
        let admin = app.admin();
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) =
            (made["id"].as_str().unwrap().to_owned(), made["user_id"].as_str().unwrap().to_owned());
        app.advance(TimeDelta::minutes(5));
        let manager = app.caller_named("Katherine Johnson", &[Role::UserManager], &[]);
        let revoked = manager.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        assert_eq!((&revoked.body["id"], &revoked.body["status"]), (&made["id"], &json!("revoked")));
        assert_eq!(
            (&revoked.body["revoked_at"], &revoked.body["activated_at"]),
            (&json!("2026-11-24T12:05:00.000Z"), &json!(null))
        );

        app.activate(&mail.token).await.problem(410, "invitation_revoked");
        app.anonymous()
            .post("/v1/activations/preview", &json!({ "token": mail.token }))
            .await
            .problem(410, "invitation_revoked");
        admin.get(&format!("/v1/users/{user}")).await.problem(404, "not_found");
        assert_eq!(admin.get("/v1/users").await.expect(200).body["data"], json!([]));
        assert_eq!(admin.get(&format!("/v1/invitations/{id}")).await.expect(200).body, revoked.body);
        assert_eq!(admin.get("/v1/invitations").await.expect(200).body["data"], json!([revoked.body]));
        let event = app.events(&id).await.pop().unwrap();
        assert_eq!((&event["type"], &event["at"]), (&json!("revoked"), &json!("2026-11-24T12:05:00.000Z")));
        assert_eq!(event["actor"], json!({ "type": "cli", "id": "grace", "name": "Katherine Johnson" }));
        assert_eq!(event["details"], json!({ "user_removed": true }));

        // The address is free: another person, as far as we know, with another id.
        let (again, new) = app.invite("ADA@example.com", &["finance"]).await;
        assert_ne!((&again["id"], &again["user_id"]), (&made["id"], &made["user_id"]));
        app.activate(&mail.token).await.problem(410, "invitation_revoked");
        let activated = app.activate(&new.token).await.expect(201);
        assert_eq!(activated.body["user"]["system_roles"], json!(["finance"]));
        assert_eq!(admin.get("/v1/users").await.expect(200).body["data"].as_array().unwrap().len(), 1);
        admin.get(&format!("/v1/users/{user}")).await.problem(404, "not_found");
    }

    async fn the_first_of_revoked_used_superseded_expired(app: TestApp) {
        let admin = app.admin();
        let state = async |token: &str| app.activate(token).await.text_of("code");
        let (made, first) = app.invite("ada@example.com", &["viewer"]).await;
        let id = made["id"].as_str().unwrap().to_owned();
        app.advance(TimeDelta::hours(25));
        assert_eq!(state(&first.token).await, "activation_link_expired");
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let second = app.letter().await;
        assert_eq!(state(&first.token).await, "activation_link_superseded");
        app.advance(TimeDelta::hours(25));
        assert_eq!(
            (state(&first.token).await, state(&second.token).await),
            ("activation_link_superseded".into(), "activation_link_expired".into())
        );
        // An expired invitation is revoked like any other.
        admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        assert_eq!(
            (state(&first.token).await, state(&second.token).await),
            ("invitation_revoked".into(), "invitation_revoked".into())
        );

        let (made, first) = app.invite("eve@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(1));
        admin
            .post_empty(&format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        let second = app.letter().await;
        app.activate(&second.token).await.expect(201);
        assert_eq!(
            (state(&first.token).await, state(&second.token).await),
            ("activation_link_used".into(), "activation_link_used".into())
        );
        app.advance(TimeDelta::hours(48));
        assert_eq!(state(&second.token).await, "activation_link_used");
    }

    async fn a_letter_in_the_outbox_stays_there(app: TestApp) {
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let revoked = app
            .admin()
            .post_empty(&format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap()))
            .await
            .expect(200);
        let why = "The link became invalid before the letter was sent.";
        assert_eq!(
            revoked.body["delivery"],
            json!({ "state": "failed", "attempts": 0, "last_error": why, "reason": why, "sent_at": null })
        );
        app.advance(TimeDelta::hours(1));
        assert_eq!(app.letters().await.len(), 0);
        assert_eq!(app.timeline(made["id"].as_str().unwrap()).await, ["created", "email_queued", "revoked"]);
    }

    async fn only_what_awaits_an_answer_is_revoked(app: TestApp) {
        let admin = app.admin();
        let revoke = async |id: &str| admin.post_empty(&format!("/v1/invitations/{id}/revoke")).await;
        let (used, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let used = used["id"].as_str().unwrap();
        revoke(used).await.problem(409, "invitation_not_pending");
        assert_eq!(admin.get(&format!("/v1/invitations/{used}")).await.body["status"], "activated");
        assert_eq!(admin.get("/v1/users").await.body["data"][0]["status"], "active");

        let twice = app.invite_unsent("eve@example.com", &["viewer"]).await;
        revoke(twice["id"].as_str().unwrap()).await.expect(200);
        revoke(twice["id"].as_str().unwrap()).await.problem(409, "invitation_not_pending");
        assert_eq!(app.timeline(twice["id"].as_str().unwrap()).await, ["created", "email_queued", "revoked"]);

        // Of two invitations the expired one was replaced; revoking the living one is what removes the
        // person.
        let (old, _) = app.invite("joe@example.com", &["viewer"]).await;
        app.advance(TimeDelta::hours(24));
        let (new, _) = app.invite("joe@example.com", &["viewer"]).await;
        revoke(old["id"].as_str().unwrap()).await.problem(409, "invitation_not_pending");
        admin.get(&format!("/v1/users/{}", old["user_id"].as_str().unwrap())).await.expect(200);
        revoke(new["id"].as_str().unwrap()).await.expect(200);
        admin.get(&format!("/v1/users/{}", new["user_id"].as_str().unwrap())).await.problem(404, "not_found");
    }

    async fn the_body_is_empty(app: TestApp) {
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let path = format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap());
        app.admin().post(&path, &json!({ "reason": "left" })).await.faults(&[("/reason", "unknown_member")]);
        app.admin().post_raw(&path, "application/json", "nonsense").await.problem(400, "malformed_json");
        let shown = app.admin().get(&format!("/v1/invitations/{}", made["id"].as_str().unwrap())).await;
        assert_eq!(shown.body["status"], "pending");
        app.admin().post(&path, &json!({})).await.expect(200);
    }
}
