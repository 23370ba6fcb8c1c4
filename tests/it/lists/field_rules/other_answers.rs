//! Answers beside the table: an invite is answered alike for everybody, and no other schema shows a person.

use reqwest::Method;
use serde_json::Value;

use crate::support::{
    PASSWORD, TestApp,
    customers::{SUB_ACCOUNTS, text, with},
    handed_over::{choose, hand_over, link_of},
    json, on_both_databases,
};

use super::world::world;

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("RESEND_COOLDOWN", "0s")];

    async fn an_invite_is_answered_alike_for_every_person(app: TestApp) {
        let world = world(&app).await;
        let owner = &world.callers["owner of Acme"];
        // Everything but ids and the address.
        let plain = |mut made: Value| {
            for name in ["id", "user_id", "email", "activation_link"] {
                made[name] = Value::Null;
            }
            made["account"]["id"] = Value::Null;
            made
        };
        let mut answers = Vec::new();
        for email in ["eve@operator.example", "linus@zenith.example", "other@nowhere.example"] {
            let body = json!({ "email": email, "role": "driver", "account_id": world.acme });
            let by_hand = owner
                .post(SUB_ACCOUNTS, &with(body.clone(), json!({ "delivery": "link" })))
                .await
                .expect(201);
            let (id, token) = link_of(&by_hand);
            let refused = owner.post(SUB_ACCOUNTS, &body).await.problem(409, "invitation_pending");
            let again = refused.body["invitation_id"].clone();
            assert_eq!(again, json!(id));
            let preview = app
                .anonymous()
                .post("/v1/activations/preview", &json!({ "token": token }))
                .await
                .expect(200)
                .body;
            let resent = owner.post_empty(&format!("/v1/invitations/{id}/resend")).await.expect(200).body;
            let revoked = owner.post_empty(&format!("/v1/invitations/{id}/revoke")).await.expect(200).body;
            let item = with(body, json!({ "kind": "sub_account" }));
            let batch =
                owner.post("/v1/invitations/batch", &json!({ "invitations": [item] })).await.expect(200).body;
            let invited = batch["results"][0]["invitation"].clone();
            let user = owner.get(&format!("/v1/users/{}", text(&invited, "/user_id"))).await.expect(200).body;
            answers.push([
                plain(by_hand.body),
                with(preview, json!({ "email": null })),
                plain(resent),
                plain(revoked),
                plain(invited),
                with(user, json!({ "id": null, "email": null, "pending_invitation_id": null })),
            ]);
        }
        assert_eq!(answers[0], answers[2]);
        assert_eq!(answers[1], answers[2]);
        app.letters().await;
    }

    /// What is in no row of this table shows nobody.
    async fn no_other_answer_shows_a_person(app: TestApp) {
        let document: Value = app.anonymous().get("/openapi.json").await.expect(200).body;
        let personal = [
            "first_name",
            "last_name",
            "system_roles",
            "memberships",
            "pending_invitation_id",
            "activated_at",
        ];
        let schemas = document["components"]["schemas"].as_object().unwrap().iter();
        let answers = schemas.filter(|(name, _)| !name.ends_with("Request") && !name.ends_with("Form"));
        let found: Vec<&str> = answers
            .filter(|(_, schema)| personal.iter().any(|field| schema["properties"].get(field).is_some()))
            .map(|(name, _)| name.as_str())
            .collect();
        // The invitation's own activation is no person's.
        assert_eq!(found, ["Invitation", "User"]);
        let user = document["components"]["schemas"]["User"]["properties"].as_object().unwrap();
        let fields: Vec<&str> = user.keys().map(String::as_str).collect();
        let known = [
            "activated_at",
            "created_at",
            "email",
            "first_name",
            "id",
            "last_name",
            "memberships",
            "pending_invitation_id",
            "status",
            "system_roles",
        ];
        assert_eq!(fields, known, "a new field of a person needs a rule in this table and in the contract's");
    }

    async fn a_person_who_left_is_shown_as_invited_when_invited_again(app: TestApp) {
        let acme = app.owner("olga@acme.example", "Acme").await;
        let (_, token) = hand_over(&acme.client, "dirk@acme.example", &acme.account).await;
        let joined = choose(&app, &token, PASSWORD, "Dirk").await.expect(201).body;
        let user = format!("/v1/users/{}", text(&joined, "/user/id"));
        assert_eq!(acme.client.get(&user).await.expect(200).body["first_name"], "Dirk");
        let dirk = app.sign_in("dirk@acme.example").await;
        let left = dirk
            .call(Method::DELETE, &format!("/v1/me/memberships/{}", text(&joined, "/account/id")), &[])
            .await;
        left.expect(204);
        acme.client.get(&user).await.problem(404, "not_found");
        hand_over(&acme.client, "dirk@acme.example", &acme.account).await;
        let shown = acme.client.get(&user).await.expect(200).body;
        assert_eq!((&shown["first_name"], &shown["status"]), (&Value::Null, &json!("invited")));
    }
}
