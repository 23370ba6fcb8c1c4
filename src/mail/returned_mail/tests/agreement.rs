//! A relay's reply, a report and a provider's reason with the same code have the same fault.

use serde_json::json;

use super::*;
use crate::{
    domain::{
        delivery_reports::{DeliveryEvent, WebhookRequest},
        enhanced_status::{Blame, StatusCode, judge, samples},
        mail_fault::MailFault,
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

/// The replies of `tests/cases/relay-replies.tsv`, as a report quotes them.
#[test]
fn a_reply_is_judged_alike_where_a_report_quotes_it() {
    let replies = fs::read_to_string(folder().with_file_name("relay-replies.tsv")).unwrap();
    let (mut seen, mut wrong) = (0, Vec::new());
    for line in replies.lines().filter(|line| line.starts_with("RCPT\t5") || line.starts_with("DATA\t5")) {
        let [_, reply, right, fault] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        // A relay's basic code suffices there (`tests/it/mail/relay_replies.rs`).
        if ["521", "530", "503", "504"].iter().any(|code| reply.starts_with(code)) {
            continue;
        }
        seen += 1;
        let text = reply.split("\\n").filter_map(|line| line.get(4..)).collect::<Vec<_>>().join(" ");
        let code = StatusCode::first_in(&text).map_or_else(|| "5.0.0".to_owned(), |code| code.to_string());
        let report = format!(
            "From: MAILER-DAEMON@mx.example.com\nContent-Type: multipart/report; boundary=b\n\n--b\n\
            Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n\
            Final-Recipient: rfc822; ada@rcpt.example\nAction: failed\nStatus: {code}\n\
            Diagnostic-Code: smtp; {}\n\n--b--\n",
            reply.replace("\\n", "\n ")
        );
        let mail = reader().read(report.as_bytes(), Some("no-reply@sender.example"), now());
        let ours = mail.fault.filter(|fault| fault.is_operator_fault());
        let is_right = ours.is_some() == (right == "waits")
            && (fault.is_empty() || ours.map(MailFault::as_str) == Some(fault));
        if !is_right || (right == "waits" && mail.no_such_mailbox) {
            wrong.push(format!("{:?} {:?}, not {right} {fault}: {reply}", mail.blame, mail.fault));
        }
    }
    assert!(wrong.is_empty(), "{} of {seen}: {wrong:#?}", wrong.len());
    assert!(seen > 150, "{seen}");
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
