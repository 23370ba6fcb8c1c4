//! Resend: its requests and answers, and its webhook's events, as its documentation shows them.

use chrono::DateTime;

use super::*;
use crate::mail::{
    providers::tests::*,
    testing::{LINK, letter, sender},
};

const URL: &str = "resend://hunter22";

#[tokio::test]
async fn accepts_a_letter() {
    let (outcome, head, body) =
        meet(URL, answer("200 OK", "", r#"{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}"#)).await;
    assert_eq!(outcome.unwrap(), accepted("resend", "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"));
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

/// Resend refuses a key that is used again with other words.
#[test]
fn the_idempotency_key_is_that_of_the_letter_and_its_words() {
    let account = Account { key: "hunter22".into() };
    let builder = MessageBuilder::new(sender()).unwrap();
    let key = |letter: &Letter| {
        account.request(letter, &builder, builder.write(letter).unwrap()).headers[0].1.clone()
    };
    let (first, mut second) = (letter(), letter());
    second.now += TimeDelta::seconds(5);
    assert_eq!(key(&first), key(&second));
    second.expires_at += TimeDelta::minutes(5);
    assert_ne!(key(&first), key(&second));
}

#[tokio::test]
async fn a_success_must_have_a_message_id() {
    for answer in [answer("200 OK", "", r#"{"id":7}"#)] {
        assert_unproven(URL, answer).await;
    }
}

const REFUSALS: &[(&str, &str, bool)] = &[
    (
        "422 Unprocessable Entity",
        concat!(
            r#"{"statusCode":422,"message":"Invalid `to` field. The email address needs to follow the "#,
            r#"`email@example.com` format.","name":"validation_error"}"#
        ),
        true,
    ),
    (
        "422 Unprocessable Entity",
        r#"{"statusCode":422,"message":"Invalid `from` field.","name":"invalid_from_address"}"#,
        false,
    ),
    ("401 Unauthorized", r#"{"statusCode":401,"message":"Missing API Key","name":"missing_api_key"}"#, false),
    (
        "403 Forbidden",
        r#"{"statusCode":403,"message":"The domain is not verified.","name":"validation_error"}"#,
        false,
    ),
    (
        "409 Conflict",
        concat!(
            r#"{"statusCode":409,"message":"Same key, request in "#,
            r#"progress","name":"concurrent_idempotent_requests"}"#
        ),
        false,
    ),
    (
        "451 Unavailable",
        r#"{"statusCode":451,"message":"We may have found a security issue","name":"security_error"}"#,
        false,
    ),
];

#[tokio::test]
async fn refusals_mean_what_the_documentation_says() {
    for &(status, body, is_final) in REFUSALS {
        assert_refusal(URL, status, body, is_final).await;
    }
}

const ACCOUNT_REFUSALS: &[(&str, &str, Option<MailFault>)] = &[
    (
        "403 Forbidden",
        concat!(
            r#"{"statusCode":403,"message":"The voltmark.example domain is not verified. Please, add "#,
            r#"and verify your domain on https://resend.com/domains","name":"validation_error"}"#
        ),
        Some(MailFault::Sender),
    ),
    (
        "403 Forbidden",
        concat!(
            r#"{"statusCode":403,"message":"You can only send testing emails to your own email address "#,
            r#"(a@b.example). To send emails to other recipients, please verify a "#,
            r#"domain.","name":"validation_error"}"#
        ),
        Some(MailFault::Sender),
    ),
    (
        "429 Too Many Requests",
        concat!(
            r#"{"statusCode":429,"message":"You have reached your daily email sending "#,
            r#"quota","name":"daily_quota_exceeded"}"#
        ),
        Some(MailFault::Quota),
    ),
    (
        "429 Too Many Requests",
        r#"{"statusCode":429,"message":"Too many requests","name":"rate_limit_exceeded"}"#,
        None,
    ),
    (
        "400 Bad Request",
        r#"{"statusCode":400,"message":"API key is invalid","name":"invalid_api_key"}"#,
        Some(MailFault::Authentication),
    ),
    (
        "422 Unprocessable Entity",
        concat!(
            r#"{"statusCode":422,"message":"Rejected: DMARC policy of the "#,
            r#"domain","name":"validation_error"}"#
        ),
        Some(MailFault::DomainAuthentication),
    ),
];

#[tokio::test]
async fn a_refusal_of_the_account_is_the_operators_to_put_right() {
    for &(status, body, fault) in ACCOUNT_REFUSALS {
        assert_operator_fault(URL, status, body, fault).await;
    }
}

/// The example of the Svix documentation.
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_request_is_verified_as_svix_says() {
    let key = SigningSecret::parse(WHSEC).unwrap();
    let header = |name: &str| match name {
        "svix-id" => Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        "svix-timestamp" => Some("1614265330"),
        "svix-signature" => Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        _ => None,
    };
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let posted =
        |now| WebhookRequest { header: &header, body: br#"{"test": 2432232314}"#, document: None, now };
    let read = key.read(&posted(at(1_614_265_330))).unwrap().events;
    // Whole seconds count, as in Svix's libraries: 300 of them are not too old, and not too far ahead.
    let nearly = |seconds, millis| at(seconds) + TimeDelta::milliseconds(millis);
    assert!(key.read(&posted(nearly(1_614_265_630, 999))).is_ok());
    assert!(key.read(&posted(at(1_614_265_030))).is_ok());
    assert_eq!(key.read(&posted(nearly(1_614_265_029, 999))), Err(WebhookError::Unverified));
    assert_eq!((read[0].event_id.as_str(), read[0].status), ("msg_p5jXN8AQM9LWM0D4loKWxJek", None));
    assert_eq!(key.read(&posted(at(1_614_265_631))), Err(WebhookError::Unverified));
    assert!(
        ["", "whsec_", "whsec_!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
            .iter()
            .all(|text| SigningSecret::parse(text).is_err())
    );
}

#[test]
fn events_are_read() {
    let key = SigningSecret::parse(WHSEC).unwrap();
    let one = |kind: &str, more: Value| {
        let mut data = json!({
            "broadcast_id": "8b146471-e88e-4322-86af-016cd36fd216",
            "created_at": "2026-11-24 11:50:00.000+00",
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "from": "Acme <onboarding@resend.dev>",
            "to": ["delivered@resend.dev"],
            "subject": "Sending this example", "tags": { "letter": LETTER },
        });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body =
            json!({ "type": kind, "created_at": "2026-11-24T11:59:00.000Z", "data": data }).to_string();
        let signature =
            STANDARD.encode(mac(&STANDARD.decode(&WHSEC[6..]).unwrap(), &format!("msg_1.{NOW}.{body}")));
        let (at, signatures) = (NOW.to_string(), format!("v1,AAAA v1,{signature}"));
        read_events(
            &key,
            &[("svix-id", "msg_1"), ("svix-timestamp", &at), ("svix-signature", &signatures)],
            &body,
        )
        .unwrap()
        .remove(0)
    };
    let bounce = |kind: &str| {
        let message = "The recipient's email address is on the suppression list because it has a recent \
            history of producing hard bounces.";
        one(
            "email.bounced",
            json!({ "bounce": { "message": message, "subType": "Suppressed", "type": kind } }),
        )
    };
    let hard = bounce("Permanent");
    assert_eq!(
        (hard.status, hard.at.timestamp(), hard.letter.is_some()),
        (Some(DeliveryStatus::Bounced), NOW - 60, true)
    );
    assert!(hard.reason.unwrap().starts_with("The recipient's email address is on"));
    assert_eq!(hard.message_ids, ["56761188-7520-42d8-8898-ff6fc54ce618"]);
    for (kind, may_be_reply) in [("Permanent", false), ("Transient", true), ("Undetermined", true)] {
        assert_eq!(
            (bounce(kind).status, bounce(kind).may_be_reply),
            (Some(DeliveryStatus::Bounced), may_be_reply),
            "{kind}"
        );
    }
    let full = one("email.bounced", json!({ "bounce": { "type": "Transient", "subType": "MailboxFull" } }));
    assert_eq!((full.status, full.may_be_reply), (Some(DeliveryStatus::Bounced), false));
    assert!(!one("email.delivered", json!({ "bounce": { "type": "Transient" } })).may_be_reply);
    assert_eq!(one("email.delivered", json!({})).status, Some(DeliveryStatus::Delivered));
    assert_eq!(one("email.delivery_delayed", json!({})).status, Some(DeliveryStatus::Deferred));
    assert_eq!(one("email.complained", json!({})).status, Some(DeliveryStatus::Complained));
    let listed = one("email.opened", json!({ "tags": [{ "name": "letter", "value": LETTER }] }));
    assert_eq!((listed.status, listed.letter.is_some()), (None, true));
}

#[test]
fn faults_are_distinguished_from_wrong_addresses() {
    let key = SigningSecret::parse(WHSEC).unwrap();
    let fault = |kind: &str, data: &Value| {
        let body = json!({ "type": kind, "data": data }).to_string();
        let signature =
            STANDARD.encode(mac(&STANDARD.decode(&WHSEC[6..]).unwrap(), &format!("msg_1.{NOW}.{body}")));
        let (at, signature) = (NOW.to_string(), format!("v1,{signature}"));
        let event = read_events(
            &key,
            &[("svix-id", "msg_1"), ("svix-timestamp", &at), ("svix-signature", &signature)],
            &body,
        );
        let event = event.unwrap().remove(0);
        assert_eq!(
            (event.status, event.may_be_reply),
            (Some(DeliveryStatus::Bounced), false),
            "{kind} {data}"
        );
        event.fault
    };
    for (reason, wanted) in [
        ("reached_daily_quota", Some(MailFault::Quota)),
        ("reached_monthly_quota", Some(MailFault::Quota)),
        ("domain_not_verified", Some(MailFault::Sender)),
        ("invalid_api_key", Some(MailFault::Authentication)),
        ("invalid_recipient", None),
        ("internal_error", Some(MailFault::Provider)),
    ] {
        assert_eq!(fault("email.failed", &json!({ "failed": { "reason": reason } })), wanted, "{reason}");
    }
    assert_eq!(fault("email.failed", &json!({})), Some(MailFault::Provider));
    assert_eq!(fault("email.suppressed", &json!({})), Some(MailFault::Suppressed));
    for (bounce, wanted) in [
        (json!({ "type": "Permanent", "subType": "General", "message": "550 5.1.1 unknown user" }), None),
        (json!({ "type": "Permanent", "subType": "Suppressed" }), Some(MailFault::Suppressed)),
        (json!({ "type": "Transient", "subType": "MailboxFull" }), Some(MailFault::Unavailable)),
        (
            json!({ "type": "Permanent", "subType": "General", "message": "552 5.2.2 mailbox full" }),
            Some(MailFault::Unavailable),
        ),
        (json!({ "type": "Transient", "subType": "ContentRejected" }), Some(MailFault::Blocked)),
        (
            json!({ "type": "Permanent", "subType": "General", "diagnosticCode": ["smtp; 550 5.7.509 Access \
                denied"] }),
            Some(MailFault::DomainAuthentication),
        ),
    ] {
        assert_eq!(fault("email.bounced", &json!({ "bounce": bounce })), wanted, "{bounce}");
    }
}

#[test]
fn a_missing_mailbox_is_distinguished_from_a_full_one() {
    let event = |kind: &str, message: &str| {
        json!({
            "type": "email.bounced", "data": { "bounce": { "type": kind, "message": message } }
        })
    };
    let coded = |sub_type: &str, code: &str| {
        let bounce = json!({ "type": "Permanent", "subType": sub_type, "diagnosticCode": [code] });
        json!({ "type": "email.bounced", "data": { "bounce": bounce } })
    };
    for (event, hard) in [
        (event("Permanent", "no such mailbox"), true),
        (event("Permanent", "mailbox full"), false),
        (event("Permanent", "550 5.4.310 DNS domain does not exist"), false),
        (event("Transient", ""), false),
        (event("Undetermined", ""), false),
        (coded("General", "smtp; 550 5.1.1 unknown"), true),
        (coded("General", "smtp; 550 5.4.4 no route"), false),
        // No server was asked.
        (coded("OnAccountSuppressionList", "smtp; 550 5.1.1 unknown"), false),
        (json!({ "type": "email.suppressed" }), false),
        (json!({ "type": "email.failed" }), false),
    ] {
        assert_eq!(has_no_mailbox(&event), hard, "{event}");
    }
}
