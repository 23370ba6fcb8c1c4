//! What the tests of providers share: a loopback server in place of the provider, and requests of webhooks.
//!
//! Each provider's own tests are beside its file, in `<name>/tests.rs`. What every provider must do is tested
//! here, for each row of the table.

mod answers;
mod signature;
pub(super) mod status;
mod table;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::{
    PROVIDERS,
    client::{Http, Limits},
    provider::{Server, UrlForm},
    provider_guide,
};
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, Verified, WebhookError, WebhookRequest, WebhookVerifier},
        letter::{Receipt, SendError},
        mail_fault::MailFault,
    },
    mail::{
        MailUrl, MessageBuilder,
        testing::{letter, sender},
        url::Destination,
    },
};

/// Ample, so that a busy machine fails no test; and short, where the server is silent on purpose.
pub(super) const AMPLE: Limits = Limits { connect: Duration::from_secs(10), whole: Duration::from_secs(10) };
pub(super) const SHORT: Limits =
    Limits { connect: Duration::from_millis(150), whole: Duration::from_millis(150) };

/// In place of an answer: the connection is reset once the request was read.
pub(super) const RESET: &str = "reset";

/// Answers one request with `answer`, or not at all when that is empty. Returns its address, and the request
/// once it was read.
pub(super) async fn answering(answer: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        loop {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).await.unwrap();
            request.push_str(std::str::from_utf8(&piece[..read]).unwrap());
            let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
            if read == 0 || body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        match answer {
            "" => std::future::pending().await,
            // Dropped with a reset instead of an orderly end.
            RESET => stream.set_zero_linger().unwrap(),
            answer => stream.write_all(answer.as_bytes()).await.unwrap(),
        }
        request
    });
    (base, asked)
}

/// An answer as it is sent.
pub(super) fn answer(status: &str, headers: &str, body: &str) -> &'static str {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).leak()
}

/// A `MAIL_URL` of each provider, with the key `hunter22`.
pub(super) fn urls() -> impl Iterator<Item = String> {
    PROVIDERS.iter().map(|provider| match &provider.url {
        UrlForm::Hosted(hosted) => {
            let (scheme, account) = hosted.form.split_once("://").unwrap();
            let rest = account.trim_start_matches(|c: char| c.is_ascii_uppercase());
            format!("{scheme}://hunter22{rest}")
        }
        UrlForm::TestServer { form, .. } => form.replace("://", "://ada:hunter22@"),
    })
}

/// The server of this `MAIL_URL`, at the address of the test's own.
pub(super) fn server(url: &str, base: &str) -> Server {
    let url = if url.contains("+http") {
        url.replace("HOST:8025", base.trim_start_matches("http://"))
    } else {
        format!("{url}?api={base}")
    };
    match MailUrl::parse(&url).unwrap().place() {
        Destination::Http(server) => server.clone(),
        _ => panic!("{url} is no provider"),
    }
}

/// One attempt to send the letter of tests.
pub(super) async fn attempt(server: &Server, limits: Limits) -> Result<Receipt, SendError> {
    Http::with_limits(server, limits).unwrap().send(&letter(), &MessageBuilder::new(sender()).unwrap()).await
}

/// One attempt that gets this answer, and the head and body of its request.
pub(super) async fn meet(url: &str, answer: &'static str) -> (Result<Receipt, SendError>, String, String) {
    let (base, asked) = answering(answer).await;
    let outcome = attempt(&server(url, &base), AMPLE).await;
    let request = asked.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (outcome, head.to_owned(), body.to_owned())
}

pub(super) fn accepted(provider: &'static str, message_id: &str) -> Receipt {
    Receipt { provider: Some(provider), message_id: Some(message_id.to_owned()) }
}

/// The `Message-ID` of the letter of tests.
pub(super) fn message_id() -> String {
    format!("<{}@voltmark.example>", letter().id)
}

/// A refusal that is final, or is not.
pub(super) async fn assert_refusal(url: &str, status: &str, body: &str, is_final: bool) {
    let error = meet(url, answer(status, "", body)).await.0.unwrap_err();
    assert_eq!(matches!(error, SendError::Permanent { .. }), is_final, "{url} {status} {body}: {error:?}");
    let text = error.to_string();
    assert!(text.contains(&status[..3]) && !text.contains("Ada@") && !text.contains("hunter22"), "{text}");
    assert_eq!(text.contains("refuses the credentials in MAIL_URL"), status.starts_with("401"), "{text}");
}

/// A refusal that ends no letter, and the operator's fault that it names.
pub(super) async fn assert_operator_fault(url: &str, status: &str, body: &str, wanted: Option<MailFault>) {
    match meet(url, answer(status, "", body)).await.0 {
        Err(SendError::Temporary { text, cause, .. }) => {
            assert_eq!(cause.fault, wanted, "{url} {status} {body}");
            assert!(text.contains(&status[..3]), "{text}");
        }
        other => panic!("{url} {status} {body}: {other:?}"),
    }
}

/// A success that does not say under which id the letter was accepted.
pub(super) async fn assert_unproven(url: &str, answer: &'static str) {
    match meet(url, answer).await.0 {
        Err(SendError::Temporary { text, wait: None, .. }) => {
            assert!(
                text.contains("without a message id (is MAIL_URL right?)") && !text.contains('<'),
                "{url}: {text}"
            );
            assert_eq!(text.contains("a web page, We are back soon"), answer.contains("Title"), "{text}");
        }
        other => panic!("{url} {answer}: {other:?}"),
    }
}

/// 24 November 2026, 12:00 UTC.
pub(super) const NOW: i64 = 1_795_521_600;
pub(super) const LETTER: &str = "ltr_01m86xvxh0e3pt0yekqqme4qcm";

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

/// The events of a webhook's request.
pub(super) fn read_events(
    verifier: &dyn WebhookVerifier,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<Vec<DeliveryEvent>, WebhookError> {
    read(verifier, headers, body, None).map(|verified| verified.events)
}

/// What a webhook's request brings, with the document that it is verified with.
pub(super) fn read(
    verifier: &dyn WebhookVerifier,
    headers: &[(&str, &str)],
    body: &str,
    document: Option<&[u8]>,
) -> Result<Verified, WebhookError> {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    verifier.read(&WebhookRequest { header: &header, body: body.as_bytes(), document, now: now() })
}

/// HMAC-SHA-256.
pub(super) fn mac(secret: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
