use super::*;

fn read(verdict: Verdict) -> ReturnedMail {
    ReturnedMail {
        fault: Some(MailFault::Unavailable),
        no_such_mailbox: true,
        reason: Some("550 no".to_owned()),
        ..ReturnedMail::new("digest".to_owned(), verdict, DateTime::UNIX_EPOCH)
    }
}

#[test]
fn only_reports_have_a_status() {
    for verdict in Verdict::ALL {
        let event = read(verdict).event();
        let wanted = match verdict {
            Verdict::Failed => Some(DeliveryStatus::Bounced),
            Verdict::Delayed => Some(DeliveryStatus::Deferred),
            Verdict::Delivered => Some(DeliveryStatus::Delivered),
            Verdict::Complained => Some(DeliveryStatus::Complained),
            _ => None,
        };
        assert_eq!((event.status, event.event_id.as_str()), (wanted, "digest"), "{verdict:?}");
        // Only a bounce says something about the address, or whose fault it is.
        let is_bounce = verdict == Verdict::Failed;
        assert_eq!((event.no_such_mailbox, event.fault.is_some()), (is_bounce, is_bounce), "{verdict:?}");
        assert_eq!(event.reason.is_none(), verdict == Verdict::Delivered, "{verdict:?}");
    }
}

#[test]
fn what_words_alone_report_may_be_a_reply() {
    let by_words = ReturnedMail { by_words: true, ..read(Verdict::Failed) };
    assert!(by_words.event().may_be_reply && !read(Verdict::Failed).event().may_be_reply);
}
