//! Whom a mail server's refusal is about: us who send, or the recipient and the letter.
//!
//! A server says so by an enhanced status code (RFC 3463, the registry of RFC 5248, and those of Exchange
//! Online and Gmail), or only in words. Postfix tells its refusals of sender, client and HELO at RCPT, so
//! that the step says little.
//!
//! Addresses, names of hosts and quotations may hold any word that a caller chose; they are taken out before
//! words are looked at.

mod code;
mod languages;
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
        // What another server said counts, unless it said so of the sender whom the relay looked up there.
        if let Some((before, said)) = text.rsplit_once(" said: ")
            && phrases::certain(&words::clean(before, self.recipient)).is_none()
        {
            let about = self.about_text(said);
            if about != About::Unknown {
                return about;
            }
        }
        self.about_text(&text)
    }

    fn about_text(&self, text: &str) -> About {
        let words = phrases::without_successes(words::clean(text, self.recipient));
        let (words, is_unavailable) = phrases::without_the_codes_own(&words);
        match self.about_words(text, &words) {
            About::Unknown if is_unavailable => About::Recipient,
            about => about,
        }
    }

    fn about_words(&self, text: &str, words: &str) -> About {
        let subject = words::subject(text, self.sender, self.recipient);
        // "Recipient address rejected" says of whom, and what follows says why: an SPF failure, or a block
        // list that the recipient's server has us on, is none of theirs.
        let (words, names_recipient) = match words.split_once(" recipient address rejected ") {
            Some((before, why)) if phrases::certain(&format!("{before} ")).is_none() => {
                (format!(" {why}"), true)
            }
            _ => (words.to_owned(), false),
        };
        if phrases::of_greylisting(&words) {
            return About::Unknown;
        }
        let coded = words::without_addresses(text, self.recipient);
        let code = code::about(&coded);
        if code == About::Recipient {
            let ours = phrases::certain_before_recipient(&words);
            let sender = (subject == words::Subject::Sender).then_some(MailFault::Sender);
            return ours.or(sender).map_or(About::Recipient, About::Us);
        }
        if let Some(fault) = phrases::certain(&words) {
            return About::Us(fault);
        }
        if let About::Us(_) = code {
            return code;
        }
        if words::faults_sender(text, self.sender, self.recipient) {
            return About::Us(MailFault::Sender);
        }
        let is_of_security = code::is_of_security(&coded);
        if let Some(fault) = phrases::of_our_account(&words, is_of_security && !names_recipient) {
            return About::Us(fault);
        }
        if phrases::of_recipient(&words) {
            return About::Recipient;
        }
        if words::leads_to_a_block_list(text) {
            return About::Us(MailFault::Reputation);
        }
        if phrases::of_account(&words) && phrases::is_said_to_its_owner(&words) {
            return About::Us(MailFault::Quota);
        }
        if let Some(fault) = phrases::likely(&words).or_else(|| languages::of_us(&words)) {
            return About::Us(fault);
        }
        if phrases::of_account(&words) && (self.recipient_accepted || is_of_security && !names_recipient) {
            return About::Us(MailFault::Quota);
        }
        match subject {
            // "Access denied" alone is said of them.
            _ if names_recipient => {
                let ours = phrases::policy(&words.replace(" access denied ", " "))
                    .or_else(|| phrases::by_sense(&words));
                ours.map_or(About::Recipient, About::Us)
            }
            words::Subject::Sender => About::Us(MailFault::Sender),
            words::Subject::Host => About::Us(MailFault::Client),
            words::Subject::Recipient => About::Recipient,
            words::Subject::None => phrases::policy(&words)
                .or_else(|| phrases::by_sense(&words))
                .map_or(About::Unknown, About::Us),
        }
    }
}
