//! Mailjet: a message, then its history.

use super::*;

const ID: u64 = 19_421_777_396_190_490;

fn message(status: &str, arrived: &str) -> Value {
    let message = json!({
        "ID": ID, "ArrivedAt": arrived, "AttemptCount": 0, "Status": status, "StateID": 0,
        "StatePermanent": false, "UUID": "123e4567-e89b-12d3-a456-426614174000"
    });
    json!({ "Count": 1, "Data": [message], "Total": 1 })
}

fn history(events: &[(&str, i64, &str, &str)]) -> Value {
    let event = |(kind, second, state, comment): &(&str, i64, &str, &str)| {
        json!({
            "EventType": kind, "EventAt": NOW + second, "State": state, "Comment": comment, "Useragent": "",
            "UseragentID": 0
        })
    };
    let events: Vec<Value> = events.iter().map(event).collect();
    json!({ "Count": events.len(), "Data": events, "Total": events.len() })
}

#[test]
fn the_message_leads_to_its_history() {
    let first = KnownStatus { accepted: Some(accepted("19421777396190490", -60)), events: Vec::new() };
    let second = Get::path(&["v3", "REST", "messagehistory", "19421777396190490"]);
    for status in ["sent", "opened", "bounce", "hardbounced", "softbounced", "blocked", "spam", "unsub"] {
        let asked = step(MAILJET, Some("m-1"), &message(status, "2026-11-24T11:59:00Z"));
        assert_eq!(asked, Some(StatusStep::Ask(second.clone(), first.clone())), "{status}");
    }
    for status in ["queued", "unknown"] {
        // As the examples of the documentation write it.
        assert_eq!(known(MAILJET, &message(status, "2026-11-24T11:59:00")), first, "{status}");
    }
    let result = known(MAILJET, &message("deferred", "2026-11-24T11:59:00Z"));
    assert_eq!((result.accepted.clone(), statuses(&result)), (first.accepted, vec![(Deferred, 0)]));
    // The history alone does not say when it was accepted.
    assert_eq!(known(MAILJET, &history(&[("unsub", -1, "", "")])), KnownStatus::default());
}

#[test]
fn its_history_is_read_as_the_events_of_the_webhook() {
    let greylisted = [
        ("bounced", -50, "greylisted", "451 4.7.1 try later"),
        ("sent", -30, "", ""),
        ("opened", -20, "", ""),
    ];
    let result = known(MAILJET, &history(&greylisted));
    assert_eq!(statuses(&result), [(Deferred, -50), (Delivered, -30), (Delivered, -20)]);
    assert_eq!(result.events[0].reason.as_deref(), Some("451 4.7.1 try later"));
    assert_eq!(result.events[0].letter, LETTER.parse().ok());
    for (kind, state, comment, status, fault, no_mailbox) in [
        ("bounced", "User unknown", "550 5.1.1 user unknown", Some(Bounced), None, true),
        // The history does not say whether it was hard.
        ("bounced", "User unknown", "", Some(Bounced), None, false),
        ("bounced", "invalid domain", "", Some(Bounced), None, false),
        ("bounced", "quota exceeded", "", Some(Bounced), Some(MailFault::Unavailable), false),
        ("bounced", "no mail host", "", Some(Bounced), Some(MailFault::Unavailable), false),
        (
            "bounced",
            "policy issue",
            "550 5.7.1 Your IP is blacklisted",
            Some(Bounced),
            Some(MailFault::Reputation),
            false,
        ),
        ("blocked", "preblocked", "", Some(Bounced), Some(MailFault::Suppressed), false),
        ("blocked", "spam preblocked", "", Some(Bounced), Some(MailFault::Policy), false),
        // The letter was sent before.
        ("blocked", "duplicate in campaign", "", None, None, false),
        ("spam", "", "", Some(Complained), None, false),
    ] {
        let result = known(MAILJET, &history(&[(kind, -9, state, comment)]));
        assert_eq!(statuses(&result), status.map(|status| (status, -9)).into_iter().collect::<Vec<_>>());
        let event = &result.events[0];
        assert_eq!((event.fault, event.no_such_mailbox), (fault, no_mailbox), "{kind} {state}");
    }
}
