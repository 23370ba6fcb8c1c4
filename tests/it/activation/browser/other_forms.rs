//! The pages where a forgotten password is reset and a new address is confirmed.

use fantoccini::Locator;
use serde_json::json;

use crate::support::{Backend, PASSWORD, TestApp, browser::Browser, customers::text, on_each};

const NEW_PASSWORD: &str = "eleven quiet lanterns drift past harbours";

/// A user who has activated, and their id.
async fn ada(app: &TestApp) -> String {
    let (made, mail) = app.invite("ada@example.com", &["viewer"]).await;
    app.activate(&mail.token).await.expect(201);
    text(&made, "/user_id").to_owned()
}

on_each! {
    async fn a_forgotten_password_is_reset(backend: Backend) {
        let app = TestApp::start(backend, &[]).await;
        ada(&app).await;
        Browser::with(async |browser| {
            let page = &browser.client;
            page.goto(&format!("{}/reset-password", app.url)).await.unwrap();
            assert_eq!(browser.heading().await, "Forgot your password?");
            browser.see("ask_for_reset").await;
            browser.fill("email", "ada@example.com").await;
            browser.post_empty().await;
            assert_eq!(browser.heading().await, "Look for our e-mail");
            let mail = app.letter().await;
            page.goto(&mail.link).await.unwrap();
            assert_eq!(browser.heading().await, "Choose a new password");
            browser.see("choose_password").await;
            browser.fill("password", super::super::WEAK).await;
            browser.post_empty().await;
            let field = page.find(Locator::Id("password")).await.unwrap();
            assert_eq!(field.attr("aria-invalid").await.unwrap().as_deref(), Some("true"));
            assert!(!page.current_url().await.unwrap().as_str().contains(&mail.token));
            browser.fill("password", NEW_PASSWORD).await;
            browser.post_empty().await;
            assert_eq!(browser.heading().await, "Your password is changed");
            app.letter().await;
            page.goto(&mail.link).await.unwrap();
            assert_eq!(browser.heading().await, "This link has been used");
            browser.see("used_reset").await;
            let body = json!({ "email": "ada@example.com", "password": NEW_PASSWORD });
            app.anonymous().post("/v1/auth/token", &body).await.expect(200);
        })
        .await;
    }

    async fn a_new_address_is_confirmed(backend: Backend) {
        let app = TestApp::start(backend, &[]).await;
        let user = ada(&app).await;
        Browser::with(async |browser| {
            let page = &browser.client;
            let patch = json!({ "email": "ada.king@example.com" });
            app.admin().change_user(&user, "*", &patch).await.expect(200);
            let letters = app.letters().await;
            let link = &letters.iter().find(|mail| mail.to == "ada.king@example.com").unwrap().link;
            page.goto(link).await.unwrap();
            assert_eq!(browser.heading().await, "Confirm your new address");
            let shown = browser.text("body").await;
            // A mistyped address may be a stranger's, who learns nothing of the present one.
            assert!(shown.contains("to ada.king@example.com") && !shown.contains("ada@"), "{shown}");
            browser.see("confirm_email").await;
            browser.fill("password", super::super::WEAK).await;
            browser.post_empty().await;
            let error = browser.text("#password-error").await;
            assert!(error.contains("password"), "{error}");
            assert_eq!(browser.value("password").await, "");
            browser.fill("password", PASSWORD).await;
            browser.post_empty().await;
            assert_eq!(browser.heading().await, "Your address is changed");
            let body = json!({ "email": "ada.king@example.com", "password": PASSWORD });
            app.anonymous().post("/v1/auth/token", &body).await.expect(200);
        })
        .await;
    }
}
