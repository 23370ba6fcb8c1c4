//! Postmark, SendGrid, Mailgun and Resend: what each is asked, and the answers that their documentation
//! shows, on a loopback server that gives them.

use chrono::TimeDelta;

use super::*;
use crate::mail::{MailUrl, url::Place};

mod refusals;

const ALL: [&str; 4] = [
    "postmark://hunter22",
    "sendgrid://hunter22",
    "mailgun://hunter22@mg.voltmark.example",
    "resend://hunter22",
];

fn server(url: &str, base: &str) -> Server {
    match MailUrl::parse(&format!("{url}?api={base}")).unwrap().place() {
        Place::Http(server) => server.clone(),
        _ => panic!("{url} is no service over HTTP"),
    }
}

/// An answer as it travels.
fn answer(status: &str, headers: &str, body: &str) -> &'static str {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).leak()
}

/// One attempt that meets the answer, and what was asked: head and body.
async fn meet(url: &str, answer: &'static str) -> (Result<Receipt, SendError>, String, String) {
    let (mailpit, asked) = answering(answer).await;
    let outcome = attempt(&server(url, &mailpit.base)).await;
    let request = asked.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (outcome, head.to_owned(), body.to_owned())
}

fn taken(provider: &'static str, message_id: &str) -> Receipt {
    Receipt { provider: Some(provider), message_id: Some(message_id.to_owned()) }
}

fn message_id() -> String {
    format!("<{}@voltmark.example>", letter().id)
}

