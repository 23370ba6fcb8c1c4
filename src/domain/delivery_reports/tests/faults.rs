//! What providers tell that is not the address's fault.

use super::*;

#[test]
fn postmark_tells_faults_that_are_not_the_addresss() {
    for (kind, details, fault) in [
        ("HardBounce", "smtp;550 5.1.1 <john@example.com> unknown", None),
        (
            "HardBounce",
            "smtp;554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org",
            Some(MailFault::Reputation),
        ),
        ("SoftBounce", "smtp;550 5.7.26 unauthenticated", Some(MailFault::DomainAuthentication)),
        ("SoftBounce", "smtp;552 5.2.2 mailbox full", Some(MailFault::Unavailable)),
        ("HardBounce", "smtp;552 5.2.2 mailbox full", Some(MailFault::Unavailable)),
        ("SoftBounce", "", Some(MailFault::Unavailable)),
        ("SoftBounce", "smtp;550 5.1.1 unknown user", None),
        ("Transient", "", Some(MailFault::Unavailable)),
        ("Transient", "smtp;450 4.4.1 connection timed out", Some(MailFault::Unavailable)),
        ("HardBounce", "", None),
        ("BadEmailAddress", "", None),
        ("DnsError", "", None),
        ("SMTPApiError", "", Some(MailFault::Provider)),
        ("TemplateRenderingFailed", "", Some(MailFault::Setup)),
        ("DMARCPolicy", "", Some(MailFault::DomainAuthentication)),
        ("SpamNotification", "", Some(MailFault::SpamFilter)),
        ("Blocked", "", Some(MailFault::Blocked)),
        ("Blocked", "smtp;550 SPF unauthorized mail is prohibited", Some(MailFault::DomainAuthentication)),
        ("VirusNotification", "", Some(MailFault::Blocked)),
        ("ManuallyDeactivated", "", Some(MailFault::Suppressed)),
    ] {
        let event = json!({ "RecordType": "Bounce", "Type": kind, "ID": 1, "Details": details, "Email": "john@example.com" });
        let report = postmark(&event);
        assert_eq!((report.fate, report.fault), (Some(DeliveryStatus::Bounced), fault), "{kind} {details}");
    }
    let complaint = postmark(&json!({ "RecordType": "SpamComplaint", "Type": "SMTPApiError", "ID": 2 }));
    assert_eq!((complaint.fate, complaint.fault), (Some(DeliveryStatus::Complained), None));
}

#[test]
fn sendgrid_tells_faults_that_are_not_the_addresss() {
    for (event, reason, kind, fault) in [
        ("bounce", "550 5.1.1 The email account that you tried to reach does not exist", "bounce", None),
        ("bounce", "550 5.7.1 Your IP is blacklisted", "bounce", Some(MailFault::Reputation)),
        ("bounce", "550 blocked", "blocked", Some(MailFault::Blocked)),
        ("bounce", "552 5.2.2 mailbox full", "bounce", Some(MailFault::Unavailable)),
        ("bounce", "552 5.2.2 over quota", "blocked", Some(MailFault::Unavailable)),
        (
            "bounce",
            "550 5.7.1 [CS] Message blocked by DMARC policy",
            "blocked",
            Some(MailFault::DomainAuthentication),
        ),
        ("dropped", "Bounced Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Spam Reporting Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Unsubscribed Address", "", Some(MailFault::Suppressed)),
        ("dropped", "Invalid", "", None),
        ("dropped", "Invalid SMTPAPI header", "", Some(MailFault::Setup)),
        ("dropped", "Spam Content", "", Some(MailFault::Policy)),
        ("dropped", "Recipient List over Package Quota", "", Some(MailFault::Quota)),
        ("dropped", "Something new", "", Some(MailFault::Provider)),
        ("delivered", "550 5.7.1 Your IP is blacklisted", "", None),
    ] {
        let body = json!([{ "event": event, "reason": reason, "type": kind, "email": "ada@example.com" }]);
        assert_eq!(sendgrid(NOW, &body.to_string()).unwrap()[0].fault, fault, "{event} {reason}");
    }
    for (class, fault) in [
        ("Invalid Address", None),
        ("Unclassified", None),
        ("Mailbox Unavailable", Some(MailFault::Unavailable)),
        ("Technical Failure", Some(MailFault::Unavailable)),
        ("Reputation", Some(MailFault::Reputation)),
        ("Content", Some(MailFault::Blocked)),
    ] {
        let body = json!([{ "event": "bounce", "type": "bounce", "reason": "550 no", "bounce_classification": class }]);
        assert_eq!(sendgrid(NOW, &body.to_string()).unwrap()[0].fault, fault, "{class}");
    }
}

