//! `STAFF_PASSWORDS=off`: system users sign in at the identity provider alone.

use crate::support::{
    Answer, Mail, PASSWORD, TestApp,
    customers::{OWNERS, text},
    json, on_both_databases,
};

const PREVIEW: &str = "/v1/activations/preview";
const ACTIVATE: &str = "/v1/activations";

async fn sign_in(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post("/v1/auth/token", &json!({ "email": email, "password": PASSWORD })).await
}

async fn activate_without_password(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "token": token, "first_name": "Ada", "last_name": "Lovelace" });
    app.anonymous().post(ACTIVATE, &body).await
}

async fn ask_for_reset(app: &TestApp, email: &str) -> Vec<Mail> {
    app.anonymous().post("/v1/auth/password-reset", &json!({ "email": email })).await.expect(202);
    app.letters().await
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("STAFF_PASSWORDS", "off")];
    async fn staff_activate_without_a_password_and_cannot_sign_in_with_one(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        let shown = app.anonymous().post(PREVIEW, &json!({ "token": mail.token })).await.expect(200).body;
        let requires = &shown["requires"];
        assert_eq!((&requires["password"], &requires["person_name"]), (&json!(false), &json!(true)));
        let page = app.anonymous().get(&format!("/activate?token={}", mail.token)).await.expect(200);
        assert!(!page.text.contains("type=\"password\""), "{}", page.text);
        let body = json!({
            "token": mail.token, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"
        });
        app.anonymous().post(ACTIVATE, &body).await.faults(&[("/password", "not_applicable")]);
        let missing = json!({ "token": mail.token });
        app.anonymous()
            .post(ACTIVATE, &missing)
            .await
            .faults(&[("/first_name", "required"), ("/last_name", "required")]);
        activate_without_password(&app, &mail.token).await.expect(201);
        let user = text(&made, "/user_id");
        let shown = app.admin().get(&format!("/v1/users/{user}")).await.expect(200).body;
        assert_eq!((&shown["status"], &shown["first_name"]), (&json!("active"), &json!("Ada")));
        for password in [PASSWORD, "!", ""] {
            let body = json!({ "email": "ada@example.com", "password": password });
            app.anonymous().post("/v1/auth/token", &body).await.problem(401, "invalid_credentials");
        }
        // The answer is the same for every address; no letter is sent.
        assert!(ask_for_reset(&app, "ada@example.com").await.is_empty());
        // A new address is confirmed by its link alone: there is no password to ask for.
        let patch = json!({ "email": "ada@new.example.com" });
        app.admin().change_user(user, "*", &patch).await.expect(200);
        let letters = app.letters().await;
        let link = letters.iter().find(|mail| mail.to == "ada@new.example.com").unwrap();
        let with_password = json!({ "token": link.token, "password": PASSWORD });
        app.anonymous()
            .post("/v1/auth/email-change/confirm", &with_password)
            .await
            .faults(&[("/password", "not_applicable")]);
        let body = json!({ "token": link.token });
        app.anonymous().post("/v1/auth/email-change/confirm", &body).await.expect(204);
    }

    async fn customers_keep_their_passwords(app: TestApp) {
        let olga = app.owner("olga@acme.example", "Acme").await;
        olga.client.get("/v1/me").await.expect(200);
        sign_in(&app, "olga@acme.example").await.expect(200);
        // Once they are staff, they sign in at the identity provider.
        let (_, mail) = app.invite("olga@acme.example", &["viewer"]).await;
        let tokens = sign_in(&app, "olga@acme.example").await.expect(200).body;
        app.join(&mail.token, "olga@acme.example", json!({})).await.expect(201);
        sign_in(&app, "olga@acme.example").await.problem(401, "invalid_credentials");
        olga.client.get("/v1/me").await.problem(401, "unauthenticated");
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        app.anonymous().post("/v1/auth/refresh", &refresh).await.problem(401, "session_ended");
        assert!(ask_for_reset(&app, "olga@acme.example").await.is_empty());
        // And no longer, once they are not.
        app.admin().change_user(&olga.user, "*", &json!({ "system_roles": [] })).await.expect(200);
        sign_in(&app, "olga@acme.example").await.expect(200);
        assert_eq!(ask_for_reset(&app, "olga@acme.example").await.len(), 1);
    }

    /// A link that was handed over asks everybody for the same, so that it tells nothing of the address.
    async fn a_link_that_was_handed_over_asks_for_a_password(app: TestApp) {
        app.owner("olga@acme.example", "Acme").await;
        for email in ["olga@acme.example", "new@example.com"] {
            let body = json!({ "email": email, "roles": ["viewer"], "delivery": "link" });
            let made = app.admin().post("/v1/system-users/invitations", &body).await.expect(201);
            let link = made.text_of("activation_link");
            let token = link.split_once("token=").unwrap().1;
            let shown = app.anonymous().post(PREVIEW, &json!({ "token": token })).await.expect(200).body;
            assert_eq!(shown["requires"]["password"], true, "{email}");
            let missing = app.anonymous().post(ACTIVATE, &json!({ "token": token })).await.expect(422);
            assert!(missing.text.contains("/password"), "{}", missing.text);
        }
    }

    async fn who_was_staff_gets_a_password_by_a_reset(app: TestApp) {
        let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
        activate_without_password(&app, &mail.token).await.expect(201);
        let user = text(&made, "/user_id");
        let body = json!({ "email": "ada@example.com", "account_name": "Ada", "account_type": "consumer" });
        let (_, mail) = app.send(&app.admin(), OWNERS, body).await;
        app.join(&mail.token, "ada@example.com", json!({})).await.expect(201);
        app.admin().change_user(user, "*", &json!({ "system_roles": [] })).await.expect(200);
        sign_in(&app, "ada@example.com").await.problem(401, "invalid_credentials");
        let letters = ask_for_reset(&app, "ada@example.com").await;
        let body = json!({ "token": letters[0].token, "password": PASSWORD });
        app.anonymous().post("/v1/auth/password-reset/confirm", &body).await.expect(204);
        app.letter().await;
        sign_in(&app, "ada@example.com").await.expect(200);
    }
}
