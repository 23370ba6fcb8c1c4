//! Letters to the owners of endpoints that were disabled.

use crate::support::{
    TestApp,
    api_clients::{ApiClient, CLIENTS},
    json, on_both_databases,
    receiver::{ENDPOINTS, LOOPBACK, Receiver},
};

/// The most endpoints of a client, and the most that a letter names.
const MAX_ENDPOINTS: usize = 20;

on_both_databases! {
    with [("RATE_LIMITS", "off"), LOOPBACK];

    async fn the_endpoints_of_others_take_no_place_in_the_letter_of_an_owner(app: TestApp) {
        for email in ["ada@example.com", "bob@example.com"] {
            let (_, mail) = app.invite(email, &["admin"]).await;
            app.activate(&mail.token).await.expect(201);
        }
        let (ada, bob) = (app.sign_in("ada@example.com").await, app.sign_in("bob@example.com").await);
        let client = json!({ "name": "Fleet sync", "scopes": ["system_users:read"] });
        let of_bob = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201)).endpoint_body(json!({}));
        let mut others = Vec::new();
        for _ in 0..MAX_ENDPOINTS {
            others.push(bob.post(ENDPOINTS, &of_bob).await.expect(201).text_of("id"));
        }
        let disable = "UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'gone'";
        assert_eq!(app.database.execute(disable), MAX_ENDPOINTS);
        let receiver = Receiver::start().await;
        receiver.answer(410);
        let client = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201));
        let body = client.endpoint_body(json!({ "url": receiver.url }));
        let endpoint = ada.post(ENDPOINTS, &body).await.expect(201).text_of("id");
        ada.post_empty(&format!("{ENDPOINTS}/{endpoint}/test")).await.expect(202);
        app.dispatch().await;
        let letter = app.letter().await;
        assert_eq!(letter.to, "ada@example.com");
        assert!(letter.text.contains(&endpoint), "{}", letter.text);
        assert!(others.iter().all(|id| !letter.text.contains(id)), "{}", letter.text);
    }
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("PUBLIC_URL", "https://example.com/invite/"), LOOPBACK];

    async fn a_letter_names_the_api_with_its_base_path(app: TestApp) {
        let (_, mail) = app.invite("ada@example.com", &["admin"]).await;
        app.activate(&mail.token).await.expect(201);
        let ada = app.sign_in("ada@example.com").await;
        let client = json!({ "name": "Fleet sync", "scopes": ["system_users:read"] });
        let client = ApiClient::of(&ada.post(CLIENTS, &client).await.expect(201));
        let receiver = Receiver::start().await;
        receiver.answer(410);
        let body = client.endpoint_body(json!({ "url": receiver.url }));
        let endpoint = ada.post(ENDPOINTS, &body).await.expect(201).text_of("id");
        ada.post_empty(&format!("{ENDPOINTS}/{endpoint}/test")).await.expect(202);
        app.dispatch().await;
        let letter = app.letter().await;
        for part in [&letter.text, &letter.html] {
            for url in ["/docs", "/v1/webhook-endpoints/ID/replay"] {
                assert!(part.contains(&format!("https://example.com/invite{url}")), "{url}: {part}");
            }
        }
    }
}
