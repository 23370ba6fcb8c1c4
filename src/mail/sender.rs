//! The sender of letters, and the time zone of their texts.

use std::sync::Arc;

use lettre::message::Mailbox;

use super::{
    ascii_address,
    dkim::DkimSigner,
    return_address::ReturnAddress,
    smtp::EhloName,
    template::{Templates, text},
};
use crate::domain::{
    bounce_address::{BounceKeys, PREFIX},
    time_zone::TimeZone,
};

/// The sender of every letter, and the operator's settings: `MAIL_FROM`, `MAIL_REPLY_TO`,
/// `MAIL_ENVELOPE_FROM`, `MAIL_DSN_SUCCESS`, `MAIL_DKIM`, `MAIL_HELO`, `TIME_ZONE` and `MAIL_TEMPLATES`.
#[derive(Debug, Clone)]
pub struct Sender {
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) time_zone: TimeZone,
    /// Where undeliverable letters are returned; `None` for the sender's address.
    pub(super) returned: Option<ReturnAddress>,
    /// Whether a relay is asked to report deliveries, too.
    pub(super) asks_for_success: bool,
    /// The host name in EHLO: `MAIL_HELO`.
    pub(super) hello: EhloName,
    /// The operator's templates; `None` for the built-in ones.
    pub(super) templates: Option<Arc<Templates>>,
    /// Those who sign letters: `MAIL_DKIM`.
    pub(super) signers: Arc<[DkimSigner]>,
}

impl Sender {
    /// Parses the sender: `ada@example.com` or `Ada Lovelace <ada@example.com>`.
    ///
    /// # Errors
    /// For each of the two that is invalid, a sentence that names the variable and says what to change.
    pub fn new(from: &str, reply_to: Option<&str>, time_zone: TimeZone) -> Result<Self, Vec<String>> {
        let reply_to = reply_to.map(|text| mailbox("MAIL_REPLY_TO", text)).transpose();
        match (mailbox("MAIL_FROM", from), reply_to) {
            (Ok(from), Ok(reply_to)) => Ok(Self {
                from,
                reply_to,
                time_zone,
                returned: None,
                asks_for_success: false,
                hello: EhloName::default(),
                templates: None,
                signers: Arc::from(Vec::<DkimSigner>::new()),
            }),
            (from, reply_to) => Err(from.err().into_iter().chain(reply_to.err()).collect()),
        }
    }

    /// The same sender with the operator's own templates.
    #[must_use]
    pub fn writing_with(self, templates: Templates) -> Self {
        Self { templates: Some(Arc::new(templates)), ..self }
    }

    /// The same sender with this host name in EHLO.
    #[must_use]
    pub fn with_ehlo_name(self, hello: EhloName) -> Self {
        Self { hello, ..self }
    }

    /// The same sender with this address for undeliverable letters (`MAIL_ENVELOPE_FROM`).
    #[must_use]
    pub fn returning_to(self, returned: Option<ReturnAddress>) -> Self {
        Self { returned, ..self }
    }

    /// The same sender with keys for the return addresses: each letter has its own.
    #[must_use]
    pub fn with_bounce_keys(self, keys: BounceKeys) -> Self {
        Self { returned: self.returned.map(|address| address.with_keys(keys)), ..self }
    }

    /// The same sender, who asks relays to report deliveries, too (`MAIL_DSN_SUCCESS`).
    #[must_use]
    pub fn asking_for_success(self, asks_for_success: bool) -> Self {
        Self { asks_for_success, ..self }
    }

    /// The domain to which undeliverable letters are returned (`MAIL_ENVELOPE_FROM`); `None` for that of the
    /// sender's address.
    #[must_use]
    pub fn return_domain(&self) -> Option<&str> {
        self.returned.as_ref().map(ReturnAddress::domain)
    }

    /// Whether relays are asked to report deliveries, too (`MAIL_DSN_SUCCESS`).
    #[must_use]
    pub fn asks_for_success(&self) -> bool {
        self.asks_for_success
    }

    /// Whether autoresponders may answer to the return address: some heed nothing but how it begins.
    #[must_use]
    pub fn invites_automatic_replies(&self) -> bool {
        self.returned
            .as_ref()
            .is_some_and(|address| !address.local_part().to_ascii_lowercase().starts_with(PREFIX))
    }

    /// The same sender with these signatures on letters.
    #[must_use]
    pub fn signing_with(self, signers: Vec<DkimSigner>) -> Self {
        Self { signers: signers.into(), ..self }
    }

    /// The signatures on letters that go by SMTP or into a folder.
    #[must_use]
    pub fn signers(&self) -> &[DkimSigner] {
        &self.signers
    }

    /// The address without a name.
    #[must_use]
    pub fn address(&self) -> &str {
        self.from.email.as_ref()
    }

    /// The domain of every `Message-ID`.
    pub(super) fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

fn mailbox(variable: &str, text: &str) -> Result<Mailbox, String> {
    let fault = || {
        format!(
            "{variable} must be an e-mail address, as in ada@example.com or Ada Lovelace <ada@example.com>."
        )
    };
    if text.chars().any(char::is_control) {
        return Err(format!("{variable} must not contain line breaks or other control characters."));
    }
    // A simplified grammar, without folded display names: the text between the last brackets is the address.
    let (name, address) = match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (text::without_encoded_words(&unquoted(name.trim())), address),
        None => (String::new(), text.trim()),
    };
    let address = ascii_address::parse(address).ok_or_else(fault)?;
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// A name without the quotation marks that the grammar requires around some names.
fn unquoted(name: &str) -> String {
    match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Result<Mailbox, String> {
        Sender::new(text, None, TimeZone::utc())
            .map(|sender| sender.from)
            .map_err(|mut faults| faults.remove(0))
    }

    #[test]
    fn reads_addresses_with_and_without_a_name() {
        for (text, name, address) in [
            ("ada@example.com", None, "ada@example.com"),
            ("Invitations <no-reply@localhost>", Some("Invitations"), "no-reply@localhost"),
            ("\"Volt, mark\" <Post@Example.com>", Some("Volt, mark"), "Post@example.com"),
            (
                "Laadpaal B\u{fc}cher <post@b\u{fc}cher.example>",
                Some("Laadpaal B\u{fc}cher"),
                "post@xn--bcher-kva.example",
            ),
            ("<ada@example.com>", None, "ada@example.com"),
            ("=?utf-8?Q?Ada?= <ada@example.com>", Some("= ?utf-8?Q?Ada?="), "ada@example.com"),
        ] {
            let mailbox = from(text).unwrap();
            assert_eq!((mailbox.name.as_deref(), mailbox.email.as_ref()), (name, address));
        }
    }

    #[test]
    fn refuses_with_the_variable_at_fault() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "Ada <ada@example.com",
            "a da@example.com",
            "ad\u{e4}@example.com",
            "a@b, c@d",
        ] {
            assert!(from(text).unwrap_err().starts_with("MAIL_FROM must be"), "{text}");
        }
        assert!(from("Ada\r\nBcc: eve@example.com <ada@example.com>").unwrap_err().contains("control"));
        let faults = |from: &str| Sender::new(from, Some("nobody"), TimeZone::utc()).unwrap_err();
        assert!(faults("ada@example.com")[0].starts_with("MAIL_REPLY_TO"));
        let both = faults("somebody");
        assert!(
            both.len() == 2 && both[0].starts_with("MAIL_FROM") && both[1].starts_with("MAIL_REPLY_TO"),
            "{both:?}"
        );
    }
}
