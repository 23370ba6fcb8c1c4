//! Classifies a relay's refusal of a letter.

use super::fault::{SmtpFault, Stage};
use crate::domain::{
    mail_fault::MailFault,
    relay_reply::{About, Reply},
};

/// Whether a reused connection was closed without a reply about this letter, so that another connection may
/// send it at once: closed after its last letter, as some relays do after a number of letters, or by 421,
/// which may answer any command (RFC 5321 §3.8). Without a reply after the content the letter may have been
/// accepted, so it is not sent again at once.
pub(super) fn is_closing(stage: Stage, error: &SmtpFault) -> bool {
    match (stage, error.status()) {
        (_, Some(421)) => true,
        (Stage::Sender, _) => !error.is_permanent() && !error.is_late(),
        (Stage::Recipient, None) => !error.is_timeout(),
        _ => false,
    }
}

/// The fault on our side by the step of the refusal, unless the text is more specific. A letter that is too
/// large (552) is not the sender's fault.
fn of_stage(stage: Stage, code: u16) -> Option<MailFault> {
    match stage {
        Stage::Connect => Some(MailFault::Client),
        Stage::SignIn => Some(MailFault::Authentication),
        Stage::Sender if code == 552 => Some(MailFault::Setup),
        Stage::Sender => Some(MailFault::Sender),
        Stage::Recipient | Stage::Content => None,
    }
}

/// The fault on our side that a refusal states, at any step: it is not final for the letter, since an
/// operator can correct it.
///
/// A permanent refusal (5xx) before the recipient is named concerns us: a banner (554, 521), AUTH (535, 534),
/// a sender that the relay does not let us use (550, 553). After that it concerns the recipient or the
/// letter, unless its code or its text says otherwise ([`Reply::about`]): Postfix refuses client, HELO and
/// sender at RCPT. So do the basic codes that concern the session itself: 502 to 504 (commands and their
/// order, RFC 5321 §4.2.3), 521 (a host that accepts no mail at all, RFC 7504), 530, 534, 535, 538 (sign in
/// first, RFC 4954 §6). A temporary refusal (4xx) concerns us where its text says so.
pub(super) fn sender_side_fault(stage: Stage, fault: &SmtpFault, reply: &Reply<'_>) -> Option<MailFault> {
    if matches!(fault, SmtpFault::NoTls | SmtpFault::NoExtensions(_) | SmtpFault::NoSignIn) {
        return Some(MailFault::Authentication);
    }
    let about = fault.status().map(|code| (code, reply.about()))?;
    match about {
        (_, About::Us(fault)) => Some(fault),
        (code, _) if code < 500 => None,
        (530 | 534 | 535 | 538, _) => Some(MailFault::Authentication),
        (521, _) | (502..=504, About::Unknown) => Some(MailFault::Setup),
        (code, _) => of_stage(stage, code),
    }
}

#[cfg(test)]
mod tests {
    use lettre::transport::smtp::response::Response;

    use super::*;

    fn fault_at(stage: Stage, code: u16, said: &str) -> Option<MailFault> {
        let response: Response = format!("{code} {said}\r\n").parse().unwrap();
        let reply = Reply {
            text: said,
            sender: "no-reply@voltmark.example",
            recipient: &["ada@example.com"],
            recipient_accepted: stage == Stage::Content,
            content: &[],
        };
        sender_side_fault(stage, &SmtpFault::Refused(response), &reply)
    }

    #[test]
    fn steps_and_basic_codes_say_whom_a_refusal_is_about() {
        for code in [500, 501, 522, 523, 541, 550, 551, 552, 553, 554, 555] {
            for stage in [Stage::Recipient, Stage::Content] {
                assert_eq!(fault_at(stage, code, "no"), None, "{code}");
                assert_eq!(fault_at(stage, code, "5.7.13 no"), Some(MailFault::Authentication), "{code}");
                assert_eq!(
                    fault_at(stage, code, "5.7.1 relay access denied"),
                    Some(MailFault::Authentication),
                    "{code}"
                );
            }
            for stage in [Stage::Connect, Stage::SignIn, Stage::Sender] {
                assert!(fault_at(stage, code, "5.1.1 no").is_some(), "{code}");
            }
        }
        for code in [502, 503, 504, 521, 530, 534, 535, 538] {
            assert!(fault_at(Stage::Recipient, code, "no").is_some(), "{code}");
        }
        assert_eq!(
            fault_at(
                Stage::Recipient,
                504,
                "5.5.2 <ada>: Recipient address rejected: need fully-qualified address"
            ),
            None
        );
        for code in [421, 450, 451, 452] {
            assert_eq!(fault_at(Stage::Sender, code, "no"), None, "{code}");
            assert_eq!(
                fault_at(Stage::Recipient, code, "4.1.8 Domain not found"),
                Some(MailFault::Sender),
                "{code}"
            );
        }
    }

    #[test]
    fn an_account_is_ours_once_the_recipient_was_taken() {
        assert_eq!(fault_at(Stage::Recipient, 550, "Account suspended"), None);
        assert_eq!(fault_at(Stage::Content, 550, "Account suspended"), Some(MailFault::Quota));
    }
}
