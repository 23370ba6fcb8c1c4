//! What a report in returned mail changes, and what it leaves alone: a forwarded letter, repeated reports,
//! words without the letter, bytes that no database stores.

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;

use super::returned_mail::{Sent, address_of, post, report};
use crate::support::{Backend, TestApp, on_both_databases, on_each};

const SECRET: &str = "a-secret-for-returned-mail";

/// A report without a part for programs, as old servers write it; with the letter's `Message-ID`, or without.
fn words(message_id: Option<&str>) -> String {
    let returned = message_id.map(|id| format!("Message-ID: <{id}@example.com>\r\n")).unwrap_or_default();
    format!(
        "From: MAILER-DAEMON@relay.example.com\r\nSubject: failure notice\r\n\r\n\
        I could not deliver your letter. This is a permanent error.\r\n\r\n<ada@example.com>:\r\n\
        552 mailbox full\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n{returned}"
    )
}

on_each! {
    async fn a_report_about_another_address_suppresses_nobody(backend: Backend) {
        let sent = Sent::new(backend).await;
        let gone = report("failed", "5.1.1", "550 5.1.1 no such user").replace(
            "Final-Recipient: rfc822; ada@example.com",
            "Original-Recipient: rfc822; ada@example.com\r\nFinal-Recipient: rfc822; gone@old.example",
        );
        assert!(gone.contains("gone@old.example"));
        assert_eq!(sent.receive(&gone, &sent.address()).await, "bounced");
        assert_eq!(sent.delivery().await["state"], "bounced");
        let suppressed = sent.app.admin().get("/v1/suppressions").await.expect(200).body;
        assert_eq!(suppressed["data"].as_array().unwrap().len(), 0, "{suppressed}");
    }

    async fn of_each_kind_a_letter_has_one_report(backend: Backend) {
        let sent = Sent::new(backend).await;
        let report = |action: &str, status: &str, number: u32| {
            report(action, status, "452 4.2.2 mailbox full").replace("12:00:20", &format!("12:00:2{number}"))
        };
        for (action, status, outcome) in [("delayed", "4.2.2", "deferred"), ("failed", "5.2.2", "bounced")] {
            let first = report(action, status, 0);
            assert_eq!(sent.receive(&first, &sent.address()).await, outcome);
            for number in 1..5 {
                let other = report(action, status, number);
                assert_eq!(sent.receive(&other, &sent.address()).await, "outranked");
            }
            assert_eq!(sent.receive(&first, &sent.address()).await, "repeated");
        }
        assert_eq!(sent.receive(&report("delayed", "4.2.2", 6), &sent.address()).await, "outranked");
        let timeline = sent.app.timeline(&sent.invitation).await;
        assert_eq!(timeline[timeline.len() - 2..], ["email_deferred", "email_bounced"], "{timeline:?}");
        assert_eq!(timeline.iter().filter(|entry| *entry == "email_bounced").count(), 1);
        assert_eq!(sent.app.database.count("mail_events"), 2);
    }

    async fn words_without_the_letter_are_kept_for_staff(backend: Backend) {
        let sent = Sent::new(backend).await;
        let before = sent.delivery().await;
        assert_eq!(sent.receive(&words(None), &sent.address()).await, "unread");
        assert_eq!(sent.delivery().await, before);
        let kept = "SELECT reason || ' ' || letter_id AS text FROM unread_mail";
        assert_eq!(sent.app.database.texts(kept), [format!("no_letter {}", sent.letter)]);
        assert_eq!(sent.receive(&words(Some(&sent.letter)), &sent.address()).await, "bounced");
    }

    async fn control_characters_are_kept_in_no_row(backend: Backend) {
        let sent = Sent::new(backend).await;
        let inner = STANDARD.encode("Content-Type: text/x\0\u{1b}[2Jy\r\n\r\none\0two\r\n");
        let noise = format!(
            "From: eve@example.net\r\nSubject: Offer\r\nContent-Type: message/rfc822\r\n\
            Content-Transfer-Encoding: base64\r\n\r\n{inner}\r\n"
        );
        let answer = post(&sent.app.anonymous(), &noise, Some("a\0b\u{1b}@example.com")).await.expect(200);
        assert_eq!(answer.body["outcome"], "unread");
        let kept = sent.unread();
        assert!(kept[0].contains("onetwo"), "{kept:?}");
        assert!(!kept[0].contains(|c: char| c.is_control() && c != '\n'), "{kept:?}");
        let recipient = "SELECT recipient AS text FROM unread_mail";
        assert_eq!(sent.app.database.texts(recipient), ["ab@example.com"]);
    }
}

on_both_databases! {
    with [("MAIL_EVENTS_DSN", SECRET), ("REMINDER_BEFORE", "4h")];

    async fn words_about_a_reminder_change_no_delivered_invitation(app: TestApp) {
        let (invitation, _) = app.invite("ada@example.com", &["viewer"]).await;
        let id = invitation["id"].as_str().unwrap();
        app.advance(TimeDelta::hours(21));
        app.letter().await;
        let letter = |kind: &str| {
            app.database.texts(&format!("SELECT id AS text FROM letters WHERE kind = '{kind}'")).remove(0)
        };
        let receive = async |message: &str, letter: &str| {
            let answer = post(&app.anonymous(), message, Some(&address_of(letter))).await.expect(200);
            answer.body["outcome"].as_str().unwrap().to_owned()
        };
        let state = async || {
            let shown = app.admin().get(&format!("/v1/invitations/{id}")).await.expect(200).body;
            shown["delivery"]["state"].clone()
        };
        let (first, reminder) = (letter("invitation"), letter("reminder"));
        assert_eq!(receive(&report("delivered", "2.0.0", "250 ok"), &first).await, "delivered");
        assert_eq!(receive(&words(Some(&reminder)), &reminder).await, "bounced");
        assert_eq!(state().await, "delivered");
        // A report for programs outranks both.
        app.database.execute("UPDATE letters SET fate = NULL, fate_at = NULL WHERE kind = 'reminder'");
        let full = report("failed", "5.2.2", "552 5.2.2 mailbox full");
        assert_eq!(receive(&full, &reminder).await, "bounced");
        assert_eq!(state().await, "bounced");
    }
}
