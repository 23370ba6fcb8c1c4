//! Why letters wait, were given up or came back, in a few groups.

use super::status::LetterStatus;
use crate::domain::mail_fault::MailFault;

closed_set! {
    /// Why letters wait, were given up or came back, by who or what is at fault.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum ReasonGroup {
        /// The address: there is no such mailbox, or nothing is sent to it any more.
        Address = "address",
        /// The mailbox: it is full or closed, or does not accept this letter.
        Mailbox = "mailbox",
        /// The letter: it was taken for spam, or refused for its content or its origin.
        Content = "content",
        /// The operator: sender, sign-in, quota, reputation, set-up.
        Operator = "operator",
        /// The network: a server was not reached, or did not accept the letter in time.
        Network = "network",
        /// Nothing is known.
        Unknown = "unknown",
    }
}

impl ReasonGroup {
    /// What staff should do.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Address => {
                "Correct the addresses, or hand the links over. GET /v1/suppressions has the addresses that \
                are not written to."
            }
            Self::Mailbox => {
                "The addresses exist. `delivery.advice` of the invitations says whether to resend them \
                later, to use another address, or to hand the links over."
            }
            Self::Content => {
                "The addresses are right. Ask the people to look into their spam folders and to allow the \
                sender; the operator should look into the sender's reputation where it is many."
            }
            Self::Operator => {
                "Nothing is wrong with the addresses. The operator must correct what `delivery.reason` of \
                the invitations says; letters that wait are then sent automatically, the others are to be \
                resent."
            }
            Self::Network => {
                "Letters that wait are tried again automatically, for 24 hours. Where it is many, the \
                operator should look whether the relay is reached; resend what was given up."
            }
            Self::Unknown => "Look at `delivery` of the invitations, and resend them where it is right to.",
        }
    }
}

/// What is known of the attempts to send a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempts {
    /// There was none, or the last one succeeded.
    Clean,
    /// The last one failed.
    Failed,
    /// They went on failing for as long as a letter is tried.
    Exhausted,
}

/// The group of the reason why a letter has this status; `None` where it has none. `fault` is the fault that
/// is recorded on the letter.
///
/// Where no fault is recorded, a refusal was about the address.
#[must_use]
pub fn reason_group(
    status: LetterStatus,
    fault: Option<MailFault>,
    attempts: Attempts,
) -> Option<ReasonGroup> {
    let otherwise = match (status, attempts) {
        (LetterStatus::Sent | LetterStatus::Delivered | LetterStatus::Withdrawn, _)
        | (LetterStatus::Queued | LetterStatus::Sending, Attempts::Clean) => return None,
        (LetterStatus::Queued | LetterStatus::Sending | LetterStatus::Deferred, _)
        | (LetterStatus::Failed, Attempts::Exhausted) => ReasonGroup::Network,
        (LetterStatus::Bounced, _) | (LetterStatus::Failed, Attempts::Failed) => ReasonGroup::Address,
        (LetterStatus::Complained, _) => ReasonGroup::Content,
        (LetterStatus::Failed, Attempts::Clean) => ReasonGroup::Unknown,
    };
    Some(fault.map_or(otherwise, of_fault))
}

fn of_fault(fault: MailFault) -> ReasonGroup {
    match fault {
        MailFault::SpamFilter | MailFault::Blocked => ReasonGroup::Content,
        MailFault::Suppressed => ReasonGroup::Address,
        MailFault::Unavailable | MailFault::Mailbox => ReasonGroup::Mailbox,
        MailFault::Network => ReasonGroup::Network,
        MailFault::Sender
        | MailFault::Client
        | MailFault::Reputation
        | MailFault::Quota
        | MailFault::Authentication
        | MailFault::DomainAuthentication
        | MailFault::Policy
        | MailFault::Setup
        | MailFault::Provider => ReasonGroup::Operator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_group_and_no_success_has_one() {
        let attempts = [Attempts::Clean, Attempts::Failed, Attempts::Exhausted];
        let faults = MailFault::ALL.into_iter().map(Some).chain([None]);
        for (status, fault) in faults.flat_map(|fault| LetterStatus::ALL.map(|status| (status, fault))) {
            for attempts in attempts {
                let group = reason_group(status, fault, attempts);
                let is_good =
                    matches!(status, LetterStatus::Sent | LetterStatus::Delivered | LetterStatus::Withdrawn);
                let is_new = matches!(status, LetterStatus::Queued | LetterStatus::Sending)
                    && attempts == Attempts::Clean;
                assert_eq!(group.is_none(), is_good || is_new, "{status:?} {fault:?} {attempts:?}");
                if let (Some(fault), Some(group)) = (fault, group) {
                    assert_eq!(group == ReasonGroup::Operator, fault.is_operator_fault(), "{fault:?}");
                }
            }
        }
        for (status, attempts, group) in [
            (LetterStatus::Queued, Attempts::Failed, ReasonGroup::Network),
            (LetterStatus::Deferred, Attempts::Clean, ReasonGroup::Network),
            (LetterStatus::Bounced, Attempts::Clean, ReasonGroup::Address),
            (LetterStatus::Complained, Attempts::Clean, ReasonGroup::Content),
            (LetterStatus::Failed, Attempts::Failed, ReasonGroup::Address),
            (LetterStatus::Failed, Attempts::Exhausted, ReasonGroup::Network),
            (LetterStatus::Failed, Attempts::Clean, ReasonGroup::Unknown),
        ] {
            assert_eq!(reason_group(status, None, attempts), Some(group), "{status:?} {attempts:?}");
        }
        let mailbox = reason_group(LetterStatus::Bounced, Some(MailFault::Unavailable), Attempts::Clean);
        assert_eq!(mailbox, Some(ReasonGroup::Mailbox));
    }
}
