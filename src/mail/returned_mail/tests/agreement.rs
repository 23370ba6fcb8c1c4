//! A relay's reply, a report and a provider's reason with the same code have the same fault.

use serde_json::json;

use super::*;
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, WebhookRequest},
        enhanced_status::{Blame, StatusCode, judge, samples},
        relay_reply::{About, Reply},
        returned_mail::Verdict,
    },
    mail::PROVIDERS,
};

const SECRET: &str = "seven-green-bicycles";

fn report(code: StatusCode) -> ReturnedMail {
    read(format!(
        "From: MAILER-DAEMON@mx.example.com\nContent-Type: multipart/report; boundary=b\n\n--b\n\
        Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\nAction: failed\n\
        Status: {code}\nDiagnostic-Code: smtp; 550 {code} no\n\n--b--\n"
    ))
}

/// Postmark's event of a bounce.
fn provider_event(code: StatusCode) -> DeliveryEvent {
    let provider = PROVIDERS.iter().find(|provider| provider.provider.name == "postmark").unwrap();
    let verifier = (provider.webhook.as_ref().unwrap().verifier)(SECRET).unwrap();
    let body =
        json!({ "RecordType": "Bounce", "Type": "HardBounce", "Details": format!("smtp;550 {code} no") });
    let (body, header) = (body.to_string(), |name: &str| (name == "x-mail-events-secret").then_some(SECRET));
    let request = WebhookRequest { header: &header, body: body.as_bytes(), now: now(), document: None };
    verifier.read(&request).unwrap().events.remove(0)
}

#[test]
fn the_same_code_is_judged_alike_wherever_it_comes_from() {
    for code in samples() {
        let judged = judge(code).unwrap();
        let (mail, event) = (report(code), provider_event(code));
        assert_eq!(
            (mail.verdict, mail.status, mail.blame),
            (Verdict::Failed, Some(code), Some(judged.blame)),
            "{code}"
        );
        assert_eq!(mail.event().fault, event.fault, "{code}");
        // A provider's word that a bounce is final counts for more than the code.
        assert!(event.no_such_mailbox || !mail.no_such_mailbox, "{code}");
        let said = format!("{code} no");
        let about =
            Reply { text: &said, sender: "", recipient: &[], recipient_accepted: false, content: &[] }
                .about();
        assert_eq!(about, About::from(judged.blame), "{code}");
        if let Blame::Us(fault) = judged.blame {
            assert_eq!((mail.fault, event.fault), (Some(fault), Some(fault)), "{code}");
        }
    }
}
