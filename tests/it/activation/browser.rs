//! The activation page as a person meets it: a real browser, a phone's window, from the letter's link to an
//! active user.
//!
//! It needs chromedriver, and chromium or google-chrome, on PATH; where they are missing, the test says so
//! and is left out. `SCREENSHOTS` names a folder for pictures of what it sees, and `AXE` a file with rules
//! that each page must keep (`rules.rs`).

mod other_forms;
mod rules;

use std::{path::Path, time::Duration};

use fantoccini::Locator;
use serde_json::json;

use crate::support::{
    Backend, PASSWORD, TestApp,
    browser::Browser,
    customers::{OWNERS, text},
    on_each,
};

/// Long enough for the page's own field, and easy to guess.
const WEAK: &str = "password12345678";

impl Browser {
    async fn see(&self, name: &str) {
        let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(
            self.client.execute(wide, Vec::new()).await.unwrap(),
            json!(0),
            "{name} is wider than a phone"
        );
        if let Some(folder) = std::env::var_os("SCREENSHOTS") {
            std::fs::create_dir_all(&folder).unwrap();
            let picture = self.client.screenshot().await.unwrap();
            std::fs::write(Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
        }
        self.check_rules(name).await;
    }

    async fn heading(&self) -> String {
        self.client
            .wait()
            .at_most(Duration::from_secs(20))
            .for_element(Locator::Css("h1"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    async fn text(&self, css: &str) -> String {
        self.client.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    async fn value(&self, name: &str) -> String {
        let field = self.client.find(Locator::Id(name)).await.unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    async fn fill(&self, name: &str, text: &str) {
        let field = self.client.find(Locator::Id(name)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses the form's button, and waits for the page that comes of it.
    async fn post_empty(&self) {
        let old = self.client.find(Locator::Css("html")).await.unwrap();
        self.client.find(Locator::Css("button")).await.unwrap().click().await.unwrap();
        let gone = async || old.tag_name().await.is_err().then_some(());
        crate::support::eventually("the next page", Duration::from_secs(20), gone).await;
    }
}

on_each! {
    async fn from_the_letter_to_an_active_user(backend: Backend) {
        let app = TestApp::start(backend, &[("TIME_ZONE", "Europe/Amsterdam")]).await;
        Browser::with(async |browser| {
            activate(&app, browser).await;
            found_a_company(&app, browser).await;
        })
        .await;
    }
}

async fn activate(app: &TestApp, browser: &Browser) {
    let (invitation, mail) = app.invite("ada@example.com", &["user_manager", "finance"]).await;
    let page = &browser.client;
    page.goto(&mail.link).await.unwrap();
    assert_eq!(browser.heading().await, "Activate your account");
    let text = browser.text("body").await;
    for words in [
        "Grace Hopper invites you to work with EV Charging as a colleague.",
        "ada@example.com",
        "User manager",
        "Finance",
        "Wednesday 25 November 2026, 13:00 CET",
        "At least 15 characters",
    ] {
        assert!(text.contains(words), "no {words} in:\n{text}");
    }
    browser.see("form").await;

    browser.fill("first_name", "Ada").await;
    browser.fill("last_name", "Lovelace").await;
    browser.fill("password", WEAK).await;
    browser.post_empty().await;
    let error = browser.text("#password-error").await;
    assert!(error.contains("easy to guess") || error.contains("Many people use"), "{error}");
    let field = page.find(Locator::Id("password")).await.unwrap();
    assert_eq!(field.attr("aria-invalid").await.unwrap().as_deref(), Some("true"));
    assert!(field.attr("aria-describedby").await.unwrap().unwrap().contains("password-error"));
    assert_eq!(
        (browser.value("first_name").await, browser.value("last_name").await),
        ("Ada".into(), "Lovelace".into())
    );
    assert_eq!(browser.value("password").await, "", "a password is typed again, and never sent back");
    // The token stays where it was: nothing was consumed, nothing is in the address.
    assert!(!page.current_url().await.unwrap().as_str().contains(&mail.token));
    // The summary of errors has the focus, and is read out.
    let focused = page.active_element().await.unwrap();
    assert_eq!(focused.attr("role").await.unwrap().as_deref(), Some("alert"));
    browser.see("error").await;

    browser.fill("password", PASSWORD).await;
    browser.post_empty().await;
    assert_eq!(browser.heading().await, "Your account is active");
    let text = browser.text("body").await;
    assert!(text.contains("Ada, welcome!") && text.contains("ada@example.com"), "{text}");
    browser.see("done").await;
    let users = app.admin().get("/v1/users?search=lovelace").await.expect(200);
    let user = &users.body["data"][0];
    assert_eq!((&user["id"], &user["status"]), (&invitation["user_id"], &json!("active")));
    assert_eq!(user["system_roles"], json!(["user_manager", "finance"]));

    // The letter's link once more; and the form sent once more, which is what reloading the success page
    // does.
    page.goto(&mail.link).await.unwrap();
    assert_eq!(browser.heading().await, "This link has been used");
    browser.see("used").await;
    page.back().await.unwrap();
    page.refresh().await.unwrap();
    let heading = browser.heading().await;
    assert!(["This link has been used", "Your account is active"].contains(&heading.as_str()), "{heading}");
    let id = invitation["id"].as_str().unwrap();
    let activations = app.timeline(id).await.into_iter().filter(|event| event == "activated").count();
    assert_eq!(activations, 1);
}

/// An account owner chooses a type, fills in the company, puts one thing right, and is told where.
async fn found_a_company(app: &TestApp, browser: &Browser) {
    let (invitation, mail) = app.invite_by(OWNERS, json!({ "email": "grace@example.com" })).await;
    let page = &browser.client;
    page.goto(&mail.link).await.unwrap();
    browser.see("owner").await;
    for (name, text) in [
        ("first_name", "Grace"),
        ("last_name", "Hopper"),
        ("account_name", "Acme B.V."),
        ("password", PASSWORD),
    ] {
        browser.fill(name, text).await;
    }
    // The company's fields are there for a business alone, without any script.
    let shown = async |name: &str| page.find(Locator::Id(name)).await.unwrap().is_displayed().await.unwrap();
    page.find(Locator::Id("account_type-consumer")).await.unwrap().click().await.unwrap();
    assert!(!shown("company_vat_number").await);
    page.find(Locator::Id("account_type-business")).await.unwrap().click().await.unwrap();
    assert!(shown("company_vat_number").await);
    for (name, text) in [
        ("company_name", "Acme Laadpalen B.V."),
        ("company_vat_number", "NL004495446B01"),
        ("company_street", "Damrak"),
        ("company_postal_code", "1012 LG"),
        ("company_city", "Amsterdam"),
    ] {
        browser.fill(name, text).await;
    }
    page.find(Locator::Id("company_country")).await.unwrap().select_by_label("Netherlands").await.unwrap();
    browser.post_empty().await;
    assert!(!browser.text("#company_vat_number-error").await.is_empty());
    assert_eq!(
        (browser.value("company_city").await, browser.value("company_country").await),
        ("Amsterdam".into(), "NL".into())
    );
    browser.see("company").await;
    browser.fill("company_vat_number", "NL 0044.95.445.B01").await;
    browser.fill("password", PASSWORD).await;
    browser.post_empty().await;
    assert_eq!(browser.heading().await, "Your account is active");
    let account =
        app.admin().get(&format!("/v1/accounts/{}", text(&invitation, "/account/id"))).await.expect(200).body;
    assert_eq!(
        (&account["status"], &account["company"]["vat_number"]),
        (&json!("active"), &json!("NL004495445B01"))
    );
}
