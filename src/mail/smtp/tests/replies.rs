//! Real replies, which do not always follow the standard.

use super::{timeouts::second_letter, *};

#[tokio::test]
async fn a_reply_in_whatever_bytes_keeps_its_code() {
    let long: &str = format!("250 {}\r\n", "x".repeat(100_000)).leak();
    let many: &str = format!("{}250 queued\r\n", "250-and so on and so forth\r\n".repeat(10_000)).leak();
    for taken in [
        "250 2.0.0 accept\u{e9}\r\n",
        "250-2.0.0 a\n250 2.0.0 b\n",
        "250\r\n",
        "250 que\0ued\r\n",
        long,
        many,
    ] {
        assert_eq!(
            second_letter(vec![(".", taken)].leak()).await,
            (Ok(()), 1),
            "{}",
            &taken[..20.min(taken.len())]
        );
    }
    let text = never(&[("RCPT", "550 5.1.1 bo\u{ee}te inconnue\r\n")]).await;
    assert!(
        text.contains("refused the recipient") && text.contains("550") && text.contains("bo?te inconnue"),
        "{text}"
    );
    // \u{ee} in UTF-8.
    let text = never(&[("RCPT", "550 5.1.1 bo\u{c3}\u{ae}te inconnue\r\n")]).await;
    assert!(text.contains("bo\u{ee}te inconnue"), "{text}");
    let text = never(&[("RCPT", "550-5.1.1 no\n550 5.1.1 such user\n")]).await;
    assert!(text.contains("5.1.1 no such user"), "{text}");
    never(vec![("RCPT", &*format!("550 5.1.1 {}\r\n", "no ".repeat(50_000)).leak())].leak()).await;
    later(&[("RCPT", "451 4.7.1 r\u{e9}essayez\r\n")]).await;
    attempt(
        &relay(&[("", "220 \u{e9}\n"), ("EHLO", "250-\u{e9}\n250 PIPELINING\n"), ("DATA", "354\n")]).await.0,
    )
    .await
    .unwrap();
}

/// The line was cut off, so its reply is incomplete.
#[tokio::test]
async fn a_reply_that_is_not_whole_is_none() {
    let (relay, _told) = relay(&[(".", "250 2.0.0 que"), ("hangs up", "")]).await;
    assert!(matches!(attempt(&relay).await, Err(SendError::Temporary { .. })));
}

/// The standard's second digits end at 5, those of relays do not.
#[tokio::test]
async fn a_code_that_the_standard_does_not_know_means_what_its_first_digit_means() {
    for code in ["560", "571", "582", "599"] {
        for (stage, what) in
            [("RCPT", "refused the recipient"), ("DATA", "refused the letter"), (".", "refused the letter")]
        {
            let reply: &str = format!("{code}-5.7.1 Delivery not\r\n{code} authorized\r\n").leak();
            let text = never(vec![(stage, reply)].leak()).await;
            assert!(
                text.contains(what) && text.contains(&format!("{code} 5.7.1 Delivery not authorized")),
                "{text}"
            );
        }
        // A fault on our side is recognised with any digits.
        for (stage, words) in [
            ("", "5.7.1 no"),
            ("EHLO", "no"),
            ("MAIL", "5.7.1 no"),
            ("RCPT", "Relaying denied"),
            ("RCPT", "5.7.13 no"),
        ] {
            later(vec![(stage, &*format!("{code} {words}\r\n").leak())].leak()).await;
        }
    }
    let text = later(&[("RCPT", "471 4.7.1 Greylisted\r\n")]).await;
    assert!(text.contains("refused the recipient") && text.contains("471"), "{text}");
    assert_eq!(second_letter(&[(".", "260 queued\r\n")]).await, (Ok(()), 1));
}

#[tokio::test]
async fn a_refusal_for_good_is_final_whatever_its_form() {
    for reply in [
        "571 Delivery not authorized, message refused\r\n",
        "554 5.7.1 Message rejected\r\n",
        "550-5.1.1 The email account that you tried to reach\r\n550 5.1.1 does not exist\r\n",
        "550 #5.1.0 Address rejected.\r\n",
        "522 5.2.2 mailbox full\r\n",
        "552 1 Requested mail action aborted\r\n",
        "541 rejected by recipient\r\n",
        "555 5.5.4 Unsupported option\r\n",
        "550\r\n",
    ] {
        for stage in ["RCPT", "DATA", "."] {
            never(vec![(stage, reply)].leak()).await;
        }
    }
}
