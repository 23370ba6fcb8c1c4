//! Brevo: the events of a message.

use super::*;

const ID: &str = "<201802.5787683@smtp-relay.mailin.fr>";

fn event(name: &str, second: u32, reason: &str) -> Value {
    json!({
        "email": "ada@example.com", "date": format!("2026-11-24T17:29:{second:02}.000+05:30"),
        "subject": "Your invitation", "messageId": ID, "event": name, "reason": reason, "tag": "",
        "from": "no-reply@voltmark.example"
    })
}

#[test]
fn its_events_are_read_as_those_of_the_webhook() {
    let events = [
        event("requests", 0, ""),
        event("deferred", 10, "451 try later"),
        event("delivered", 20, ""),
        event("loadedByProxy", 30, ""),
        event("unsubscribed", 40, ""),
    ];
    let result = known(BREVO, &json!({ "events": events }));
    assert_eq!(result.accepted, Some(accepted(ID, -60)));
    assert_eq!(statuses(&result), [(Deferred, -50), (Delivered, -40), (Delivered, -30)]);
    assert_eq!(result.events[0].reason.as_deref(), Some("451 try later"));
    assert_eq!(result.events[0].message_ids[0], ID);
}

#[test]
fn failures_say_who_is_at_fault() {
    for (name, reason, status, fault, no_mailbox) in [
        ("hardBounces", "550 5.1.1 user unknown", Bounced, None, true),
        ("softBounces", "452 4.2.2 mailbox full", Bounced, Some(MailFault::Unavailable), false),
        ("bounces", "550 5.7.1 Your IP is blacklisted", Bounced, Some(MailFault::Reputation), false),
        ("blocked", "blocked : due to blacklist user", Bounced, Some(MailFault::Suppressed), false),
        ("invalid", "", Bounced, None, true),
        ("error", "no template", Bounced, Some(MailFault::Provider), false),
        ("spam", "", Complained, None, false),
    ] {
        let result = known(BREVO, &json!({ "events": [event(name, 55, reason)] }));
        assert_eq!(statuses(&result), [(status, -5)], "{name}");
        let event = &result.events[0];
        assert_eq!((event.fault, event.no_such_mailbox), (fault, no_mailbox), "{name} {reason}");
    }
}
