//! Signs a request by an access key:
//! <https://learn.microsoft.com/en-us/azure/communication-services/tutorials/hmac-header-tutorial>.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{
    Request,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::mail::{
    fault::Secrets,
    providers::{hosted_url::key, request::host},
};

/// The header with the time that is signed. The request has it before it is signed.
pub(super) const DATE: &str = "x-ms-date";
const CONTENT: HeaderName = HeaderName::from_static("x-ms-content-sha256");

/// An access key of a resource: base 64.
pub(super) struct AccessKey(SecretString);

/// A time as headers have it (RFC 9110 §5.6.7).
pub(super) fn date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl AccessKey {
    pub fn parse(text: &str) -> Result<Self, String> {
        let key = key(text)?;
        if STANDARD.decode(key.expose_secret()).is_err() {
            return Err("The access key must be base 64, with / percent-encoded.".to_owned());
        }
        Ok(Self(key))
    }

    /// Signs method, path, query, time, host and body.
    pub fn sign(&self, request: &mut Request) {
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
        let digest = STANDARD.encode(Sha256::digest(body));
        let url = request.url();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let date = request.headers().get(DATE).and_then(|date| date.to_str().ok()).unwrap_or_default();
        let (method, path, host) = (request.method(), url.path(), host(request));
        let signature = self.mac(&format!("{method}\n{path}{query}\n{date};{host};{digest}"));
        let authorization = format!(
            "HMAC-SHA256 SignedHeaders={DATE};host;{CONTENT}&Signature={}",
            STANDARD.encode(signature)
        );
        // Both are visible ASCII. Without them the request would be refused.
        if let (Ok(digest), Ok(mut authorization)) =
            (HeaderValue::from_str(&digest), HeaderValue::from_str(&authorization))
        {
            authorization.set_sensitive(true);
            request.headers_mut().insert(CONTENT, digest);
            request.headers_mut().insert(AUTHORIZATION, authorization);
        }
    }

    fn mac(&self, text: &str) -> Vec<u8> {
        let key = STANDARD.decode(self.0.expose_secret()).unwrap_or_default();
        // HMAC takes a key of any length, so that this does not fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return Vec::new() };
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    pub fn secrets(&self) -> Secrets {
        Secrets::of(&self.0)
    }
}
