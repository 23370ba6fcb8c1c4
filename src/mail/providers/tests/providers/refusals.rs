//! What providers' refusals mean.

use super::*;

#[tokio::test]
async fn the_reason_is_told_however_it_is_wrapped() {
    let [postmark, sendgrid, mailgun, resend] = ALL;
    let long = format!(
        "<html><head><title>{}</title></head><body>{}</body></html>",
        "x ".repeat(100),
        "y ".repeat(100)
    );
    for (url, body, reason) in [
        (
            resend,
            r#"{"statusCode":422,"message":"The attribute is not what it should be.","name":"validation_error"}"#,
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
            r#"{"errors":[{"message":"Does not contain a valid address.","field":"personalizations.0.to.0.email","help":null},{"message":"Bad.","field":null}]}"#,
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

/// What a provider says of the account, the sender or the key ends no letter, whatever the status is; and
/// says whose fault it is.
#[tokio::test]
async fn what_is_said_of_us_is_the_operators_to_put_right() {
    use MailFault::{Authentication, DomainAuthentication, Policy, Quota, Sender, Setup};
    let [postmark, sendgrid, mailgun, resend] = ALL;
    for (url, status, body, wanted) in [
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":401,"Message":"Sender signature not confirmed"}"#,
            Some(Sender),
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":405,"Message":"Not allowed to send"}"#,
            Some(Quota),
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":412,"Message":"While your account is pending approval, all recipient addresses must share the same domain as the 'From' address."}"#,
            Some(Quota),
        ),
        (
            postmark,
            "422 Unprocessable Entity",
            r#"{"ErrorCode":413,"Message":"Account may not send"}"#,
            Some(Quota),
        ),
        (
            postmark,
            "401 Unauthorized",
            r#"{"ErrorCode":10,"Message":"Bad or missing API token"}"#,
            Some(Authentication),
        ),
        (
            sendgrid,
            "403 Forbidden",
            r#"{"errors":[{"message":"The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.","field":"from","help":null}]}"#,
            Some(Sender),
        ),
        (
            sendgrid,
            "401 Unauthorized",
            r#"{"errors":[{"message":"Maximum credits exceeded","field":null}]}"#,
            Some(Quota),
        ),
        (
            sendgrid,
            "400 Bad Request",
            r#"{"errors":[{"message":"Your account has been suspended","field":null}]}"#,
            Some(Quota),
        ),
        (
            sendgrid,
            "403 Forbidden",
            r#"{"errors":[{"message":"access forbidden","field":null}]}"#,
            Some(Policy),
        ),
        (
            mailgun,
            "400 Bad Request",
            r#"{"message":"Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in Account Settings."}"#,
            Some(Quota),
        ),
        (
            mailgun,
            "403 Forbidden",
            r#"{"message":"Domain mg.voltmark.example is not allowed to send: Account disabled"}"#,
            Some(Sender),
        ),
        (
            mailgun,
            "403 Forbidden",
            r#"{"message":"Please activate your Mailgun account. Check your inbox or log in to your control panel to resend the activation email."}"#,
            Some(Quota),
        ),
        (mailgun, "402 Payment Required", "", Some(Quota)),
        (mailgun, "404 Not Found", r#"{"message":"Domain not found"}"#, Some(Setup)),
        (
            resend,
            "403 Forbidden",
            r#"{"statusCode":403,"message":"The voltmark.example domain is not verified. Please, add and verify your domain on https://resend.com/domains","name":"validation_error"}"#,
            Some(Sender),
        ),
        (
            resend,
            "403 Forbidden",
            r#"{"statusCode":403,"message":"You can only send testing emails to your own email address (a@b.example). To send emails to other recipients, please verify a domain.","name":"validation_error"}"#,
            Some(Sender),
        ),
        (
            resend,
            "429 Too Many Requests",
            r#"{"statusCode":429,"message":"You have reached your daily email sending quota","name":"daily_quota_exceeded"}"#,
            Some(Quota),
        ),
        (
            resend,
            "429 Too Many Requests",
            r#"{"statusCode":429,"message":"Too many requests","name":"rate_limit_exceeded"}"#,
            None,
        ),
        (
            resend,
            "400 Bad Request",
            r#"{"statusCode":400,"message":"API key is invalid","name":"invalid_api_key"}"#,
            Some(Authentication),
        ),
        (
            resend,
            "422 Unprocessable Entity",
            r#"{"statusCode":422,"message":"Rejected: DMARC policy of the domain","name":"validation_error"}"#,
            Some(DomainAuthentication),
        ),
        (
            sendgrid,
            "500 Internal Server Error",
            r#"{"errors":[{"message":"Your account has been suspended","field":null}]}"#,
            None,
        ),
    ] {
        let (outcome, ..) = meet(url, answer(status, "", body)).await;
        match outcome {
            Err(SendError::Later { text, fault, .. }) => {
                assert_eq!(fault, wanted, "{url} {status} {body}");
                assert!(text.contains(&status[..3]), "{text}");
            }
            other => panic!("{url} {status} {body}: {other:?}"),
        }
    }
}
