//! Warnings about returned mail: where it goes, and whether it is read.

use super::domain_of;
use crate::{
    config::variables::{Config, MAIL_DKIM, MAIL_DSN_SUCCESS, MAIL_ENVELOPE_FROM, MAIL_EVENTS_DSN},
    mail::same_organisation,
};

impl Config {
    /// The warnings about `MAIL_ENVELOPE_FROM` and `MAIL_DSN_SUCCESS`.
    pub(super) fn returned_mail_cautions(&self) -> Vec<String> {
        if let (Some(provider), Some(_)) = (self.mail_url.provider(), self.sender.return_domain()) {
            return vec![format!(
                "{}: letters go over the API of {provider}, which has a return address of its own: this one \
                is not used",
                MAIL_ENVELOPE_FROM.name
            )];
        }
        let answered = self.sender.invites_automatic_replies().then(|| {
            format!(
                "{}: it does not begin with bounce, so that some autoresponders answer to it: use \
                bounces@…, for example",
                MAIL_ENVELOPE_FROM.name
            )
        });
        [answered, self.unread_reports(), self.unaligned()].into_iter().flatten().collect()
    }

    /// Reports are wanted, and no route takes them.
    fn unread_reports(&self) -> Option<String> {
        let variable = match self.sender.return_domain() {
            Some(_) => MAIL_ENVELOPE_FROM,
            None if self.sender.asks_for_success() => MAIL_DSN_SUCCESS,
            None => return None,
        };
        let by_relay = self.mail_url.delivers() && self.mail_url.provider().is_none();
        (by_relay && self.returned_mail.is_none()).then(|| {
            format!(
                "{}: {} is not set, so that the service reads no report on a letter",
                variable.name, MAIL_EVENTS_DSN.name
            )
        })
    }

    /// SPF is checked for the domain of the envelope. DMARC counts it only where the domain in From belongs
    /// to the same organisation (RFC 7489 §3.1.2).
    fn unaligned(&self) -> Option<String> {
        let domain = self.sender.return_domain()?;
        let sender = self.sender.address();
        let is_unsigned = self.mail_url.delivers() && self.sender.signers().is_empty();
        (is_unsigned && !same_organisation(domain, domain_of(sender))).then(|| {
            format!(
                "{}: {domain} is of another organisation than {sender}, so that DMARC does not count SPF: \
                use a subdomain of the sender's, or sign letters at the relay or with {}",
                MAIL_ENVELOPE_FROM.name, MAIL_DKIM.name
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::cautions::tests::cautioned;

    const RELAY: (&str, &str) = ("MAIL_URL", "smtp://mail.b.example");
    const READ: (&str, &str) = ("MAIL_EVENTS_DSN", "a-secret-for-returned-mail");

    fn with(more: &[(&'static str, &'static str)]) -> Vec<String> {
        let known = [("MAIL_FROM", "a@b.example"), ("PUBLIC_URL", "https://b.example")];
        cautioned(&[&known[..], more].concat())
    }

    #[test]
    fn reports_are_of_use_where_they_are_read() {
        let (from, success) =
            (("MAIL_ENVELOPE_FROM", "bounces@invite.b.example"), ("MAIL_DSN_SUCCESS", "on"));
        assert_eq!(with(&[RELAY, from]), ["MAIL_ENVELOPE_FROM"]);
        assert_eq!(with(&[RELAY, success]), ["MAIL_DSN_SUCCESS"]);
        assert_eq!(with(&[RELAY, from, success]), ["MAIL_ENVELOPE_FROM"]);
        for fine in [&[RELAY, from, success, READ][..], &[from], &[("MAIL_DSN_SUCCESS", "off"), RELAY]] {
            assert!(with(fine).is_empty(), "{fine:?}");
        }
    }

    #[test]
    fn a_provider_has_a_return_address_of_its_own() {
        let from = ("MAIL_ENVELOPE_FROM", "bounces@invite.b.example");
        assert_eq!(with(&[("MAIL_URL", "postmark://key"), from, READ]), ["MAIL_ENVELOPE_FROM"]);
        assert!(with(&[("MAIL_URL", "postmark://key"), READ]).is_empty());
    }

    #[test]
    fn spf_counts_for_a_domain_of_the_sender() {
        for (returned, cautions) in
            [("bounces@b.example", 0), ("bounces@invite.b.example", 0), ("bounces@c.example", 1)]
        {
            let cautioned = with(&[RELAY, READ, ("MAIL_ENVELOPE_FROM", returned)]);
            assert_eq!(cautioned, vec!["MAIL_ENVELOPE_FROM"; cautions], "{returned}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
        let dkim = format!("a:b.example:{}", file.display());
        let signed = [
            ("MAIL_FROM", "a@b.example"),
            ("PUBLIC_URL", "https://b.example"),
            RELAY,
            READ,
            ("MAIL_ENVELOPE_FROM", "bounces@c.example"),
            ("MAIL_DKIM", &dkim),
        ];
        assert!(cautioned(&signed).is_empty());
    }
}
