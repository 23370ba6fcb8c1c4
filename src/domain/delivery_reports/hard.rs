//! Whether a bounce says that there is no such mailbox: then nobody is helped by writing there again. A full
//! mailbox, a policy, a server that gave up trying say nothing of the address.

use serde_json::Value;

use super::text;

/// What stands in a reply that is about something else than whether there is such a mailbox: a full one (RFC
/// 3463, X.2.2), and what a server holds against us (X.7.x).
const OF_A_FULL_MAILBOX: [&str; 8] = [
    "5.2.2",
    "mailbox full",
    "mailbox is full",
    "over quota",
    "overquota",
    "quota exceeded",
    "exceeded storage",
    "out of storage",
];

/// Whether the mailbox is full.
pub(super) fn is_of_a_full_mailbox(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    OF_A_FULL_MAILBOX.iter().any(|words| said.contains(words))
}

fn is_about_the_address(said: Option<&str>) -> bool {
    let said = said.unwrap_or_default();
    !said.starts_with("552") && !said.contains("5.7.") && !is_of_a_full_mailbox(said)
}

/// <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
pub(super) fn postmark(event: &Value) -> bool {
    text(event, "/RecordType") == Some("Bounce")
        && matches!(text(event, "/Type"), Some("HardBounce" | "BadEmailAddress"))
        && is_about_the_address(text(event, "/Details"))
}

/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>: a bounce of the type `blocked` is a server's policy.
/// `Bounced Address` is on SendGrid's own list.
pub(super) fn sendgrid(event: &Value) -> bool {
    let class = text(event, "/bounce_classification");
    match text(event, "/event") {
        Some("bounce") => {
            text(event, "/type") != Some("blocked")
                && class.is_none_or(|class| matches!(class, "" | "Invalid Address" | "Unclassified"))
                && is_about_the_address(text(event, "/reason"))
                && is_about_the_address(text(event, "/status"))
        }
        Some("dropped") => matches!(text(event, "/reason"), Some("Bounced Address" | "Invalid")),
        _ => false,
    }
}

/// <https://documentation.mailgun.com/docs/mailgun/user-manual/events/events>: `old` was given up, `suppress-bounce` is on Mailgun's
/// own list.
pub(super) fn mailgun(event: &Value) -> bool {
    let said = ["/delivery-status/message", "/delivery-status/description", "/delivery-status/enhanced-code"];
    let code = event.pointer("/delivery-status/code").and_then(Value::as_i64);
    text(event, "/event") == Some("failed")
        && text(event, "/severity") == Some("permanent")
        && text(event, "/reason")
            .is_none_or(|reason| matches!(reason, "bounce" | "suppress-bounce" | "hardfail"))
        && code.is_none_or(|code| matches!(code, 550 | 551 | 553 | 605))
        && said.iter().all(|place| is_about_the_address(text(event, place)))
}

/// <https://resend.com/docs/dashboard/emails/email-bounces>: types are those of Amazon SES. What is suppressed is on Resend's own list.
pub(super) fn resend(event: &Value) -> bool {
    match text(event, "/type") {
        Some("email.bounced") => {
            text(event, "/data/bounce/type") == Some("Permanent")
                && is_about_the_address(text(event, "/data/bounce/message"))
        }
        Some("email.suppressed") => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn postmark_tells_a_wrong_address_from_a_full_mailbox() {
        let event =
            |kind: &str, details: &str| json!({ "RecordType": "Bounce", "Type": kind, "Details": details });
        for (kind, details, hard) in [
            ("HardBounce", "smtp;550 5.1.1 unknown user", true),
            ("BadEmailAddress", "", true),
            ("HardBounce", "552 5.2.2 mailbox full", false),
            ("SoftBounce", "smtp;550 5.1.1", false),
            ("Transient", "", false),
            ("Blocked", "", false),
            ("SpamNotification", "", false),
            ("SMTPApiError", "", false),
        ] {
            assert_eq!(postmark(&event(kind, details)), hard, "{kind}: {details}");
        }
        assert!(!postmark(&json!({ "RecordType": "Delivery", "Type": "HardBounce" })));
    }

    #[test]
    fn sendgrid_does() {
        for (event, hard) in [
            (
                json!({ "event": "bounce", "type": "bounce", "reason": "550 5.1.1 unknown", "status": "5.1.1" }),
                true,
            ),
            (json!({ "event": "bounce", "type": "blocked", "reason": "550 5.7.1" }), false),
            (json!({ "event": "bounce", "reason": "552 5.2.2 over quota" }), false),
            (json!({ "event": "bounce", "status": "5.2.2" }), false),
            (json!({ "event": "bounce", "bounce_classification": "Mailbox Unavailable" }), false),
            (json!({ "event": "bounce", "bounce_classification": "Invalid Address" }), true),
            (json!({ "event": "dropped", "reason": "Bounced Address" }), true),
            (json!({ "event": "dropped", "reason": "Spam Content" }), false),
            (json!({ "event": "deferred" }), false),
        ] {
            assert_eq!(sendgrid(&event), hard, "{event}");
        }
    }

    #[test]
    fn mailgun_does() {
        let event = |severity: &str, reason: &str, code: i64, message: &str| json!({ "event": "failed", "severity": severity, "reason": reason, "delivery-status": { "code": code, "message": message } });
        for (event, hard) in [
            (event("permanent", "bounce", 550, "5.1.1 no such user"), true),
            (
                event("permanent", "suppress-bounce", 605, "Not delivering to previously bounced address"),
                true,
            ),
            (event("permanent", "bounce", 552, "5.2.2 mailbox full"), false),
            (event("permanent", "bounce", 550, "5.7.1 blocked"), false),
            (event("permanent", "old", 602, "too old"), false),
            (event("permanent", "suppress-complaint", 607, ""), false),
            (event("temporary", "bounce", 450, ""), false),
        ] {
            assert_eq!(mailgun(&event), hard, "{event}");
        }
    }

    #[test]
    fn resend_does() {
        let event = |kind: &str, message: &str| json!({ "type": "email.bounced", "data": { "bounce": { "type": kind, "message": message } } });
        for (event, hard) in [
            (event("Permanent", "no such mailbox"), true),
            (event("Permanent", "mailbox full"), false),
            (event("Transient", ""), false),
            (event("Undetermined", ""), false),
            (json!({ "type": "email.suppressed" }), true),
            (json!({ "type": "email.failed" }), false),
        ] {
            assert_eq!(resend(&event), hard, "{event}");
        }
    }
}
