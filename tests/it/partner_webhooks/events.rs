//! Events: which cause writes which, in its own transaction, and what is in them.

use chrono::TimeDelta;
use reqwest::Method;

use crate::support::{
    TestApp, json, on_both_databases,
    receiver::{LOOPBACK, Received, Receiver},
};

const ALL: [&str; 12] = [
    "invitation.created",
    "invitation.sent",
    "invitation.delivered",
    "invitation.bounced",
    "invitation.opened",
    "invitation.activated",
    "invitation.expired",
    "invitation.revoked",
    "invitation.resent",
    "invitation.updated",
    "user.blocked",
    "user.erased",
];

fn types(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::event).collect()
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s"), LOOPBACK];

    async fn an_invitation_from_its_making_to_the_erasure_of_its_person(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &ALL).await;
        let (made, _) = app.invite("ada@example.com", &["viewer"]).await;
        let (id, user) = (made["id"].as_str().unwrap(), made["user_id"].as_str().unwrap());
        let admin = app.admin();
        admin.update(id, "*", &json!({ "roles": ["finance"], "locale": "nl" })).await.expect(200);
        app.advance(TimeDelta::seconds(1));
        admin.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200);
        let mail = app.letter().await;
        let token = json!({ "token": mail.token });
        app.anonymous().post("/v1/activations/preview", &token).await.expect(200);
        app.activate(&mail.token).await.expect(201);
        app.advance(TimeDelta::seconds(1));
        admin.post_empty(&format!("/v1/users/{user}/block")).await.expect(200);
        app.advance(TimeDelta::seconds(1));
        app.dispatch().await;
        admin.call(Method::DELETE, &format!("/v1/users/{user}"), &[]).await.expect(204);
        app.dispatch().await;
        let received = receiver.received();
        // In order; those of the user are the last ones.
        assert!(received[7..].iter().all(|one| one.event().starts_with("user.")), "{received:?}");
        let (of_user, of_invitation): (Vec<_>, Vec<_>) =
            received.into_iter().partition(|one| one.event().starts_with("user."));
        assert_eq!(
            types(&of_invitation),
            [
                "invitation.created",
                "invitation.sent",
                "invitation.updated",
                "invitation.resent",
                "invitation.sent",
                "invitation.opened",
                "invitation.activated",
            ]
        );
        assert_eq!(types(&of_user), ["user.blocked", "user.erased"]);
        for one in &of_invitation {
            let data = &one.body["data"];
            assert_eq!(
                (&data["invitation_id"], &data["user_id"], &data["kind"], &data["account_id"]),
                (&json!(id), &json!(user), &json!("system_user"), &json!(null)),
                "{one:?}"
            );
        }
        assert_eq!(of_invitation[0].body["timestamp"], "2026-11-24T12:00:00.000Z");
        assert_eq!(of_invitation[2].body["data"]["changed"], json!(["locale", "roles"]));
        assert_eq!(of_invitation[3].body["data"]["send_count"], 2);
        assert_eq!(of_invitation[4].body["data"]["letter"], "invitation");
        assert_eq!(of_user[1].body["data"], json!({ "user_id": user }));
        for one in of_invitation.iter().chain(&of_user) {
            for secret in ["ada@", "Lovelace", &mail.token, "http", "Grace"] {
                assert!(!one.text.contains(secret), "{one:?}");
            }
        }
    }

    async fn an_invitation_that_is_revoked_before_its_letter_went(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.revoked", "invitation.bounced"]).await;
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let id = made["id"].as_str().unwrap();
        app.admin().post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200);
        app.dispatch().await;
        let received = receiver.received();
        assert_eq!(types(&received), ["invitation.revoked"]);
        assert_eq!(received[0].body["data"]["invitation_id"], made["id"]);
    }

    async fn an_event_that_was_not_chosen_is_not_written(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.activated"]).await;
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        assert_eq!(app.database.count("webhook_events"), 0);
        app.activate(&mail.token).await.expect(201);
        assert_eq!(app.database.count("webhook_events"), 1);
        app.dispatch().await;
        assert_eq!(receiver.types(), ["invitation.activated"]);
    }

    async fn what_is_rolled_back_leaves_no_event(app: TestApp) {
        let receiver = Receiver::start().await;
        app.endpoint_of_all(&receiver, &["invitation.created", "invitation.revoked"]).await;
        let made = app.invite_unsent("ada@example.com", &["viewer"]).await;
        let path = format!("/v1/invitations/{}/revoke", made["id"].as_str().unwrap());
        app.admin().post_empty(&path).await.expect(200);
        app.admin().post_empty(&path).await.problem(409, "invitation_not_pending");
        assert_eq!(app.database.count("webhook_events"), 2);
        let batch = json!({ "invitations": [
            { "kind": "system_user", "email": "eve@example.com", "roles": ["viewer"] },
            { "kind": "system_user", "email": "bob@example.com", "roles": ["viewer"] },
        ], "validate_only": true });
        app.admin().post("/v1/invitations/batch", &batch).await.expect(200);
        assert_eq!(app.database.count("webhook_events"), 2);
        app.letters().await;
    }
}
