//! The pages and the contract's browser below a base path, in a real browser. Left out where chromedriver or
//! chromium is missing.

use std::time::Duration;

use fantoccini::Locator;

use crate::support::{Backend, PASSWORD, TestApp, browser::Browser, on_each};

const TIMEOUT: Duration = Duration::from_secs(20);

on_each! {
    async fn people_activate_and_developers_read_the_contract(backend: Backend) {
        let app = TestApp::start(backend, &[("PUBLIC_URL", "https://example.com/invite")]).await;
        let (_, mail) = app.invite("ada@example.com", &["viewer"]).await;
        Browser::with(async |browser| {
            let page = &browser.client;
            page.goto(&mail.link.replace("https://example.com", &app.url)).await.unwrap();
            for (name, text) in [("first_name", "Ada"), ("last_name", "Lovelace"), ("password", PASSWORD)] {
                page.find(Locator::Id(name)).await.unwrap().send_keys(text).await.unwrap();
            }
            page.find(Locator::Css("form button")).await.unwrap().click().await.unwrap();
            let done = Locator::XPath("//h1[text()='Your account is active']");
            page.wait().at_most(TIMEOUT).for_element(done).await.unwrap();
            assert_eq!(page.current_url().await.unwrap().path(), "/invite/activate");

            page.goto(&format!("{}/invite/docs", app.url)).await.unwrap();
            page.wait().at_most(TIMEOUT).for_element(Locator::Css(".opblock")).await.unwrap();
            assert_eq!(page.current_url().await.unwrap().path(), "/invite/docs/");
        })
        .await;
    }
}
