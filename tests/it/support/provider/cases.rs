//! Every mail provider that reports. A provider is a line of [`cases`], its case, and the function that makes
//! its events; `signing` has the ways to prove them.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use invitation_service::domain::token::hex;
use serde_json::{Value, json};

use super::{
    case::{Event, ProviderCase, Reports},
    signing::{
        SECRET, basic, bearer, curve, list_with_secret, mac, notification, other_message, other_token,
        public_key, svix, token, with_secret,
    },
};
use crate::support::sns;

/// Each provider, in the order of the table.
pub fn cases() -> Vec<ProviderCase> {
    vec![postmark(), sendgrid(), mailgun(), resend(), ses(), brevo(), mailjet(), azure()]
}

fn rfc3339(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().to_rfc3339()
}

fn postmark() -> ProviderCase {
    let refused = concat!(
        r#"{"ErrorCode":400,"Message":"The 'From' address you supplied (a@b.example) is "#,
        r#"not a Sender Signature on your account."}"#
    );
    ProviderCase {
        provider: "postmark",
        mail_url: "postmark://hunter22",
        accepted: (200, "", r#"{"ErrorCode":0,"Message":"OK","MessageID":"name-of-theirs"}"#),
        message_id: "name-of-theirs",
        refused: ((422, "", refused), "MAIL_FROM"),
        event: postmarks_event,
        reports: Reports::unsigned(with_secret),
    }
}

fn postmarks_event(event: &Event<'_>) -> Value {
    let (record, kind, details) = event.by_state([
        ("Bounce", "Transient", "action: delayed"),
        ("Delivery", "", ""),
        ("Bounce", "HardBounce", "smtp;550 5.1.1 user unknown"),
        ("SpamComplaint", "SpamComplaint", ""),
    ]);
    // A number of its own, as Postmark's have.
    let number = u32::from_str_radix(&hex(&mac(event.id))[..7], 16).unwrap();
    let unknown = event.letter.map(|letter| format!("m-{letter}"));
    json!({
        "RecordType": record, "Type": kind, "Details": details, "ID": number,
        "MessageID": event.message_id.or(unknown.as_deref()), "Metadata": { "letter": event.letter },
        "BouncedAt": rfc3339(event.at)
    })
}

fn sendgrid() -> ProviderCase {
    let refused = r#"{"errors":[{"message":"Maximum credits exceeded","field":null}]}"#;
    ProviderCase {
        provider: "sendgrid",
        mail_url: "sendgrid://hunter22",
        accepted: (202, "X-Message-Id: name-of-theirs", ""),
        message_id: "name-of-theirs.recvd-5f9-1.0",
        refused: ((401, "", refused), "quota"),
        event: sendgrids_event,
        reports: Reports { is_batched: true, ..Reports::single(&public_key(), curve) },
    }
}

fn sendgrids_event(event: &Event<'_>) -> Value {
    let (name, kind) = event.by_state([
        ("deferred", None),
        ("delivered", None),
        ("bounce", Some("bounce")),
        ("spamreport", None),
    ]);
    json!({
        "event": name, "type": kind, "timestamp": event.at, "letter": event.letter,
        "sg_event_id": format!("{}-{}", event.letter.unwrap_or_default(), event.id),
        "sg_message_id": event.message_id
    })
}

fn mailgun() -> ProviderCase {
    ProviderCase {
        provider: "mailgun",
        mail_url: "mailgun://hunter22@mg.example.com",
        accepted: (200, "", r#"{"id":"<name-of-theirs@mg.example.com>","message":"Queued. Thank you."}"#),
        message_id: "name-of-theirs@mg.example.com",
        refused: ((403, "", r#"{"message":"Your account has been suspended"}"#), "suspended"),
        event: mailguns_event,
        reports: Reports { forged: other_token, ..Reports::single(SECRET, token) },
    }
}

fn mailguns_event(event: &Event<'_>) -> Value {
    let (name, severity) = event.by_state([
        ("failed", "temporary"),
        ("delivered", ""),
        ("failed", "permanent"),
        ("complained", ""),
    ]);
    json!({
        "event": name, "severity": severity, "timestamp": event.at,
        "id": format!("{}-{}", event.letter.unwrap_or_default(), event.id),
        "message": { "headers": { "message-id": event.message_id } },
        "user-variables": { "letter": event.letter }
    })
}

fn resend() -> ProviderCase {
    let refused = concat!(
        r#"{"statusCode":403,"message":"The example.com domain is not "#,
        r#"verified.","name":"validation_error"}"#
    );
    ProviderCase {
        provider: "resend",
        mail_url: "resend://hunter22",
        accepted: (200, "", r#"{"id":"name-of-theirs"}"#),
        message_id: "name-of-theirs",
        refused: ((403, "", refused), "MAIL_FROM"),
        event: resends_event,
        reports: Reports::single(&format!("whsec_{}", STANDARD.encode(SECRET)), svix),
    }
}

fn resends_event(event: &Event<'_>) -> Value {
    let kind =
        event.by_state(["email.delivery_delayed", "email.delivered", "email.bounced", "email.complained"]);
    json!({
        "type": kind, "created_at": rfc3339(event.at), "data": {
            "email_id": event.message_id, "tags": { "letter": event.letter },
            "bounce": { "type": "Permanent" }
        }
    })
}

fn ses() -> ProviderCase {
    let refused = r#"{"message":"The domain is not verified."}"#;
    ProviderCase {
        provider: "ses",
        mail_url: "ses://AKID:hunter22@eu-central-1",
        accepted: (200, "", r#"{"MessageId":"name-of-theirs"}"#),
        message_id: "name-of-theirs",
        refused: ((400, "x-amzn-ErrorType: MailFromDomainNotVerifiedException", refused), "MAIL_FROM"),
        event: amazons_event,
        reports: Reports { forged: other_message, ..Reports::single(sns::ARN, notification) },
    }
}

fn amazons_event(event: &Event<'_>) -> Value {
    let (kind, name) = event.by_state([
        ("DeliveryDelay", "deliveryDelay"),
        ("Delivery", "delivery"),
        ("Bounce", "bounce"),
        ("Complaint", "complaint"),
    ]);
    json!({
        "eventType": kind, "mail": { "messageId": event.message_id, "tags": { "letter": [event.letter] } },
        name: { "timestamp": rfc3339(event.at), "bounceType": "Permanent", "bounceSubType": "General" }
    })
}

fn brevo() -> ProviderCase {
    let refused = r#"{"code":"not_enough_credits","message":"You have no credits left"}"#;
    ProviderCase {
        provider: "brevo",
        mail_url: "brevo://hunter22",
        accepted: (201, "", r#"{"messageId":"<201803062010.27287306012@smtp-relay.mailin.fr>"}"#),
        message_id: "<201803062010.27287306012@smtp-relay.mailin.fr>",
        refused: ((402, "", refused), "quota"),
        event: brevos_event,
        reports: Reports { is_batched: true, ..Reports::unsigned(bearer) },
    }
}

fn brevos_event(event: &Event<'_>) -> Value {
    json!({
        "event": event.by_state(["deferred", "delivered", "hard_bounce", "spam"]),
        "email": "ada@example.com", "id": 9_999_999, "ts_epoch": event.at * 1000,
        "message-id": "<201803062010.27287306012@smtp-relay.mailin.fr>", "X-Mailin-custom": event.letter
    })
}

fn mailjet() -> ProviderCase {
    let refused = concat!(
        r#"{"Messages":[{"Status":"error","Errors":[{"ErrorCode":"send-0008","#,
        r#""ErrorMessage":"not an authorized sender","ErrorRelatedTo":["From"]}]}]}"#
    );
    ProviderCase {
        provider: "mailjet",
        mail_url: "mailjet://apikey:hunter22",
        accepted: (200, "", r#"{"Messages":[{"Status":"success","To":[{"MessageID":19421777396190490}]}]}"#),
        message_id: "19421777396190490",
        refused: ((400, "", refused), "MAIL_FROM"),
        event: mailjets_event,
        reports: Reports { is_batched: true, ..Reports::unsigned(basic) },
    }
}

fn mailjets_event(event: &Event<'_>) -> Value {
    let (name, error, hard) = event.by_state([
        ("bounce", "greylisted", false),
        ("sent", "", false),
        ("bounce", "user unknown", true),
        ("spam", "", false),
    ]);
    json!({
        "event": name, "time": event.at, "MessageID": 19_421_777_396_190_490_u64, "error": error,
        "hard_bounce": hard, "CustomID": event.letter
    })
}

fn azure() -> ProviderCase {
    let refused = r#"{"error":{"code":"DomainNotLinked","message":"The domain is not linked."}}"#;
    ProviderCase {
        provider: "azure",
        mail_url: "azure://aHVudGVyMjI=@voltmark",
        accepted: (202, "", r#"{"id":"8540c0de-899f-5cce-acb5-3ec493af3800","status":"Running"}"#),
        message_id: "8540c0de-899f-5cce-acb5-3ec493af3800",
        refused: ((404, "", refused), "MAIL_FROM"),
        event: azures_event,
        reports: Reports {
            is_batched: true,
            unreported: &["deferred", "complained"],
            ..Reports::unsigned(list_with_secret)
        },
    }
}

fn azures_event(event: &Event<'_>) -> Value {
    let own = event.letter.map(|letter| format!("<{letter}@voltmark.example>"));
    json!({
        "id": format!("{}-{}", event.letter.unwrap_or_default(), event.id), "eventTime": rfc3339(event.at),
        "eventType": "Microsoft.Communication.EmailDeliveryReportReceived",
        "data": {
            "messageId": "8540c0de-899f-5cce-acb5-3ec493af3800", "internetMessageId": own,
            "status": event.by_state(["", "Delivered", "Bounced", ""])
        }
    })
}
