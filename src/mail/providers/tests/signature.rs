//! A provider that signs its requests as a whole, as those of Amazon are.

use std::sync::Arc;

use reqwest::{Request, header::HeaderValue};
use serde_json::json;

use super::*;
use crate::{
    domain::{letter::Letter, token::hex},
    mail::{
        Rendered,
        fault::Secrets,
        providers::{
            request::{Body, Post},
            response::{Answer, Verdict},
        },
    },
};

struct Signing;

/// Everything that such a signature covers.
fn signed(method: &str, path: &str, date: &str, body: &str) -> String {
    hex(&mac(b"secret", &format!("{method}\n{path}\n{date}\n{body}")))
}

impl super::super::api::ProviderApi for Signing {
    fn request(&self, letter: &Letter, _: &MessageBuilder, content: Rendered) -> Post {
        let body = Body::Json(json!({ "subject": content.subject }));
        Post { path: "/v2/email?a=b".to_owned(), headers: vec![("X-Date", letter.now.to_rfc3339())], body }
    }

    fn sign(&self, request: &mut Request) {
        let (url, body) = (request.url(), request.body().and_then(reqwest::Body::as_bytes).unwrap());
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let (date, body) =
            (request.headers()["x-date"].to_str().unwrap(), std::str::from_utf8(body).unwrap());
        assert_eq!(request.headers()["content-type"], "application/json");
        let signature = signed(request.method().as_str(), &path, date, body);
        request.headers_mut().insert("x-signature", HeaderValue::from_str(&signature).unwrap());
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        answer.usual(Some("id".to_owned()))
    }

    fn secrets(&self) -> Secrets {
        Secrets::default()
    }
}

#[tokio::test]
async fn a_signature_covers_the_whole_request() {
    let (base, asked) = answering(answer("200 OK", "", "")).await;
    let server = Server { provider: &PROVIDERS[0], base, api: Arc::new(Signing) };
    attempt(&server, AMPLE).await.unwrap();
    let request = asked.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    assert_eq!(header("x-signature: "), signed("POST", "/v2/email?a=b", header("x-date: "), body));
}
