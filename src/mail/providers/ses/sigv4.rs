//! Amazon's signature version 4 of a request,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//!
//! Written here, since no request has a query, and every path is one that needs no escapes. `tests/providers`
//! compares it with botocore's.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{
    Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{domain::token::hex, mail::providers::request::host};

/// The header with the time that is signed. The request has it before it is signed.
pub(super) const DATE: &str = "x-amz-date";
/// The header with the token of temporary credentials.
const SESSION_TOKEN: &str = "x-amz-security-token";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// An access key.
pub(super) struct Credentials {
    /// Its id.
    pub key_id: SecretString,
    /// Its secret.
    pub secret: SecretString,
    /// The token that comes with temporary credentials.
    pub session_token: Option<SecretString>,
}

/// A time as the header has it: `20261124T130307Z`.
pub(super) fn date(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Signs method, path, host, content type, time, token and body.
pub(super) fn sign(request: &mut Request, credentials: &Credentials, region: &str, service: &str) {
    if let Some(token) = credentials.session_token.as_ref().and_then(|token| value(token.expose_secret())) {
        request.headers_mut().insert(SESSION_TOKEN, token);
    }
    let authorization = authorization(request, credentials, region, service);
    // Ids and signatures are visible ASCII. Without the header the request would be refused.
    if let Some(authorization) = value(&authorization) {
        request.headers_mut().insert(AUTHORIZATION, authorization);
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn authorization(request: &Request, credentials: &Credentials, region: &str, service: &str) -> String {
    let date = header(request, DATE).unwrap_or_default();
    let day = date.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let (canonical, signed_headers) = canonical(request);
    let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let secret = format!("AWS4{}", credentials.secret.expose_secret());
    let key = [day, region, service, "aws4_request", &to_sign]
        .iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part.as_bytes()));
    format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={signed_headers}, Signature={}",
        credentials.key_id.expose_secret(),
        hex(&key)
    )
}

/// The canonical request, and the names of the headers in it.
fn canonical(request: &Request) -> (String, String) {
    // In the order of their names.
    let names = [CONTENT_TYPE.as_str(), "host", DATE, SESSION_TOKEN];
    let headers: Vec<(&str, String)> = names
        .into_iter()
        .filter_map(|name| match name {
            "host" => Some((name, host(request))),
            _ => Some((name, header(request, name)?.to_owned())),
        })
        .collect();
    let lines: String = headers.iter().flat_map(|(name, value)| [name, ":", value.trim(), "\n"]).collect();
    let signed = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let (method, path, body) = (request.method(), request.url().path(), hex(&Sha256::digest(body)));
    (format!("{method}\n{path}\n\n{lines}\n{signed}\n{body}"), signed)
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so that this does not fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url};

    use super::*;

    /// Amazon's published test suite of signature version 4: the same key, region and service in each.
    fn signed(
        method: Method,
        headers: &[(&'static str, &'static str)],
        body: &'static str,
        token: Option<&str>,
    ) -> String {
        let mut request = Request::new(method, Url::parse("https://example.amazonaws.com/").unwrap());
        request.headers_mut().insert(DATE, HeaderValue::from_static("20150830T123600Z"));
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_static(value));
        }
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        let credentials = Credentials {
            key_id: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: token.map(SecretString::from),
        };
        sign(&mut request, &credentials, "us-east-1", "service");
        let authorization = header(&request, "authorization").unwrap();
        let start =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
        authorization.strip_prefix(start).unwrap().to_owned()
    }

    #[test]
    fn agrees_with_the_published_vectors() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for (seen, wanted) in [
            (
                signed(Method::GET, &[], "", None),
                "host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                signed(Method::POST, &[], "", None),
                "host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                signed(Method::POST, &form, "Param1=value1", None),
                "content-type;host;x-amz-date, \
                Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ] {
            assert_eq!(seen, wanted);
        }
    }

    #[test]
    fn covers_everything_that_is_sent() {
        let json = [("content-type", "application/json")];
        let plain = signed(Method::POST, &json, "{}", None);
        let others = [
            signed(Method::PUT, &json, "{}", None),
            signed(Method::POST, &json, "{ }", None),
            signed(Method::POST, &[("content-type", "text/plain")], "{}", None),
            signed(Method::POST, &json, "{}", Some("token")),
            signed(Method::POST, &json, "{}", Some("token2")),
        ];
        assert!(others.iter().all(|other| *other != plain) && others[3] != others[4], "{others:?}");
        assert!(
            others[3].starts_with("content-type;host;x-amz-date;x-amz-security-token, "),
            "{}",
            others[3]
        );
    }
}
