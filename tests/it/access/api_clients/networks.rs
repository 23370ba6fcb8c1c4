//! Clients that may call from certain networks: at the token endpoint, and with each token.

use crate::support::{
    Answer, TestApp,
    api_clients::{ApiClient, TOKEN},
    json, on_both_databases,
};
use reqwest::Method;

/// A request by way of a proxy, from this address.
async fn from(app: &TestApp, client: &ApiClient, address: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client.id.as_str()),
        ("client_secret", client.secret.as_str()),
    ];
    let request = app.anonymous().request(Method::POST, TOKEN).header("x-forwarded-for", address);
    Answer::of(request.form(&fields)).await
}

on_both_databases! {
    with [("RATE_LIMITS", "off"), ("TRUSTED_PROXIES", "127.0.0.1")];

    async fn a_token_is_issued_and_taken_in_its_networks_only(app: TestApp) {
        let networks = json!(["203.0.113.0/24", "2001:db8::/32"]);
        let client = app.api_client(json!({ "scopes": ["customers:read"], "networks": networks })).await;
        let mut tokens = Vec::new();
        for (address, status) in [
            ("203.0.113.7", 200),
            ("::ffff:203.0.113.7", 200),
            ("2001:db8:7::1", 200),
            ("203.0.114.7", 401),
            ("2001:db9::1", 401),
            ("127.0.0.1", 401),
        ] {
            let answer = from(&app, &client, address).await.expect(status);
            if status == 200 {
                tokens.push(answer.text_of("access_token"));
            } else {
                assert_eq!(answer.body["error"], "invalid_client", "{address}");
            }
        }
        let users = async |token: &str, address: &str| {
            app.bearer(token).call(Method::GET, "/v1/users", &[("x-forwarded-for", address)]).await
        };
        for token in &tokens {
            for address in ["203.0.113.200", "2001:db8::9"] {
                users(token, address).await.expect(200);
            }
            for address in ["198.51.100.1", "2001:db9::1"] {
                let refused = users(token, address).await.problem(401, "unauthenticated");
                assert_eq!(refused.header("www-authenticate"), "Bearer error=\"invalid_token\"");
            }
            app.bearer(token).get("/v1/users").await.problem(401, "unauthenticated");
        }
        let log = app.admin().get("/v1/audit-events?action=client_token").await.expect(200).body;
        assert_eq!(log["data"][0]["details"], json!({ "reason": "network" }));
    }
}
