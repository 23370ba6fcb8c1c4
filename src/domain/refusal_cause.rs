//! The cause of a refusal: by its enhanced status code, or by what its words say.
//!
//! One judgement for the replies of relays and for the reports in returned mail, by one table, so that the
//! same refusal has the same cause however it is learnt.

use super::{
    enhanced_status::{Blame, StatusCode, code_of_words, judge},
    mail_fault::MailFault,
    relay_reply::{About, Reply},
};

/// Why a letter was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalCause {
    /// The enhanced status code, given or by the words.
    pub status: Option<StatusCode>,
    /// Who or what is at fault, where that is known.
    pub blame: Option<Blame>,
    /// What is at fault where it is not the address.
    pub fault: Option<MailFault>,
    /// Whether it says that the mailbox does not exist, and that this is final.
    pub no_such_mailbox: bool,
}

impl RefusalCause {
    /// The cause where the fault is known.
    #[must_use]
    pub fn of_fault(fault: MailFault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// The fault that the operator has to correct, if that is the cause.
    #[must_use]
    pub fn operator_fault(&self) -> Option<MailFault> {
        self.fault.filter(|fault| fault.is_operator_fault())
    }

    /// Whether the code or the words say who or what is at fault.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.blame.is_some() || self.fault.is_some()
    }

    /// The cause of a server's reply. `is_temporary`: whether its basic code begins with 4, so that no code
    /// in its text is final.
    #[must_use]
    pub fn of_reply(reply: &Reply<'_>, is_temporary: bool) -> Self {
        let own = reply.own_words();
        let lowered = |code: StatusCode| if is_temporary { StatusCode { class: 4, ..code } } else { code };
        let unknown = StatusCode::new(if is_temporary { 4 } else { 5 }, 0, 0);
        let given = StatusCode::first_in(&own).map_or(unknown, lowered);
        let words = if decides(given) { None } else { code_of_words(&own) };
        let judged = Self::judge(reply, Some(given), words.map(lowered));
        Self { status: judged.status.filter(|code| !code.is_undefined()), ..judged }
    }

    /// The cause by the code that was given, and the one that the words stand for where the former does not
    /// decide ([`decides`]).
    #[must_use]
    pub fn judge(reply: &Reply<'_>, given: Option<StatusCode>, words: Option<StatusCode>) -> Self {
        let by_words = reply.about();
        // A server that could not verify our address quotes what it was answered: "No such user". Others
        // refuse a client that asks for "too many unknown users".
        let counts = |code: &StatusCode| match by_words {
            About::Us(_) => !blames_recipient(*code),
            _ => !denies_mailbox(*code) || reply.may_concern_recipient(by_words),
        };
        let words = words.filter(counts);
        let is_policy = given.is_some_and(|code| code.subject == 7);
        let status = if is_policy { given } else { words.or(given) };
        let judged = status.and_then(judge).or_else(|| words.and_then(judge));
        let about = match given.filter(|code| words.is_none() && !code.is_undefined()) {
            Some(code) => Reply { text: &format!("{code} {}", reply.text), ..*reply }.about(),
            None => by_words,
        };
        let is_temporary = status.is_some_and(|status| status.class == 4);
        let (blame, fault) = match (about, judged) {
            (About::Us(fault), _) => (Some(Blame::Us(fault)), Some(fault)),
            (_, Some(judged)) => (Some(judged.blame), judged.fault()),
            (About::Recipient, None) if is_temporary => (Some(Blame::Mailbox), Some(MailFault::Unavailable)),
            (About::Unknown, None) if is_temporary => (Some(Blame::Network), Some(MailFault::Network)),
            // A policy against the letter, though it may name the address.
            _ if status.is_some_and(|status| status.subject == 7) => (None, Some(MailFault::Blocked)),
            (About::Recipient, None) => (Some(Blame::Address), None),
            (About::Unknown, None) => (None, None),
        };
        // A policy says nothing of the address for good, whatever its words.
        let is_denied = !is_policy && judged.is_some_and(|judged| judged.denies_mailbox);
        Self { status, blame, fault, no_such_mailbox: is_denied && blame == Some(Blame::Address) }
    }
}

