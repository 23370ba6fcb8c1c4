//! The request that passes a message on.

use std::time::Duration;

use reqwest::{Client, StatusCode, header::CONTENT_TYPE, redirect::Policy};
use serde_json::Value;
use url::Url;

use crate::{domain::shared_secret::SharedSecret, mail::chain};

/// The time limits for a connection, and for the whole request: mail servers give a command minutes.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// Where a message is passed to, and with what.
pub(super) struct Submission {
    pub(super) url: Url,
    pub(super) secret: SharedSecret,
    pub(super) recipient: Option<String>,
}

/// Why a message is not stored.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotStored {
    #[error("no HTTP client can be made: {0}")]
    Client(String),
    #[error("the service at {0} does not answer: {1}")]
    Away(String, String),
    #[error("the service at {0} answered {1}: {2}")]
    Refused(String, u16, String),
}

impl Submission {
    /// Passes the message on: what the service says of it.
    ///
    /// # Errors
    /// [`NotStored`].
    pub(super) async fn send(&self, message: Vec<u8>) -> Result<String, NotStored> {
        let base = self.url.as_str().trim_end_matches('/').to_owned();
        let mut url = self.url.clone();
        url.set_path(&format!("{}/v1/mail-events/dsn", self.url.path().trim_end_matches('/')));
        url.set_query(None);
        if let Some(recipient) = &self.recipient {
            url.query_pairs_mut().append_pair("recipient", recipient);
        }
        let request = client()?
            .post(url)
            .bearer_auth(self.secret.expose())
            .header(CONTENT_TYPE, "message/rfc822")
            .body(message);
        let away = |error: reqwest::Error| NotStored::Away(base.clone(), chain(&error.without_url()));
        let answer = request.send().await.map_err(away)?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await.map_err(away)?).unwrap_or_default();
        match body["outcome"].as_str() {
            Some(outcome) if status == StatusCode::OK => Ok(outcome.to_owned()),
            _ => {
                let detail = body["detail"].as_str().unwrap_or("it is no invitation-service").to_owned();
                Err(NotStored::Refused(base, status.as_u16(), detail))
            }
        }
    }
}

fn client() -> Result<Client, NotStored> {
    // The client needs the process's default crypto provider. An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        // The secret must not be sent to any other server that the service redirects to.
        .redirect(Policy::none())
        .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| NotStored::Client(chain(&error)))
}
