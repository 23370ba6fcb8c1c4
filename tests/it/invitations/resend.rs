//! `POST /v1/invitations/{id}/resend` and the button on the user's page.

use chrono::TimeDelta;
use invitation_service::domain::role::Role;

use crate::support::{TestApp, json, on_both_databases};

on_both_databases! {
    async fn a_new_link_lives_and_the_old_one_dies_at_once(app: TestApp) {
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let manager = app.caller_named("Katherine Johnson", &[Role::UserManager], &[]);
        app.advance(TimeDelta::hours(3));
        let resent = manager.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        for (member, value) in [
            ("id", json!(id)),
            ("user_id", made["user_id"].clone()),
            ("status", json!("pending")),
            ("send_count", json!(2)),
            ("created_at", json!("2026-11-24T12:00:00.000Z")),
            ("last_sent_at", json!("2026-11-24T15:00:00.000Z")),
            ("expires_at", json!("2026-11-25T15:00:00.000Z")),
            ("invited_by", made["invited_by"].clone()),
            ("delivery", json!({ "state": "queued", "attempts": 0, "last_error": null, "sent_at": null })),
        ] {
            assert_eq!(resent.body[member], value, "{member}");
        }
        // The new letter is still in the outbox; the old link is dead already.
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        let new = app.letter().await;
        assert_ne!(new.token, old.token);
        assert_ne!(new.message_id, old.message_id);
        assert!(new.subject.contains("Grace Hopper"), "{}", new.subject);

        app.advance(TimeDelta::hours(23));
        app.anonymous()
            .post("/v1/activations/preview", &json!({ "token": old.token }))
            .await
            .problem(410, "activation_link_superseded");
        app.activate(&new.token).await.expect(201);
        assert_eq!(
            app.timeline(&id).await,
            ["created", "email_queued", "email_sent", "resent", "email_queued", "email_sent", "activated"]
        );
        let resent = &app.events(&id).await[3];
        assert_eq!(resent["actor"], json!({ "type": "cli", "id": "grace", "name": "Katherine Johnson" }));
        assert_eq!(
            (&resent["at"], &resent["details"]),
            (&json!("2026-11-24T15:00:00.000Z"), &json!({ "send_count": 2 }))
        );
    }

    async fn the_button_on_the_users_page(app: TestApp) {
        let admin = app.admin();
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        let path = format!("/v1/users/{}/resend-invitation", made["user_id"].as_str().unwrap());
        admin.post_empty(&path).await.problem(429, "resend_too_soon");
        app.advance(TimeDelta::minutes(1));
        let resent = admin.post_empty(&path).await.expect(200);
        assert_eq!((&resent.body["id"], &resent.body["send_count"]), (&made["id"], &json!(2)));
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        app.activate(&app.letter().await.token).await.expect(201);
        admin.post_empty(&path).await.problem(409, "invitation_not_pending");
        app.caller(&[Role::Viewer], &[]).post_empty(&path).await.problem(403, "forbidden");
        admin
            .post_empty("/v1/users/usr_01kavx6e9kfzabv5qhm1p4d6xn/resend-invitation")
            .await
            .problem(404, "not_found");
    }

    async fn a_minute_between_two_sendings(app: TestApp) {
        let admin = app.admin();
        let (made, first) = app.invite("ada@example.com", &["viewer"]).await;
        let path = format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap());
        for (pause, wait) in [(0, "60"), (500, "60"), (500, "59"), (58_000, "1"), (999, "1")] {
            app.advance(TimeDelta::milliseconds(pause));
            assert_eq!(
                admin.post_empty(&path).await.problem(429, "resend_too_soon").header("retry-after"),
                wait
            );
        }
        app.anonymous().post("/v1/activations/preview", &json!({ "token": first.token })).await.expect(200);
        app.advance(TimeDelta::milliseconds(1));
        admin.post_empty(&path).await.expect(200);
        assert_eq!(admin.post_empty(&path).await.problem(429, "resend_too_soon").header("retry-after"), "60");
        // Counted from when the relay took the letter.
        app.advance(TimeDelta::seconds(30));
        app.letter().await;
        app.advance(TimeDelta::seconds(30));
        assert_eq!(admin.post_empty(&path).await.problem(429, "resend_too_soon").header("retry-after"), "30");
        assert_eq!(app.letters().await.len(), 0);
    }

    async fn an_expired_invitation_comes_back_to_life(app: TestApp) {
        let (made, old) = app.invite("ada@example.com", &["viewer"]).await;
        let id = made["id"].as_str().unwrap().to_owned();
        app.advance(TimeDelta::hours(24));
        app.activate(&old.token).await.problem(410, "activation_link_expired");
        let resent = app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        assert_eq!((&resent.body["id"], &resent.body["status"]), (&json!(id), &json!("pending")));
        assert_eq!(resent.body["expires_at"], "2026-11-26T12:00:00.000Z");
        app.activate(&old.token).await.problem(410, "activation_link_superseded");
        let new = app.letter().await;
        app.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
        app.activate(&new.token).await.expect(201);
    }

    async fn a_letter_of_a_dead_link_is_never_sent(app: TestApp) {
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let id = made["id"].as_str().unwrap();
        app.advance(TimeDelta::minutes(1));
        app.admin().post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let letter = app.letter().await;
        app.activate(&letter.token).await.expect(201);
        assert_eq!(app.database.count("letters WHERE state = 'sent' AND generation = 2"), 1);
        assert_eq!(
            app.database.count("letters WHERE state = 'withdrawn' AND generation = 1 AND attempts = 0"),
            1
        );
        app.advance(TimeDelta::hours(1));
        assert_eq!(app.letters().await.len(), 0);
    }

    async fn only_what_awaits_an_answer_is_resent(app: TestApp) {
        let admin = app.admin();
        let (used, mail) = app.invite("ada@example.com", &["viewer"]).await;
        app.activate(&mail.token).await.expect(201);
        let revoked = app.invite_unsent("eve@example.com", &["viewer"]).await;
        admin
            .post_empty(&format!("/v1/invitations/{}/revoke", revoked["id"].as_str().unwrap()))
            .await
            .expect(200);
        app.advance(TimeDelta::hours(1));
        for made in [&used, &revoked] {
            admin
                .post_empty(&format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()))
                .await
                .problem(409, "invitation_not_pending");
        }
        admin
            .post_empty(&format!("/v1/users/{}/resend-invitation", revoked["user_id"].as_str().unwrap()))
            .await
            .problem(404, "not_found");
        assert_eq!(app.letters().await.len(), 0);
    }

    async fn in_another_language(app: TestApp) {
        let (made, first) = app.invite("ada@example.com", &["viewer"]).await;
        let admin = app.admin();
        let paths = [
            format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()),
            format!("/v1/users/{}/resend-invitation", made["user_id"].as_str().unwrap()),
        ];
        assert!(first.subject.contains("invites you"), "{}", first.subject);
        // Refused, it changes nothing.
        admin.post(&paths[0], &json!({ "locale": "de" })).await.problem(429, "resend_too_soon");
        for (path, locale, words) in [(&paths[0], "de-AT", "lädt Sie"), (&paths[1], "fr", "vous invite")] {
            admin.post(path, &json!({ "locale": "xx" })).await.faults(&[("/locale", "unknown_locale")]);
            app.advance(TimeDelta::minutes(1));
            let resent = admin.post(path, &json!({ "locale": locale })).await.expect(200);
            assert_eq!(resent.body["locale"], locale[..2]);
            let letter = app.letter().await;
            assert!(letter.subject.contains(words), "{}", letter.subject);
        }
        // It stays so.
        app.advance(TimeDelta::minutes(1));
        assert_eq!(admin.post_empty(&paths[0]).await.expect(200).body["locale"], "fr");
        assert!(app.letter().await.subject.contains("vous invite"));
    }

    async fn the_body_is_empty_but_for_the_language(app: TestApp) {
        let admin = app.admin();
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        app.advance(TimeDelta::minutes(1));
        for path in [
            format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()),
            format!("/v1/users/{}/resend-invitation", made["user_id"].as_str().unwrap()),
        ] {
            admin
                .post(&path, &json!({ "email": "eve@example.com" }))
                .await
                .faults(&[("/email", "unknown_member")]);
            admin.post(&path, &json!([])).await.faults(&[("", "wrong_type")]);
            admin.post_raw(&path, "application/json", "{").await.problem(400, "malformed_json");
            admin.post_raw(&path, "text/plain", "now").await.problem(415, "unsupported_media_type");
        }
        let sent = admin
            .post(&format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap()), &json!({}))
            .await
            .expect(200);
        assert_eq!(sent.body["send_count"], 2);
        app.letter().await;
    }
}

mod without_a_pause {
    use super::*;

    on_both_databases! { with [("RESEND_COOLDOWN", "0s")];
        async fn one_after_the_other(app: TestApp) {
            let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
            for send_count in 2..=4 {
                let path = format!("/v1/invitations/{}/resend", made["id"].as_str().unwrap());
                assert_eq!(app.admin().post_empty(&path).await.expect(200).body["send_count"], send_count);
            }
            let last = app.letter().await;
            app.activate(&last.token).await.expect(201);
        }
    }
}
