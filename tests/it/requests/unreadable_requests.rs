//! Requests that the HTTP library refuses before the application sees them are answered with a problem and a
//! request id.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{TestApp, on_both_databases};

/// What comes back for these bytes until the server closes the connection.
async fn answer_to(app: &TestApp, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(sent).await;
    let mut read = Vec::new();
    let _ = timeout(Duration::from_secs(20), stream.read_to_end(&mut read)).await.unwrap();
    String::from_utf8(read).unwrap()
}

/// Asserts that the last answer is this problem, whole, with the headers of every answer.
fn is_problem(answer: &str, status: u16, code: &str) {
    let last = &answer[answer.rfind("HTTP/1.1 4").unwrap_or_else(|| panic!("no answer: {answer:?}"))..];
    let (head, body) = last.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let head = head.to_ascii_lowercase();
    let header = |name: &str| {
        let prefix = format!("{name}: ");
        let mut found = head.lines().filter_map(|line| line.strip_prefix(&prefix));
        let value = found.next().unwrap_or_else(|| panic!("no {name}: {head}"));
        assert_eq!(found.next(), None, "{name} twice: {head}");
        value.to_owned()
    };
    assert_eq!(header("content-type"), "application/problem+json");
    assert_eq!(header("connection"), "close");
    assert_eq!(header("content-length"), body.len().to_string());
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    header("date");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(u64::from(status))));
    assert_eq!(body["request_id"].as_str(), Some(header("x-request-id").as_str()));
}

on_both_databases! {
    async fn what_is_not_http_is_a_problem(app: TestApp) {
        let malformed: [&[u8]; 8] = [
            b"\0\x01\x02\r\n\r\n",
            b"GET /v1/roles HTTP/9.9\r\nHost: x\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /v1/roles HTTP/1.1\r\nHost x\r\n\r\n",
            b"GET /v1/roles HTTP/1.1\r\nHost: x\r\nX: \x01\r\n\r\n",
            b"POST /v1/activations HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
            b"POST /v1/activations HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST /v1/activations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        ];
        for sent in malformed {
            is_problem(&answer_to(&app, sent).await, 400, "malformed_request");
        }
    }

    async fn a_head_that_is_too_large_is_a_problem(app: TestApp) {
        let long = "a".repeat(200_000);
        let many = "X: a\r\n".repeat(200);
        for sent in [
            format!("GET /v1/roles?{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
            format!("GET /v1/roles HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
            format!("GET /v1/roles HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        ] {
            is_problem(&answer_to(&app, sent.as_bytes()).await, 431, "headers_too_large");
        }
    }

    /// The answers before it on the same connection are those of the application.
    async fn an_unreadable_request_behind_a_good_one_is_a_problem(app: TestApp) {
        let both = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET nothing\r\n\r\n";
        let answer = answer_to(&app, both).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        is_problem(&answer, 400, "malformed_request");
    }
}
