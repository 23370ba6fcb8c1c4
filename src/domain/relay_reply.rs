//! Classifies a mail server's refusal: is the cause on our side, or the recipient or the letter?
//!
//! The server says so by an enhanced status code (RFC 3463, the registry of RFC 5248, and those of Exchange
//! Online and Gmail), or only in words. Postfix refuses sender, client and HELO in its answer to RCPT, so the
//! SMTP step says little.
//!
//! Addresses, host names and quotations may contain any word that a caller chose, so they are removed before
//! the words are read.

mod about;
mod code;
mod languages;
mod phrases;
#[cfg(test)]
mod tests;
mod words;

pub use self::about::About;
use super::mail_fault::MailFault;

/// A mail server's reply, and the letter that it concerns.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// The text, with an enhanced status code where there is one.
    pub text: &'a str,
    /// The sender of the envelope; empty where unknown.
    pub sender: &'a str,
    /// The recipient's address, in each form in which the server may repeat it.
    pub recipient: &'a [&'a str],
    /// Whether the server had accepted the recipient before: then the reply does not concern them.
    pub recipient_accepted: bool,
    /// Texts of the letter, which the server may quote once it has read it.
    pub content: &'a [&'a str],
}

impl Reply<'_> {
    /// Classifies the reply.
    #[must_use]
    pub fn about(&self) -> About {
        let text = words::without_content(self.text, self.content);
        // The quoted reply of another server is used, unless it concerns the sender, whom the relay verified
        // there.
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

    /// The text without what it may quote, the letter's texts and addresses, and without the words of code
    /// 550 itself where others follow.
    #[must_use]
    pub fn own_words(&self) -> String {
        let text = words::without_addresses(&words::without_content(self.text, self.content), self.recipient);
        phrases::without_the_codes_own_beside_others(&text)
    }

    /// Whether a reply that is `about` this may say something of the recipient: it does, or it is about one
    /// person, and not about many or the sender.
    #[must_use]
    pub fn may_concern_recipient(&self, about: About) -> bool {
        let words = || words::clean(&self.own_words(), self.recipient);
        match about {
            About::Recipient => !phrases::mentions_sending(&words()),
            About::Unknown => phrases::mentions_one_person(&words()),
            About::Us(_) => false,
        }
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
        let (words, names_recipient) = reason(words);
        if phrases::of_greylisting(&words) {
            return About::Unknown;
        }
        let coded = words::without_addresses(text, self.recipient);
        let code = code::about(&coded);
        if code == About::Recipient {
            return unless_ours(&words, subject);
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
        let is_account = self.recipient_accepted || is_of_security && !names_recipient;
        if let Some(fault) = likely_ours(&words, is_account) {
            return About::Us(fault);
        }
        by_subject(&words, subject, names_recipient)
    }
}

/// "Recipient address rejected" names the recipient, and the text after it gives the reason: an SPF failure,
/// or a block list with our address, is not the recipient's fault. Returns the reason, and whether it is of
/// that form.
fn reason(words: &str) -> (String, bool) {
    match words.split_once(" recipient address rejected ") {
        Some((before, why)) if phrases::certain(&format!("{before} ")).is_none() => (format!(" {why}"), true),
        _ => (words.to_owned(), false),
    }
}

/// Of a reply with a code about the recipient.
fn unless_ours(words: &str, subject: words::Subject) -> About {
    let ours = phrases::certain_before_recipient(words);
    let sender = (subject == words::Subject::Sender).then_some(MailFault::Sender);
    ours.or(sender).map_or(About::Recipient, About::Us)
}

/// The fault on our side that the words make likely. `is_account`: an account of which they speak is ours.
fn likely_ours(words: &str, is_account: bool) -> Option<MailFault> {
    let of_account = phrases::of_account(words);
    if of_account && phrases::addresses_account_owner(words) {
        return Some(MailFault::Quota);
    }
    let likely = phrases::likely(words).or_else(|| languages::of_us(words));
    likely.or_else(|| (of_account && is_account).then_some(MailFault::Quota))
}

fn by_subject(words: &str, subject: words::Subject, names_recipient: bool) -> About {
    match subject {
        // "Access denied" alone concerns the recipient.
        _ if names_recipient => {
            let ours =
                phrases::policy(&words.replace(" access denied ", " ")).or_else(|| phrases::by_sense(words));
            ours.map_or(About::Recipient, About::Us)
        }
        words::Subject::Sender => About::Us(MailFault::Sender),
        words::Subject::Host => About::Us(MailFault::Client),
        words::Subject::Recipient => About::Recipient,
        words::Subject::None => {
            phrases::policy(words).or_else(|| phrases::by_sense(words)).map_or(About::Unknown, About::Us)
        }
    }
}
