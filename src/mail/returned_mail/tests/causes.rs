//! Why a letter was not delivered: codes, words, and whom they blame.

use super::*;
use crate::domain::{
    email::Email,
    enhanced_status::{Blame, StatusCode},
    mail_fault::MailFault,
    returned_mail::Verdict,
};

/// A report with these lines about the recipient.
fn report(text: &str, recipient: &str) -> ReturnedMail {
    read(format!(
        "From: MAILER-DAEMON@mx.example.com\nTo: bounces+{LETTER}.{TAG}@invite.example.com\n\
        Content-Type: multipart/report; boundary=b\n\n--b\n\n{text}\n--b\n\
        Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n\
        Action: failed\n{recipient}\n--b--\n"
    ))
}

fn code(text: &str) -> Option<StatusCode> {
    text.parse().ok()
}

#[test]
fn words_of_a_temporary_reply_say_nothing_of_the_address() {
    let said = "450 Requested mail action not taken: mailbox unavailable";
    for (text, status, said) in [
        ("", "4.0.0", said),
        ("", "4.2.0", said),
        ("", "5.0.0", said),
        ("", "4.0.0", "mailbox unavailable"),
        ("", "5.0.0", "450-try later\n 450 mailbox unavailable"),
        ("retry timeout exceeded", "5.0.0", "450 mailbox unavailable"),
        ("host mx.example.com: 450 no such user: retry timeout exceeded", "5.0.0", "no such user"),
    ] {
        let mail = report(text, &format!("Status: {status}\nDiagnostic-Code: smtp; {said}\n"));
        assert_eq!((mail.verdict, mail.no_such_mailbox), (Verdict::Failed, false), "{status} {said}");
        assert_eq!(mail.status.map(|code| code.class), Some(4), "{status} {said}");
        let seen = (mail.blame, mail.fault);
        assert_eq!(seen, (Some(Blame::Mailbox), Some(MailFault::Unavailable)), "{status} {said}");
    }
    // The code of the reply itself, in the class of its basic code.
    let quoted = report("", "Status: 5.0.0\nDiagnostic-Code: smtp; 450 5.1.1 no such user\n");
    assert_eq!((quoted.status, quoted.no_such_mailbox), (code("4.1.1"), false));
    let refused = report("", "Status: 5.0.0\nDiagnostic-Code: smtp; 550 mailbox unavailable\n");
    assert_eq!((refused.status, refused.no_such_mailbox), (code("5.1.1"), true));
}

#[test]
fn a_temporary_reply_in_a_text_says_nothing_of_the_address() {
    let qmail = message("qmail-full-mailbox").replace("552 The mailbox is full.", "450 mailbox unavailable");
    let late = "I'm not going to try again; this message has been in the queue too long.";
    let mail = read(qmail.replace("Giving up on 192.0.2.25.", late));
    assert_eq!((mail.verdict, mail.status, mail.no_such_mailbox), (Verdict::Failed, code("4.1.1"), false));
    assert_eq!(mail.fault, Some(MailFault::Unavailable));
}

/// The recipient's server asked ours whether our address exists, and repeats the answer.
#[test]
fn a_server_that_cannot_verify_our_address_denies_no_recipient() {
    let ours = format!("bounces+{LETTER}.{TAG}@invite.example.com");
    for said in [
        format!("550-Verification failed for <{ours}>\n 550-No Such User Here\n 550 Sender verify failed"),
        format!("550-Verification failed for <{ours}>\n 550 No Such User Here"),
        format!("550 Callout error for <{ours}>: no such user"),
    ] {
        for recipient in ["", "Final-Recipient: rfc822; ada@example.com\n"] {
            let mail = report("", &format!("{recipient}Status: 5.0.0\nDiagnostic-Code: smtp; {said}\n"));
            assert_eq!(mail.blame, Some(Blame::Us(MailFault::Sender)), "{said}");
            assert_eq!((mail.status, mail.no_such_mailbox), (code("5.0.0"), false), "{said}");
        }
    }
    // The recipient's own address.
    let theirs = "Final-Recipient: rfc822; ada@example.com\nStatus: 5.0.0\n\
        Diagnostic-Code: smtp; 550-Verification failed for <ada@example.com>\n 550 No such user\n";
    assert!(report("", theirs).no_such_mailbox);
}

#[test]
fn codes_and_phrases_are_read_across_the_lines_of_a_reply() {
    let exchange = "550-5.7.509 Access denied, the domain\n 550-5.7.509 does not\n 550 5.7.509 pass";
    let mail = report("", &format!("Status: 5.0.0\nDiagnostic-Code: smtp; {exchange}\n"));
    assert_eq!((mail.status, mail.fault), (code("5.7.509"), Some(MailFault::DomainAuthentication)));
    let reason = "550 5.7.509 Access denied, the domain 5.7.509 does not 5.7.509 pass";
    assert_eq!(mail.reason.as_deref(), Some(reason));
    let split = "Status: 5.0.0\nDiagnostic-Code: smtp; 550-Sorry, that user is not\n 550 known here\n";
    assert_eq!(report("", split).status, code("5.1.1"));
    let text = "host mx.example.com said:\n550-5.7.509 Access denied\n550 at all\n";
    assert_eq!(report(text, "Status: 5.0.0\n").status, code("5.7.509"));
}

#[test]
fn a_report_says_whose_mailbox_it_is_about() {
    let gone = "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n";
    let ada = Email::parse("Ada@b\u{fc}cher.example").unwrap();
    for (addresses, denies) in [
        ("", true),
        ("Final-Recipient: rfc822; ada@xn--bcher-kva.example\n", true),
        ("Final-Recipient: rfc822; <ADA@XN--bcher-kva.example>\n", true),
        ("Final-Recipient: utf-8; ada@b\u{fc}cher.example\n", true),
        ("Original-Recipient: rfc822; ada@xn--bcher-kva.example\n", true),
        (
            "Original-Recipient: rfc822; ada@xn--bcher-kva.example\n\
            Final-Recipient: rfc822; gone@old.example\n",
            false,
        ),
        ("Final-Recipient: rfc822; gone@old.example\n", false),
        ("Final-Recipient: rfc822; ada\n", false),
        ("Final-Recipient: x400; /S=ada/\n", false),
    ] {
        let mail = report("", &format!("{addresses}{gone}"));
        assert_eq!(mail.verdict, Verdict::Failed, "{addresses}");
        assert_eq!(mail.event_for(Some(&ada)).no_such_mailbox, denies, "{addresses}");
        assert!(!mail.event_for(None).no_such_mailbox, "{addresses}");
    }
    let long = format!("Final-Recipient: rfc822; {}@example.com\n{gone}", "a".repeat(100_000));
    assert!(report("", &long).final_recipient.unwrap().len() <= 321);
}
