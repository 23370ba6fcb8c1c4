//! Whom a mail server's refusal is about: us who send, or the recipient and the letter.
//!
//! A server says so by an enhanced status code (RFC 3463, the registry of RFC 5248, and those of Exchange Online and Gmail), or
//! only in words. Postfix tells its refusals of sender, client and HELO at RCPT, so that the step says little.
//!
//! Addresses, names of hosts and quotations may hold any word that a caller chose; they are taken out before words are looked at.

mod code;
mod phrases;
#[cfg(test)]
mod tests;
mod words;

use super::mail_fault::MailFault;

/// What a mail server said, and what is known of the letter that it was said about.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The words, with an enhanced status code where there is one.
    pub text: &'a str,
    /// The sender of the envelope; empty where it is not known.
    pub sender: &'a str,
    /// The address that the letter goes to, in each form that it may be repeated in.
    pub recipient: &'a [&'a str],
    /// Whether the server had taken the recipient before it said so: what it says then is not of them.
    pub recipient_accepted: bool,
    /// Texts of the letter, which may be quoted once the server has read it.
    pub content: &'a [&'a str],
}

/// Whom a reply is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Us: the operator, or the relay's or the provider's administrator, has to put it right.
    Us(MailFault),
    /// The recipient, by its code or its words.
    Recipient,
    /// It does not say.
    Unknown,
}

impl Reply<'_> {
    /// Whom it is about.
    #[must_use]
    pub fn about(&self) -> About {
        let text = words::without_content(self.text, self.content);
        let subject = words::subject(&text, self.sender, self.recipient);
        let words = words::clean(&text, self.recipient);
        // "Recipient address rejected" says of whom, and what follows says why: an SPF failure, or a block list that the recipient's
        // server has us on, is none of theirs.
        let (words, names_recipient) = match words.split_once(" recipient address rejected ") {
            Some((before, why)) if phrases::certain(&format!("{before} ")).is_none() => (format!(" {why}"), true),
            _ => (words, false),
        };
        if phrases::of_greylisting(&words) {
            return About::Unknown;
        }
        if let Some(fault) = phrases::certain(&words) {
            return About::Us(fault);
        }
        let coded = words::without_addresses(&text, self.recipient);
        match code::about(&coded) {
            about @ (About::Us(_) | About::Recipient) => return about,
            About::Unknown => {}
        }
        if phrases::of_recipient(&words) {
            return About::Recipient;
        }
        if words::leads_to_a_block_list(&text) {
            return About::Us(MailFault::Reputation);
        }
        if let Some(fault) = phrases::likely(&words) {
            return About::Us(fault);
        }
        if phrases::of_account(&words) && (self.recipient_accepted || code::is_of_security(&coded)) {
            return About::Us(MailFault::Quota);
        }
        match subject {
            _ if names_recipient => About::Recipient,
            words::Subject::Sender => About::Us(MailFault::Sender),
            words::Subject::Host => About::Us(MailFault::Client),
            words::Subject::Recipient => About::Recipient,
            words::Subject::None => {
                phrases::policy(&words).or_else(|| phrases::by_sense(&words)).map_or(About::Unknown, About::Us)
            }
        }
    }
}
