use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use secrecy::SecretString;
use serde_json::json;

use super::*;
use crate::mail::testing::{LINK, letter, sender};

mod providers;

/// Ample, so that a busy machine fails no test; and short, where the server is silent on purpose.
const AMPLE: Limits = Limits { connect: Duration::from_secs(10), whole: Duration::from_secs(10) };
const SHORT: Limits = Limits { connect: Duration::from_millis(150), whole: Duration::from_millis(150) };

/// Stands for an answer: the connection is reset once the request has been read.
const RESET: &str = "reset";

/// Answers one request with `answer`, or not at all when that is empty, and gives back what it was asked.
async fn answering(answer: &'static str) -> (Server, JoinHandle<String>) {
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
            if read == 0 || body.len() >= length.unwrap() {
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
    (Server { base, service: Service::Mailpit(None) }, asked)
}

async fn attempt(server: &Server) -> Result<Receipt, SendError> {
    attempt_within(AMPLE, server).await
}

async fn attempt_within(limits: Limits, server: &Server) -> Result<Receipt, SendError> {
    Http::with_limits(server, limits).unwrap().send(&letter(), &MessageBuilder::new(sender()).unwrap()).await
}

#[tokio::test]
async fn posts_the_whole_letter() {
    let (mut server, asked) =
        answering("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"ID\":\"abc\"}").await;
    server.service =
        Service::Mailpit(Some(Login { user: "ada".to_owned(), password: SecretString::from("hunter22") }));
    assert_eq!(attempt(&server).await.unwrap(), Receipt::default());
    let request = asked.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /api/v1/send HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: Basic YWRhOmh1bnRlcjIy"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["From"], json!({"Name": "Voltmark", "Email": "no-reply@voltmark.example"}));
    assert_eq!(body["To"], json!([{"Name": "", "Email": "Ada@example.com"}]));
    assert_eq!(body["ReplyTo"], json!([{"Name": "", "Email": "help@voltmark.example"}]));
    assert_eq!(body["Subject"], "Anna de Vries invites you to join Voltmark");
    assert!(body["Text"].as_str().unwrap().contains(LINK) && body["HTML"].as_str().unwrap().contains(LINK));
    assert_eq!(body["Headers"]["Message-ID"], format!("<{}@voltmark.example>", letter().id));
    assert_eq!(body["Headers"]["Auto-Submitted"], "auto-generated");
}

#[tokio::test]
async fn tells_faults_of_the_letter_from_all_others() {
    for (status, never) in [
        ("400 Bad Request", true),
        ("413 Payload Too Large", true),
        ("422 Unprocessable Entity", true),
        ("302 Found", false),
        ("401 Unauthorized", false),
        ("403 Forbidden", false),
        ("404 Not Found", false),
        ("408 Request Timeout", false),
        ("429 Too Many Requests", false),
        ("500 Internal Server Error", false),
        ("503 Service Unavailable", false),
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: /elsewhere\r\ncontent-length: 31\r\n\r\n{{\"Error\":\"bad\nAda@example.com!\"}}"
        );
        let (server, _asked) = answering(answer.leak()).await;
        let error = attempt(&server).await.unwrap_err();
        assert_eq!(matches!(error, SendError::Never(_)), never, "{status}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(&status[..3])
                && text.contains("bad")
                && !text.contains('\n')
                && !text.contains("Ada@"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn nobody_there_and_silence_are_tried_again() {
    let (server, asked) = answering("").await;
    let error = attempt_within(SHORT, &server).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Later { text, .. } if text.contains("timed out") && !text.contains("http")),
        "{error:?}"
    );
    asked.abort();
    let _ = asked.await;
    let error = attempt(&server).await.unwrap_err();
    assert!(matches!(&error, SendError::Later { text, .. } if text.contains("refused")), "{error:?}");
}
