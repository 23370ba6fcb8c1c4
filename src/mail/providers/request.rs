//! Requests to providers, and the headers that carry credentials.

use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::message::Mailbox;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{
    Request,
    header::{AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::mail::server_url::Login;

/// A POST, still without credentials.
#[derive(Debug, PartialEq)]
pub(in crate::mail) struct Post {
    /// The path below the address of the API.
    pub path: String,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// A GET, still without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) struct Get {
    /// Path and query below the address of the API.
    pub path: String,
    /// Headers beside `Accept`.
    pub headers: Vec<(&'static str, String)>,
}

impl Get {
    /// A path without a query. Each part of it stands between two slashes, whatever characters it has.
    pub fn path(parts: &[&str]) -> Self {
        let part = |part: &&str| format!("/{}", utf8_percent_encode(part, UNSAFE));
        Self { path: parts.iter().map(part).collect(), headers: Vec::new() }
    }

    /// The same with a query. A blank is `%20`, which is one in every reading.
    pub fn query(self, pairs: &[(&str, &str)]) -> Self {
        let pair = |(name, value): &(&str, &str)| {
            format!("{}={}", utf8_percent_encode(name, UNSAFE), utf8_percent_encode(value, UNSAFE))
        };
        let query: Vec<String> = pairs.iter().map(pair).collect();
        Self { path: format!("{}?{}", self.path, query.join("&")), ..self }
    }

    /// The same with a header, as a signature needs it.
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What is encoded in a part of a path: all but RFC 3986's unreserved characters.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The body of a [`Post`].
#[derive(Debug, PartialEq)]
pub(in crate::mail) enum Body {
    Json(Value),
    Form(Vec<(&'static str, String)>),
}

/// A mailbox as an object: the members for its address and, where it has one, its name.
pub(super) fn person(mailbox: &Mailbox, [address, name]: [&str; 2]) -> Value {
    let mut person = json!({ address: mailbox.email.as_ref() as &str });
    if let Some(text) = &mailbox.name {
        person[name] = text.as_str().into();
    }
    person
}

/// The host as the HTTP client sends it: with the port where it is not the scheme's. Signatures cover it.
pub(super) fn host(request: &Request) -> String {
    let host = request.url().host_str().unwrap_or_default();
    request.url().port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Adds a header that holds a key.
pub(super) fn add_key(request: &mut Request, name: HeaderName, key: &SecretString) {
    add(request, name, key.expose_secret());
}

/// Adds `Authorization: Bearer` (RFC 6750).
pub(super) fn add_bearer(request: &mut Request, key: &SecretString) {
    add(request, AUTHORIZATION, &format!("Bearer {}", key.expose_secret()));
}

/// Adds `Authorization: Basic` (RFC 7617).
pub(super) fn add_basic(request: &mut Request, Login { user, password }: &Login) {
    let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
    add(request, AUTHORIZATION, &format!("Basic {credentials}"));
}

fn add(request: &mut Request, name: HeaderName, value: &str) {
    // Keys have visible ASCII alone since they were read, so that this does not fail. Without its credentials
    // the request would be refused with 401.
    if let Ok(mut value) = HeaderValue::from_str(value) {
        value.set_sensitive(true);
        request.headers_mut().insert(name, value);
    }
}