#[test]
fn mailgun_tells_faults_that_are_not_the_addresss() {
    let status = |code: u16, message: &str| json!({ "code": code, "message": message, "description": "" });
    for (event, reason, status, fault) in [
        ("failed", "generic", status(550, "5.1.1 No such user"), None),
        (
            "failed",
            "bounce",
            status(550, "5.7.1 Client host [192.0.2.7] blocked using Spamhaus"),
            Some(MailFault::Reputation),
        ),
        ("failed", "espblock", status(421, ""), Some(MailFault::Reputation)),
        ("failed", "espblock", status(550, "5.7.26 unauthenticated"), Some(MailFault::DomainAuthentication)),
        ("failed", "suppress-bounce", status(605, ""), Some(MailFault::Suppressed)),
        ("failed", "suppress-complaint", status(607, ""), Some(MailFault::Suppressed)),
        ("failed", "suppress-unsubscribe", status(606, ""), Some(MailFault::Suppressed)),
        ("failed", "old", status(602, "Too old"), Some(MailFault::Unavailable)),
        ("failed", "old", status(602, "5.1.1 No such user"), None),
        ("failed", "greylisted", status(451, "Come back later"), Some(MailFault::Unavailable)),
        ("failed", "bounce", status(552, "5.2.2 mailbox full"), Some(MailFault::Unavailable)),
        ("rejected", "", json!(null), Some(MailFault::Policy)),
        ("complained", "", json!(null), None),
    ] {
        let event =
            json!({ "event": event, "severity": "permanent", "reason": reason, "delivery-status": status });
        let report = mailgun(NOW, &event).unwrap().remove(0);
        assert_eq!(report.fault, fault, "{event}");
    }
    let unverified = json!({ "event": "rejected", "reject": { "reason": "Domain mg.x.example is not allowed to send: The domain is unverified" } });
    assert_eq!(mailgun(NOW, &unverified).unwrap()[0].fault, Some(MailFault::Sender));
    for (reason, fault) in [
        ("'to' parameter is not a valid address. please check documentation", None),
        ("to parameter is not a valid address", None),
        ("'from' parameter is not a valid address. please check documentation", Some(MailFault::Sender)),
    ] {
        let event = json!({ "event": "rejected", "reject": { "reason": reason } });
        assert_eq!(mailgun(NOW, &event).unwrap()[0].fault, fault, "{reason}");
    }
}

#[test]
fn resend_tells_faults_that_are_not_the_addresss() {
    let key = Key::parse(Provider::Resend, WHSEC).unwrap();
    let fault = |kind: &str, data: &Value| {
        let body = json!({ "type": kind, "data": data }).to_string();
        let signature =
            STANDARD.encode(mac(&STANDARD.decode(&WHSEC[6..]).unwrap(), &format!("msg_1.{NOW}.{body}")));
        let (at, signature) = (NOW.to_string(), format!("v1,{signature}"));
        let report = read(
            &key,
            &[("svix-id", "msg_1"), ("svix-timestamp", &at), ("svix-signature", &signature)],
            &body,
        );
        let report = report.unwrap().remove(0);
        assert_eq!(
            (report.fate, report.may_be_reply),
            (Some(DeliveryStatus::Bounced), false),
            "{kind} {data}"
        );
        report.fault
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
            json!({ "type": "Permanent", "subType": "General", "diagnosticCode": ["smtp; 550 5.7.509 Access denied"] }),
            Some(MailFault::DomainAuthentication),
        ),
    ] {
        assert_eq!(fault("email.bounced", &json!({ "bounce": bounce })), wanted, "{bounce}");
    }
}