#[tokio::test]
async fn postmark_takes_a_letter() {
    let said = r#"{"To":"Ada@example.com","SubmittedAt":"2026-11-24T13:03:07.0Z","MessageID":"0a129aee-e1cd-480d-b08d-4f48548ff48d","ErrorCode":0,"Message":"OK"}"#;
    let (outcome, head, body) = meet(ALL[0], answer("200 OK", "", said)).await;
    assert_eq!(outcome.unwrap(), taken("postmark", "0a129aee-e1cd-480d-b08d-4f48548ff48d"));
    assert!(
        head.starts_with("POST /email HTTP/1.1\r\n") && head.contains("x-postmark-server-token: hunter22"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["From"], "Voltmark <no-reply@voltmark.example>");
    assert_eq!((&body["To"], &body["ReplyTo"]), (&json!("Ada@example.com"), &json!("help@voltmark.example")));
    assert!(
        body["TextBody"].as_str().unwrap().contains(LINK)
            && body["HtmlBody"].as_str().unwrap().contains(LINK)
    );
    assert_eq!((&body["TrackOpens"], &body["TrackLinks"]), (&json!(false), &json!("None")));
    assert_eq!(body["Metadata"], json!({"letter": letter().id.to_string()}));
    let header = |name: &str, value: &str| json!({"Name": name, "Value": value});
    assert_eq!(
        body["Headers"],
        json!([
            header("Message-ID", &message_id()),
            header("X-PM-KeepID", "true"),
            header("Auto-Submitted", "auto-generated"),
            header("Precedence", "bulk"),
            header("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ])
    );
}

#[tokio::test]
async fn sendgrid_takes_a_letter() {
    let (outcome, head, body) =
        meet(ALL[1], answer("202 Accepted", "X-Message-Id: UqASyyROTe69qCjFZpHn2w\r\n", "")).await;
    assert_eq!(outcome.unwrap(), taken("sendgrid", "UqASyyROTe69qCjFZpHn2w"));
    assert!(
        head.starts_with("POST /v3/mail/send HTTP/1.1\r\n")
            && head.contains("authorization: Bearer hunter22"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["personalizations"], json!([{"to": [{"email": "Ada@example.com"}]}]));
    assert_eq!(body["from"], json!({"email": "no-reply@voltmark.example", "name": "Voltmark"}));
    assert_eq!(body["reply_to"], json!({"email": "help@voltmark.example"}));
    // Plain text has to come first.
    assert_eq!(
        (&body["content"][0]["type"], &body["content"][1]["type"]),
        (&json!("text/plain"), &json!("text/html"))
    );
    assert!(body["content"][0]["value"].as_str().unwrap().contains(LINK));
    assert_eq!(body["headers"]["Message-ID"], message_id());
    assert_eq!(body["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(body["custom_args"], json!({"letter": letter().id.to_string()}));
    for tracking in ["click_tracking", "open_tracking", "subscription_tracking", "ganalytics"] {
        assert_eq!(body["tracking_settings"][tracking]["enable"], false, "{tracking}");
    }
    assert_eq!(body["tracking_settings"]["click_tracking"]["enable_text"], false);
}

#[tokio::test]
async fn mailgun_takes_a_letter() {
    let said = r#"{"id":"<20261124130307.1.ABC@mg.voltmark.example>","message":"Queued. Thank you."}"#;
    let (outcome, head, body) = meet(ALL[2], answer("200 OK", "", said)).await;
    assert_eq!(outcome.unwrap(), taken("mailgun", "20261124130307.1.ABC@mg.voltmark.example"));
    assert!(head.starts_with("POST /v3/mg.voltmark.example/messages HTTP/1.1\r\n"), "{head}");
    // `api:hunter22`
    assert!(
        head.contains("authorization: Basic YXBpOmh1bnRlcjIy") && head.contains("x-www-form-urlencoded"),
        "{head}"
    );
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(field("from"), Some("Voltmark <no-reply@voltmark.example>"));
    assert_eq!((field("to"), field("h:Reply-To")), (Some("Ada@example.com"), Some("help@voltmark.example")));
    assert!(field("text").unwrap().contains(LINK) && field("html").unwrap().contains(LINK));
    for tracking in ["o:tracking", "o:tracking-clicks", "o:tracking-opens"] {
        assert_eq!(field(tracking), Some("no"), "{tracking}");
    }
    assert_eq!(field("v:letter"), Some(letter().id.to_string().as_str()));
    assert_eq!(field("h:Message-Id"), Some(message_id().as_str()));
    assert_eq!(field("h:Auto-Submitted"), Some("auto-generated"));
    assert_eq!(field("h:X-Auto-Response-Suppress"), Some("OOF, AutoReply"));
}

#[tokio::test]
async fn resend_takes_a_letter() {
    let (outcome, head, body) =
        meet(ALL[3], answer("200 OK", "", r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#)).await;
    assert_eq!(outcome.unwrap(), taken("resend", "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"));
    assert!(
        head.starts_with("POST /emails HTTP/1.1\r\n") && head.contains("authorization: Bearer hunter22"),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["from"], "Voltmark <no-reply@voltmark.example>");
    assert_eq!(
        (&body["to"], &body["reply_to"]),
        (&json!(["Ada@example.com"]), &json!("help@voltmark.example"))
    );
    assert!(body["text"].as_str().unwrap().contains(LINK) && body["html"].as_str().unwrap().contains(LINK));
    assert_eq!(body["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(body["tags"], json!([{"name": "letter", "value": letter().id.to_string()}]));
    let key = |head: &str| {
        head.lines().find_map(|line| line.strip_prefix("idempotency-key: ").map(str::to_owned)).unwrap()
    };
    assert!(key(&head).starts_with(&format!("{}/", letter().id)), "{head}");
}

/// Resend refuses a key that comes again with other words.
#[test]
fn resends_key_is_that_of_the_letter_and_its_words() {
    let builder = MessageBuilder::new(sender()).unwrap();
    let key = |letter: &Letter| {
        resend::post(letter, &builder, &builder.write(letter).unwrap()).headers[0].1.clone()
    };
    let (first, mut second) = (letter(), letter());
    second.now += TimeDelta::seconds(5);
    assert_eq!(key(&first), key(&second));
    second.expires_at += TimeDelta::minutes(5);
    assert_ne!(key(&first), key(&second));
}

#[tokio::test]
async fn refusals_mean_what_the_providers_documentation_says() {
    let [postmark, sendgrid, mailgun, resend] = ALL;
    let sendgrid_error = |field: &str| {
        format!(
            r#"{{"errors":[{{"message":"Does not contain a valid address.","field":"{field}","help":null}}]}}"#
        )
    };
    let (to, from) = (sendgrid_error("personalizations.0.to.0.email"), sendgrid_error("from.email"));
    for (url, status, body, never) in [
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":406,"Message":"You tried to send to recipient(s) that have been marked as inactive. Found inactive addresses: Ada@example.com."}"#,
            true,
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":300,"Message":"Invalid 'To' address: 'Ada@example.com'."}"#,
            true,
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":300,"Message":"Invalid 'From' address: 'x'."}"#,
            false,
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":400,"Message":"The 'From' address you supplied is not a Sender Signature."}"#,
            false,
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":405,"Message":"Your account has run out of credits."}"#,
            false,
        ),
        (
            postmark,
            "401 Unauthorized",
            r#"{"ErrorCode":10,"Message":"No Account or Server API tokens were supplied."}"#,
            false,
        ),
        (postmark, "413 Payload Too Large", "", true),
        (sendgrid, "400 Bad Request", to.as_str(), true),
        (sendgrid, "400 Bad Request", from.as_str(), false),
        (
            sendgrid,
            "401 Unauthorized",
            r#"{"errors":[{"message":"The provided authorization grant is invalid, expired, or revoked","field":null}]}"#,
            false,
        ),
        (sendgrid, "403 Forbidden", from.as_str(), false),
        (sendgrid, "413 Payload Too Large", "", true),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"'to' parameter is not a valid address. please check documentation"}"#,
            true,
        ),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"'from' parameter is not a valid address. please check documentation"}"#,
            false,
        ),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"to parameter is not a valid address. please check documentation"}"#,
            true,
        ),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"from parameter is not a valid address. please check documentation"}"#,
            false,
        ),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"Domain mg.voltmark.example is not allowed to send: The domain is unverified and requires DNS configuration."}"#,
            false,
        ),
        (mailgun, "401 Unauthorized", "Forbidden", false),
        (mailgun, "402 Payment Required", r#"{"message":"Request Failed"}"#, false),
        (mailgun, "404 Not Found", r#"{"message":"Domain not found: mg.voltmark.example"}"#, false),
        (
            resend,
            "422 Unprocessable Entity",
            r#"{"statusCode":422,"message":"Invalid `to` field. The email address needs to follow the `email@example.com` format.","name":"validation_error"}"#,
            true,
        ),
        (
            resend,
            "422 Unprocessable Entity",
            r#"{"statusCode":422,"message":"Invalid `from` field.","name":"invalid_from_address"}"#,
            false,
        ),
        (
            resend,
            "401 Unauthorized",
            r#"{"statusCode":401,"message":"Missing API Key","name":"missing_api_key"}"#,
            false,
        ),
        (
            resend,
            "403 Forbidden",
            r#"{"statusCode":403,"message":"The domain is not verified.","name":"validation_error"}"#,
            false,
        ),
        (
            resend,
            "409 Conflict",
            r#"{"statusCode":409,"message":"Same key, request in progress","name":"concurrent_idempotent_requests"}"#,
            false,
        ),
        (
            resend,
            "451 Unavailable",
            r#"{"statusCode":451,"message":"We may have found a security issue","name":"security_error"}"#,
            false,
        ),
    ] {
        let (outcome, ..) = meet(url, answer(status, "", body)).await;
        let error = outcome.unwrap_err();
        assert_eq!(matches!(error, SendError::Never(_)), never, "{url} {status} {body}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(&status[..3]) && !text.contains("Ada@") && !text.contains("hunter22"),
            "{text}"
        );
        assert_eq!(text.contains("refuses the credentials in MAIL_URL"), status.starts_with("401"), "{text}");
    }
}

#[tokio::test]
async fn busy_and_broken_providers_are_tried_again_and_not_before_they_said() {
    let in_two_minutes = (letter().now + TimeDelta::minutes(2)).to_rfc2822().replace("+0000", "GMT");
    let date = format!("Retry-After: {in_two_minutes}\r\n");
    let reset = format!("X-RateLimit-Reset: {}\r\n", letter().now.timestamp() + 90);
    let no_moment = format!("X-RateLimit-Reset: {}\r\n", letter().now.timestamp_millis() + 90_000);
    for url in ALL {
        for (status, headers, wait) in [
            ("429 Too Many Requests", "Retry-After: 30\r\n", Some((30, true))),
            ("429 Too Many Requests", date.as_str(), Some((120, true))),
            ("429 Too Many Requests", reset.as_str(), Some((90, true))),
            ("429 Too Many Requests", no_moment.as_str(), Some((5, true))),
            ("429 Too Many Requests", "Retry-After: soon\r\n", Some((5, true))),
            ("503 Service Unavailable", "Retry-After: 600\r\n", Some((600, true))),
            ("503 Service Unavailable", "", None),
            ("409 Conflict", "Retry-After: 7\r\n", Some((7, false))),
            ("500 Internal Server Error", reset.as_str(), None),
            ("502 Bad Gateway", "", None),
        ] {
            let (outcome, ..) = meet(url, answer(status, headers, "{\"message\":\"hunter22\"}")).await;
            match outcome.unwrap_err() {
                SendError::Later { text, wait: told, .. } => {
                    let told = told.map(|wait| (wait.time.num_seconds(), wait.every_letter));
                    assert_eq!(told, wait, "{url} {status} {headers}");
                    assert!(text.contains(&status[..3]) && !text.contains("hunter22"), "{text}");
                }
                error @ SendError::Never(_) => panic!("{url} {status}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn silence_and_a_reset_after_the_request_are_tried_again() {
    for url in ALL {
        let (outcome, _, body) = meet(url, RESET).await;
        assert!(!body.is_empty());
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, SendError::Later { text, wait: None, .. } if text.contains("cannot be reached")),
            "{error:?}"
        );

        let (mailpit, asked) = answering("").await;
        let error = attempt_within(SHORT, &server(url, &mailpit.base)).await.unwrap_err();
        assert!(matches!(&error, SendError::Later { text, .. } if text.contains("timed out")), "{error:?}");
        asked.abort();
    }
}

/// As a proxy answers that stands in for the service, or an answer that broke off: nobody knows that the
/// letter was taken.
#[tokio::test]
async fn a_success_without_what_comes_with_one_is_tried_again() {
    let [postmark, sendgrid, mailgun, resend] = ALL;
    let page = answer(
        "200 OK",
        "Content-Type: text/html\r\n",
        "<!doctype html><HTML><Title> We are back soon </Title><p>x</p>",
    );
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id";
    let ok = |body| answer("200 OK", "", body);
    for (url, answer) in ALL
        .into_iter()
        .chain(["mailpit+http"])
        .flat_map(|url| [(url, page), (url, ok("")), (url, ok("{}")), (url, cut)])
        .chain([
            (postmark, ok(r#"{"ErrorCode":40"#)),
            (postmark, ok(r#"{"ErrorCode":"406","Message":"inactive"}"#)),
            (postmark, ok(r#"{"ErrorCode":0,"Message":"OK"}"#)),
            (postmark, ok(r#"{"ErrorCode":0,"MessageID":""}"#)),
            (postmark, ok(r#"{"MessageID":"0a129aee"}"#)),
            (sendgrid, answer("202 Accepted", "", "")),
            (sendgrid, answer("200 OK", "X-Message-Id: a\r\n", "")),
            (mailgun, ok(r#"{"id":"<>","message":"Queued. Thank you."}"#)),
            (resend, ok(r#"{"id":7}"#)),
        ])
    {
        let outcome = match url {
            "mailpit+http" => attempt(&answering(answer).await.0).await,
            url => meet(url, answer).await.0,
        };
        match outcome {
            Err(SendError::Later { text, wait: None, .. }) => {
                assert!(
                    text.contains("without a message id (is MAIL_URL right?)") && !text.contains('<'),
                    "{url}: {text}"
                );
                assert_eq!(text.contains("a web page, We are back soon"), answer == page, "{text}");
            }
            other => panic!("{url} {answer}: {other:?}"),
        }
    }
}

/// SendGrid says in the head all that there is to say.
#[tokio::test]
async fn sendgrids_answer_may_break_off_after_its_head() {
    let (outcome, ..) =
        meet(ALL[1], "HTTP/1.1 202 Accepted\r\nX-Message-Id: a\r\ncontent-length: 100\r\n\r\n{\"id").await;
    assert_eq!(outcome.unwrap(), taken("sendgrid", "a"));
}
