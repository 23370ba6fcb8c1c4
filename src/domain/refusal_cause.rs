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
    /// The cause where the fault is known and no code was given.
    #[must_use]
    pub fn of_fault(fault: MailFault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// The cause of a reply whose basic code has this class, 4 or 5.
    #[must_use]
    pub fn of_reply(reply: &Reply<'_>, class: u8) -> Self {
        let in_class = |code: StatusCode| StatusCode { class, ..code };
        let given = StatusCode::first_in(reply.text).map_or(StatusCode::new(class, 0, 0), in_class);
        let words = if decides(given) { None } else { code_of_words(&reply.own_words()) };
        let judged = Self::judge(reply, Some(given), words.map(in_class));
        Self { status: judged.status.filter(|code| !code.is_undefined()), ..judged }
    }

    /// The cause by the code that was given and the one that the words stand for. Where the latter counts, it
    /// comes first: [`decides`].
    #[must_use]
    pub fn judge(reply: &Reply<'_>, given: Option<StatusCode>, words: Option<StatusCode>) -> Self {
        // A server that could not verify our address quotes what it was answered: "No such user".
        let ours = words.map(|_| reply.about()).filter(|about| matches!(about, About::Us(_)));
        let words = words.filter(|code| ours.is_none() || !blames_recipient(*code));
        let status = words.or(given);
        let is_temporary = status.is_some_and(|status| status.class == 4);
        // What is given up after temporary failures says nothing of the address, whatever the words stand
        // for.
        let is_vague = words.is_some() && is_temporary;
        let judged = status.and_then(judge).filter(|judged| !(is_vague && judged.blame == Blame::Address));
        let coded = status.map_or_else(|| reply.text.to_owned(), |status| format!("{status} {}", reply.text));
        let about = ours.unwrap_or_else(|| Reply { text: &coded, ..*reply }.about());
        let (blame, fault) = match (about, judged) {
            (About::Us(fault), _) => (Some(Blame::Us(fault)), Some(fault)),
            (_, Some(judged)) => (Some(judged.blame), judged.fault()),
            (About::Recipient, None) if is_temporary => (Some(Blame::Mailbox), Some(MailFault::Unavailable)),
            (About::Unknown, None) if is_temporary => (Some(Blame::Network), Some(MailFault::Network)),
            // A policy against the letter, though it names the address.
            _ if status.is_some_and(|status| status.subject == 7) => (None, Some(MailFault::Blocked)),
            (About::Recipient, None) => (Some(Blame::Address), None),
            (About::Unknown, None) if reply.recipient_accepted => {
                (Some(Blame::Content), Some(MailFault::Blocked))
            }
            (About::Unknown, None) => (None, None),
        };
        let is_denied = judged.is_some_and(|judged| judged.denies_mailbox);
        Self { status, blame, fault, no_such_mailbox: is_denied && blame == Some(Blame::Address) }
    }
}

/// Whether a code counts whatever the words say. One that is given for any reason does not, unless it is one
/// of policy.
#[must_use]
pub fn decides(code: StatusCode) -> bool {
    judge(code).is_some() || code.subject == 7
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
            let cause = RefusalCause::of_reply(&reply(&format!("{code} no"), false), code.class);
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
        for (text, class, accepted, code, fault, denies) in [
            ("550 No such user here", 5, false, Some("5.1.1"), None, true),
            ("550 5.0.0 mailbox is full", 5, false, Some("5.2.2"), Some(Unavailable), false),
            ("550 5.2.1 mailbox disabled", 5, false, Some("5.2.1"), Some(Mailbox), false),
            ("450 4.0.0 no such user", 4, false, Some("4.1.1"), Some(Unavailable), false),
            ("452 4.2.2 <ada@example.com> over quota", 4, false, Some("4.2.2"), Some(Unavailable), false),
            ("451 4.4.1 try again", 4, false, Some("4.4.1"), Some(Network), false),
            ("550 5.7.1 <ada@example.com>: rejected", 5, false, Some("5.7.1"), Some(Blocked), false),
            ("554 5.7.1 the letter of User unknown Ltd", 5, true, Some("5.7.1"), Some(Blocked), false),
            ("554 the letter of User unknown Ltd", 5, true, None, Some(Blocked), false),
            ("550 no", 5, false, None, None, false),
            ("554 no", 5, true, None, Some(Blocked), false),
        ] {
            let cause = RefusalCause::of_reply(&reply(text, accepted), class);
            let code = code.map(|code| code.parse().unwrap());
            assert_eq!(
                (cause.status, cause.fault, cause.no_such_mailbox),
                (code, fault, denies),
                "{text}: {cause:?}"
            );
        }
    }
}
