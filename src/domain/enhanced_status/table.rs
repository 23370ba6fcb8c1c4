//! The table of enhanced status codes.
//!
//! Sources: RFC 3463, the registry of RFC 5248
//! (<https://www.iana.org/assignments/smtp-enhanced-status-codes>), RFC 7293, RFC 7372, RFC 7505, Gmail
//! (<https://support.google.com/a/answer/3726730>), and Exchange Online:
//! <https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online>

use super::{
    blame::{
        Blame::{self, Address, Content, Mailbox, Network, Us},
        Judgement,
    },
    status_code::StatusCode,
};
use crate::domain::mail_fault::MailFault::{
    Authentication, Client, DomainAuthentication, Policy, Quota, Reputation, Sender, Setup,
};

/// Codes of one subject that say the same.
struct Row {
    class: Class,
    subject: u16,
    /// The first and the last detail.
    details: (u16, u16),
    blame: Blame,
    lasts: Lasts,
    advice: &'static str,
}

/// The classes that a row is about.
#[derive(PartialEq)]
enum Class {
    Any,
    Permanent,
}

/// How long a permanent failure of this kind lasts.
#[derive(PartialEq)]
enum Lasts {
    /// Time may help.
    ForNow,
    /// Until something is changed.
    Final,
    /// There is no such mailbox.
    NoMailbox,
}
use self::{
    Class::{Any, Permanent},
    Lasts::{Final, ForNow, NoMailbox},
};

const fn row(
    (class, subject, first, last): (Class, u16, u16, u16),
    blame: Blame,
    lasts: Lasts,
    advice: &'static str,
) -> Row {
    Row { class, subject, details: (first, last), blame, lasts, advice }
}

const WRONG_ADDRESS: &str =
    "There is no mailbox with this address. Ask the person for the right one, and correct it.";
const WRONG_DOMAIN: &str = "No mail reaches the domain of this address. Check what is after the @.";
const NEW_OWNER: &str = "The address has another owner now. Ask the person for the present one.";
const CLOSED: &str = "The mailbox is closed. Ask the person for another address.";
const FULL: &str = "The mailbox is full. Ask the person to make room, and resend the invitation.";
const TOO_LARGE: &str =
    "The mailbox or its server does not accept a letter of this size. Use another address.";
const LIST: &str = "The address is a mailing list that does not accept this letter. Use a person's address.";
const REFUSES: &str = "The mailbox does not accept this letter. Ask the person to allow the sender.";
const BUSY: &str = "The mailbox gets too much mail for now. Resend the invitation later.";
const SERVER: &str = "The person's mail server could not accept the letter. Resend the invitation later.";
const ROUTE: &str = "The letter did not reach the person's mail server. Resend the invitation later.";
const LOOP: &str = "The person's mail servers pass the letter round in a circle. Use another address.";
const PROTOCOL: &str = "Two mail servers did not understand each other. Resend the invitation later.";
const FORM: &str = "The person's mail server does not accept the form of the letter. Use another address.";
/// Rows about the operator's side give the fault's own explanation.
const OURS: &str = "";

