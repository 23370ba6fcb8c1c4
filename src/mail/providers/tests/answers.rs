//! Answers that every provider must understand alike.

use chrono::TimeDelta;

use super::*;

#[tokio::test]
async fn a_status_says_whether_the_letter_is_at_fault() {
    for (status, is_final) in [
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
            "HTTP/1.1 {status}\r\nlocation: /elsewhere\r\ncontent-length: \
            31\r\n\r\n{{\"Error\":\"bad\nAda@example.com!\"}}"
        );
        let error = meet("mailpit+http://HOST:8025", answer.leak()).await.0.unwrap_err();
        assert_eq!(matches!(error, SendError::Permanent { .. }), is_final, "{status}: {error:?}");
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
async fn the_reason_is_shown_in_whatever_form_it_comes() {
    let [postmark, sendgrid, mailgun, resend] =
        ["postmark://key", "sendgrid://key", "mailgun://key@d.example", "resend://key"];
    let long = format!(
        "<html><head><title>{}</title></head><body>{}</body></html>",
        "x ".repeat(100),
        "y ".repeat(100)
    );
    for (url, body, reason) in [
        (
            resend,
            concat!(
                r#"{"statusCode":422,"message":"The attribute is not what it should "#,
                r#"be.","name":"validation_error"}"#
            ),
            "Resend answered 422: The attribute is not what it should be.",
        ),
        (
            postmark,
            r#"{"ErrorCode":300,"Message":"Zero recipients specified, it says"}"#,
            "Postmark answered 422: Zero recipients specified, it says",
        ),
        (
            mailgun,
            r#"{"message":"to parameter is not a valid address"}"#,
            "Mailgun answered 422: to parameter is not a valid address",
        ),
        (
            sendgrid,
            concat!(
                r#"{"errors":[{"message":"Does not contain a valid "#,
                r#"address.","field":"personalizations.0.to.0.email","help":null},{"message":"Bad.","#,
                r#""field":null}]}"#
            ),
            "SendGrid answered 422: Does not contain a valid address. (personalizations.0.to.0.email); Bad.",
        ),
        (
            resend,
            r#"{"what":"is this about","why":["nobody","knows","and","nobody","tells"]}"#,
            r#"{ "what": "is this about","#,
        ),
        (resend, "plain words, and many of them", "Resend answered 422: plain words, and many of them"),
        (resend, &long, "Resend answered 422: a web page, x x x"),
        (resend, "<p>no title</p>", "Resend answered 422: a web page"),
        (resend, "", "Resend answered 422"),
    ] {
        let text = meet(url, answer("422 Unprocessable Entity", "", body)).await.0.unwrap_err().to_string();
        assert!(
            text.contains(reason)
                && !text.contains("[…]")
                && !text.ends_with([':', ' '])
                && !text.contains("y y"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn busy_and_broken_providers_are_tried_again_and_not_before_they_said() {
    let in_two_minutes = (letter().now + TimeDelta::minutes(2)).to_rfc2822().replace("+0000", "GMT");
    let date = format!("Retry-After: {in_two_minutes}\r\n");
    let reset = format!("X-RateLimit-Reset: {}\r\n", letter().now.timestamp() + 90);
    let no_moment = format!("X-RateLimit-Reset: {}\r\n", letter().now.timestamp_millis() + 90_000);
    for url in urls() {
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
            let (outcome, ..) = meet(&url, answer(status, headers, "{\"message\":\"hunter22\"}")).await;
            match outcome.unwrap_err() {
                SendError::Temporary { text, wait: given, .. } => {
                    let given = given.map(|wait| (wait.time.num_seconds(), wait.every_letter));
                    assert_eq!(given, wait, "{url} {status} {headers}");
                    assert!(text.contains(&status[..3]) && !text.contains("hunter22"), "{text}");
                }
                error @ SendError::Permanent { .. } => panic!("{url} {status}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn silence_and_a_reset_after_the_request_are_tried_again() {
    for url in urls() {
        let (outcome, _, body) = meet(&url, RESET).await;
        assert!(!body.is_empty());
        let error = outcome.unwrap_err();
        assert!(
            matches!(
                &error,
                SendError::Temporary { text, wait: None, .. } if text.contains("cannot be reached")
            ),
            "{error:?}"
        );

        let (base, asked) = answering("").await;
        let error = attempt(&server(&url, &base), SHORT).await.unwrap_err();
        assert!(
            matches!(
                &error,
                SendError::Temporary { text, .. } if text.contains("timed out") && !text.contains("http")
            ),
            "{error:?}"
        );
        asked.abort();
        let _ = asked.await;
        let error = attempt(&server(&url, &base), AMPLE).await.unwrap_err();
        assert!(matches!(&error, SendError::Temporary { text, .. } if text.contains("refused")), "{error:?}");
    }
}

/// A proxy's page, or an answer that broke off, does not prove that the letter was accepted.
#[tokio::test]
async fn a_success_without_a_message_id_is_tried_again() {
    let page = answer(
        "200 OK",
        "Content-Type: text/html\r\n",
        "<!doctype html><HTML><Title> We are back soon </Title><p>x</p>",
    );
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id";
    for url in urls() {
        for answer in [page, answer("200 OK", "", ""), answer("200 OK", "", "{}"), cut] {
            assert_unproven(&url, answer).await;
        }
    }
}