/// Whether a code counts whatever the words say. One that is given for any reason does not.
#[must_use]
pub fn decides(code: StatusCode) -> bool {
    judge(code).is_some() || (code.subject == 7 && code.detail > 1)
}

fn denies_mailbox(code: StatusCode) -> bool {
    judge(code).is_some_and(|judged| judged.denies_mailbox)
}

fn blames_recipient(code: StatusCode) -> bool {
    judge(code).is_some_and(|judged| About::from(judged.blame) == About::Recipient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::enhanced_status::samples;

    fn reply(text: &str, recipient_accepted: bool) -> Reply<'_> {
        Reply {
            text,
            sender: "no-reply@voltmark.example",
            recipient: &["ada@example.com"],
            recipient_accepted,
            content: &["User unknown Ltd"],
        }
    }

    #[test]
    fn a_relays_reply_is_judged_by_the_table() {
        for code in samples() {
            let judged = judge(code).unwrap();
            let cause = RefusalCause::of_reply(&reply(&format!("{code} no"), false), code.class == 4);
            assert_eq!(
                (cause.status, cause.blame, cause.fault, cause.no_such_mailbox),
                (Some(code), Some(judged.blame), judged.fault(), judged.denies_mailbox),
                "{code}"
            );
        }
    }

    #[test]
    fn words_say_what_codes_do_not() {
        use MailFault::{Blocked, Mailbox, Network, Unavailable};
        for (text, is_temporary, code, fault, denies) in [
            ("550 No such user here", false, Some("5.1.1"), None, true),
            ("550 Sorry, that user is not known here", false, Some("5.1.1"), None, true),
            ("550 5.0.0 mailbox is full", false, Some("5.2.2"), Some(Unavailable), false),
            ("550 5.2.1 mailbox disabled", false, Some("5.2.1"), Some(Mailbox), false),
            ("450 4.0.0 no such user", true, Some("4.1.1"), Some(Unavailable), false),
            ("450 4.1.1 unverified address: timed out", true, Some("4.1.1"), Some(Unavailable), false),
            ("452 4.2.2 <ada@example.com> over quota", true, Some("4.2.2"), Some(Unavailable), false),
            ("451 4.4.1 try again", true, Some("4.4.1"), Some(Network), false),
            ("450 5.1.1 no", true, Some("4.1.1"), Some(Unavailable), false),
            // What is temporary by its code stays a fault of the network, though this reply is final.
            ("554 4.4.1 connection timed out", false, Some("4.4.1"), Some(Network), false),
            ("554 Connection refused", false, Some("4.4.1"), Some(Network), false),
            ("550 5.7.1 <ada@example.com>: rejected", false, Some("5.7.1"), Some(Blocked), false),
            ("550 5.7.1 <ada@example.com>: user unknown", false, Some("5.7.1"), None, false),
            ("550 5.7.1 <ada@example.com>: mailbox is full", false, Some("5.7.1"), Some(Unavailable), false),
            ("550 DNS lookup failure: host nowhere.example not found", false, Some("5.1.2"), None, false),
            ("550 no", false, None, None, false),
            // Chosen by the inviter, or by the recipient.
            ("554 5.7.1 the letter of User unknown Ltd", false, Some("5.7.1"), Some(Blocked), false),
            ("554 the letter of User unknown Ltd", false, None, None, false),
            ("554 spam: \"Acme 5.1.1 invites you\"", false, None, None, false),
            ("552 <5.1.1@example.com>: no", false, None, None, false),
            // They are about the sender, or about many.
            ("550 too many unknown recipients", false, None, None, false),
            ("550 Too many unknown users, come again later", false, None, None, false),
            ("550 Connecting host PTR record does not exist in DNS", false, None, None, false),
            ("550 Return-Path does not exist", false, None, None, false),
            ("550 Requested action not taken: mailbox unavailable, bad link", false, None, None, false),
        ] {
            let cause = RefusalCause::of_reply(&reply(text, false), is_temporary);
            let code = code.map(|code| code.parse().unwrap());
            let fault_of_recipient = cause.fault.filter(|fault| !fault.is_operator_fault());
            assert_eq!(
                (cause.status, fault_of_recipient, cause.no_such_mailbox),
                (code, fault, denies),
                "{text}: {cause:?}"
            );
        }
    }
}