/// The first row that fits counts. X.1.0, X.3.0, X.5.0, X.7.0 and X.7.1 have none: they are given for any
/// reason, so that the words decide.
const TABLE: &[Row] = &[
    row((Permanent, 1, 1, 1), Address, NoMailbox, WRONG_ADDRESS),
    // The relay's own route may be wrong for every address, so this does not deny the mailbox.
    row((Permanent, 1, 2, 2), Address, Final, WRONG_DOMAIN),
    row((Permanent, 1, 3, 3), Address, NoMailbox, WRONG_ADDRESS),
    row((Permanent, 1, 4, 5), Address, Final, WRONG_ADDRESS),
    row((Permanent, 1, 6, 6), Address, NoMailbox, WRONG_ADDRESS),
    // The sender's mailbox, and its system.
    row((Any, 1, 7, 8), Us(Sender), Final, OURS),
    row((Any, 1, 9, 9), Mailbox, ForNow, SERVER),
    // The domain accepts no mail (RFC 7505); Exchange Online: no such recipient.
    row((Permanent, 1, 10, 10), Address, NoMailbox, WRONG_ADDRESS),
    // The address or its domain could not be checked: nothing is said against it.
    row((Any, 1, 2, 2), Network, ForNow, ROUTE),
    row((Any, 1, 1, 6), Mailbox, ForNow, SERVER),
    row((Any, 1, 10, 10), Mailbox, ForNow, SERVER),
    // Exchange Online: several addresses in From.
    row((Any, 1, 20, 21), Us(Sender), Final, OURS),
    // Exchange Online: the daily limit of recipients.
    row((Any, 1, 90, 90), Us(Quota), ForNow, OURS),
    row((Any, 2, 1, 1), Mailbox, Final, CLOSED),
    row((Any, 2, 2, 2), Mailbox, ForNow, FULL),
    row((Any, 2, 3, 3), Mailbox, Final, TOO_LARGE),
    row((Any, 2, 4, 4), Mailbox, Final, LIST),
    // Exchange Online: the mailbox gets more than its limit for an hour.
    row((Any, 2, 121, 122), Mailbox, ForNow, BUSY),
    // Exchange Online: SendAsDenied.
    row((Any, 2, 252, 252), Us(Sender), Final, OURS),
    // X.2.0 has no row: Exchange uses it also for faults of the sender.
    row((Any, 2, 5, 999), Mailbox, Final, REFUSES),
    row((Any, 3, 1, 1), Network, ForNow, SERVER),
    // The server accepts no mail at all, or its configuration is at fault. With class 4 it is being restarted
    // or maintained.
    row((Permanent, 3, 2, 2), Us(Setup), Final, OURS),
    row((Any, 3, 2, 2), Network, ForNow, SERVER),
    row((Any, 3, 3, 3), Content, Final, FORM),
    row((Any, 3, 4, 4), Content, Final, TOO_LARGE),
    row((Permanent, 3, 5, 5), Us(Setup), Final, OURS),
    row((Any, 3, 5, 5), Network, ForNow, SERVER),
    // Exchange Online: no mailbox in the domain. With class 4 the server does not answer.
    row((Permanent, 4, 1, 1), Address, Final, WRONG_ADDRESS),
    // An unknown destination. With class 4 its name servers do not answer.
    row((Permanent, 4, 4, 4), Address, Final, WRONG_DOMAIN),
    row((Any, 4, 5, 5), Us(Quota), ForNow, OURS),
    row((Permanent, 4, 6, 6), Network, Final, LOOP),
    // Exchange Online: too many servers on the way.
    row((Permanent, 4, 14, 14), Network, Final, LOOP),
    // Exchange Online: the domain does not exist.
    row((Permanent, 4, 310, 310), Address, Final, WRONG_DOMAIN),
    row((Any, 4, 0, 999), Network, ForNow, ROUTE),
    row((Any, 5, 1, 999), Network, Final, PROTOCOL),
    row((Any, 6, 0, 999), Content, Final, FORM),
    // A mailing list may not be expanded.
    row((Any, 7, 2, 2), Mailbox, Final, LIST),
    row((Any, 7, 3, 4), Us(Authentication), Final, OURS),
    // The signature or encryption is wrong.
    row((Any, 7, 5, 7), Us(Policy), Final, OURS),
    row((Any, 7, 8, 14), Us(Authentication), Final, OURS),
    // Mailbox and domain have changed hands (RFC 7293).
    row((Any, 7, 17, 18), Address, Final, NEW_OWNER),
    row((Any, 7, 19, 19), Mailbox, Final, REFUSES),
    // The sending host has no DNS name, or another one.
    row((Any, 7, 25, 25), Us(Client), Final, OURS),
    row((Any, 7, 28, 28), Us(Reputation), ForNow, OURS),
    row((Any, 7, 20, 49), Us(DomainAuthentication), Final, OURS),
    // Only certain senders may write to this group or mailbox.
    row((Any, 7, 51, 51), Us(Policy), Final, OURS),
    row((Any, 7, 54, 54), Us(Authentication), Final, OURS),
    row((Any, 7, 57, 57), Us(Authentication), Final, OURS),
    row((Any, 7, 60, 60), Us(Sender), Final, OURS),
    row((Any, 7, 64, 64), Us(Authentication), Final, OURS),
    row((Any, 7, 68, 68), Us(Policy), Final, OURS),
    // From here on Exchange Online's.
    row((Any, 7, 124, 136), Us(Policy), Final, OURS),
    row((Any, 7, 230, 235), Us(Quota), ForNow, OURS),
    row((Any, 7, 236, 236), Us(Sender), Final, OURS),
    row((Any, 7, 500, 503), Us(Reputation), Final, OURS),
    // The recipient is not valid, is banned, or refuses.
    row((Any, 7, 504, 504), Address, Final, WRONG_ADDRESS),
    row((Any, 7, 505, 505), Mailbox, Final, REFUSES),
    row((Any, 7, 506, 506), Us(Client), Final, OURS),
    row((Any, 7, 507, 507), Mailbox, Final, REFUSES),
    row((Any, 7, 508, 508), Us(Reputation), Final, OURS),
    row((Any, 7, 509, 509), Us(DomainAuthentication), Final, OURS),
    row((Any, 7, 510, 510), Us(Client), Final, OURS),
    row((Any, 7, 511, 511), Us(Reputation), Final, OURS),
    row((Any, 7, 512, 512), Us(Sender), Final, OURS),
    row((Any, 7, 513, 513), Us(Reputation), Final, OURS),
    row((Any, 7, 515, 515), Us(DomainAuthentication), Final, OURS),
    row((Any, 7, 520, 520), Us(Policy), Final, OURS),
    row((Any, 7, 606, 659), Us(Reputation), Final, OURS),
    row((Any, 7, 708, 708), Us(Reputation), Final, OURS),
    row((Any, 7, 700, 749), Us(Quota), ForNow, OURS),
    row((Any, 7, 750, 750), Us(Sender), Final, OURS),
];

/// What a code says, if the table has it. A temporary failure is never final.
#[must_use]
pub fn judge(code: StatusCode) -> Option<Judgement> {
    let is_permanent = code.class == 5;
    let fits = |row: &&Row| {
        row.subject == code.subject
            && (row.details.0..=row.details.1).contains(&code.detail)
            && (is_permanent || row.class == Any)
    };
    TABLE.iter().filter(|_| code.class != 2).find(fits).map(|row| Judgement {
        blame: row.blame,
        is_final: is_permanent && row.lasts != ForNow,
        denies_mailbox: is_permanent && row.lasts == NoMailbox,
        advice: row.advice,
    })
}

/// Every code that a row begins or ends with, in the classes that it is about.
#[cfg(test)]
pub(crate) fn samples() -> impl Iterator<Item = StatusCode> {
    TABLE.iter().flat_map(|row| {
        let classes: &[u8] = if row.class == Any { &[4, 5] } else { &[5] };
        let codes = classes.iter().flat_map(|class| {
            [row.details.0, row.details.1].map(|detail| StatusCode::new(*class, row.subject, detail))
        });
        codes.collect::<Vec<_>>()
    })
}
