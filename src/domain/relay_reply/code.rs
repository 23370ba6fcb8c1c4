//! Enhanced status codes that say whom a reply concerns.
//!
//! Sources: RFC 3463, the registry of RFC 5248
//! (<https://www.iana.org/assignments/smtp-enhanced-status-codes>), RFC 7372, Exchange Online
//! (<https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online>),
//! Gmail (<https://support.google.com/a/answer/3726730>).
//!
//! Details have up to three digits. See findings/mail-send-large-status-code.sh.

use super::about::About;
use crate::domain::mail_fault::MailFault;

/// Classifies the first code in a text.
pub(super) fn about(text: &str) -> About {
    first(text).map_or(About::Unknown, |(class, subject, detail)| match subject {
        1 => address(detail),
        2 => mailbox(detail),
        // A class 4 code means a server that is being restarted or maintained.
        3 if class == "5" => system(detail),
        // 5.4.1 is Exchange Online's code for an address without a mailbox in its domain; 5.4.4 an unknown
        // destination. A class 4 code means a server that does not answer.
        4 if class == "5" && matches!(detail, 1 | 4) => About::Recipient,
        4 if detail == 5 => About::Us(MailFault::Quota),
        7 => security(detail),
        _ => About::Unknown,
    })
}

/// Whether the first code is one of security and policy (X.7.x).
pub(super) fn is_of_security(text: &str) -> bool {
    first(text).is_some_and(|(_, subject, _)| subject == 7)
}

/// Class, subject and detail of the first code, which follows the basic one, or is at the end in brackets as
/// in qmail: `(#5.7.1)`.
fn first(text: &str) -> Option<(&str, u16, u16)> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let mut parts = word.split('.');
        let (class, subject, detail) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |part: &str| (1..=3).contains(&part.len()).then(|| part.parse().ok()).flatten();
        let code = (class, number(subject)?, number(detail)?);
        (matches!(class, "4" | "5") && parts.next().is_none()).then_some(code)
    })
}

fn address(detail: u16) -> About {
    match detail {
        1..=6 | 9 | 10 => About::Recipient,
        // The sender's mailbox, and its system. Exchange Online: several addresses in From.
        7 | 8 | 20 | 21 => About::Us(MailFault::Sender),
        // Exchange Online: the daily limit of recipients.
        90 => About::Us(MailFault::Quota),
        _ => About::Unknown,
    }
}

fn mailbox(detail: u16) -> About {
    match detail {
        // Exchange Online: SendAsDenied.
        252 => About::Us(MailFault::Sender),
        // Undefined: Exchange uses it also for faults of the sender.
        0 => About::Unknown,
        _ => About::Recipient,
    }
}

fn system(detail: u16) -> About {
    // The server accepts no mail at all, or its configuration is at fault.
    if matches!(detail, 2 | 5) { About::Us(MailFault::Setup) } else { About::Unknown }
}

fn security(detail: u16) -> About {
    match detail {
        // A mailing list may not be expanded; mailbox and domain have changed hands (RFC 7293); Exchange
        // Online: the recipient is not valid, is banned, or refuses.
        2 | 17 | 18 | 19 | 504 | 505 | 507 => About::Recipient,
        3 | 4 | 8..=14 | 54 | 57 | 64 => About::Us(MailFault::Authentication),
        // The signature or encryption is wrong; only certain senders may write to this group or mailbox.
        5..=7 | 124..=136 | 51 | 68 | 520 => About::Us(MailFault::Policy),
        // The sending host has no DNS name, or another one.
        25 | 506 | 510 => About::Us(MailFault::Client),
        28 | 500..=503 | 508 | 511 | 513 | 606..=659 | 708 => About::Us(MailFault::Reputation),
        20..=49 | 509 | 515 => About::Us(MailFault::DomainAuthentication),
        60 | 236 | 512 | 750 => About::Us(MailFault::Sender),
        230..=235 | 700..=749 => About::Us(MailFault::Quota),
        _ => About::Unknown,
    }
}
