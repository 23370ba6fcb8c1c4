//! API clients and their tokens.

use invitation_service::domain::permission::Permission;
use reqwest::Method;
use serde_json::Value;

use super::{Answer, Client, TestApp, customers::with, json};

pub const CLIENTS: &str = "/v1/api-clients";
pub const TOKEN: &str = "/v1/auth/token";

/// A client and its first secret.
pub struct ApiClient {
    pub id: String,
    pub secret: String,
    /// The answer that made it.
    pub made: Value,
}

impl ApiClient {
    pub fn of(answer: &Answer) -> Self {
        Self { id: answer.text_of("id"), secret: answer.text_of("secret"), made: answer.body.clone() }
    }

    pub fn path(&self) -> String {
        format!("{CLIENTS}/{}", self.id)
    }

    /// Asks for a token with a secret in the form.
    pub async fn ask(&self, app: &TestApp, secret: &str) -> Answer {
        let grant = ("grant_type", "client_credentials");
        app.form(&[grant, ("client_id", &self.id), ("client_secret", secret)]).await
    }

    /// A caller with a token of it.
    pub async fn caller(&self, app: &TestApp) -> Client {
        let token = self.ask(app, &self.secret).await.expect(200).text_of("access_token");
        app.bearer(&token)
    }
}

impl TestApp {
    /// Makes a client as an admin, with these members beside a name.
    pub async fn api_client(&self, members: Value) -> ApiClient {
        let body = with(json!({ "name": "Fleet sync" }), members);
        ApiClient::of(&self.admin().post(CLIENTS, &body).await.expect(201))
    }

    /// A caller with a token of a new client.
    pub async fn client_caller(&self, scopes: &[Permission], account: Option<&str>) -> Client {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        self.api_client(json!({ "scopes": scopes, "account_id": account })).await.caller(self).await
    }

    /// Posts a form to the token endpoint.
    pub async fn form(&self, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.anonymous().request(Method::POST, TOKEN).form(fields)).await
    }
}
