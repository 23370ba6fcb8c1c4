//! A person's e-mail address, parsed once at input.
//!
//! Accepted: a dot-atom local part (RFC 5322 §3.2.3) of at most 64 characters, and a domain name with a dot,
//! IDN included (UTS 46). Not accepted: quoted local parts, address literals, control characters, more than
//! 254 characters (RFC 5321). What is often pasted with an address is removed: blanks and line breaks, a name
//! before `<…>` or in brackets after it, `mailto:`, and commas and semicolons at the end.

mod email_error;
mod pasted;
mod plain;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

pub use self::email_error::EmailError;
use super::{
    ids::UserId,
    invisible::{is_invisible, trim},
};

/// The end of the addresses of erased users: an `@`, and [`Email::ERASED_DOMAIN`].
const ERASED: &str = "@erased.invalid";

/// An address as its owner typed it, with the domain in lower case; a non-ASCII domain is mapped by UTS 46.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email {
    text: String,
    key: String,
}

impl Email {
    /// The longest address, in characters: the longest path of RFC 5321 §4.5.3.1.3 without its two brackets.
    pub const MAX_LEN: usize = plain::MAX_LEN;
    /// The longest part before the `@`, RFC 5321 §4.5.3.1.1.
    pub const LONGEST_LOCAL: usize = plain::LONGEST_LOCAL;

    /// The domain of the addresses that stand in place of erased users'.
    pub const ERASED_DOMAIN: &str = "erased.invalid";

    /// Parses an address.
    ///
    /// # Errors
    /// [`EmailError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        match plain::read(text) {
            Some((text, key)) => Ok(Self { text, key }),
            None => Self::by_all_rules(text),
        }
    }

    fn by_all_rules(text: &str) -> Result<Self, EmailError> {
        if trim(text).is_empty() {
            return Err(EmailError::Empty);
        }
        let bare = pasted::bare(text)?;
        let text = bare.as_ref();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailError::Malformed);
        }
        if local.len() > Self::LONGEST_LOCAL || text.len() > 4 * Self::MAX_LEN {
            return Err(EmailError::TooLong);
        }
        if local.split('.').any(|atom| atom.is_empty() || !atom.bytes().all(plain::is_atext)) {
            return Err(EmailError::LocalPart);
        }
        let ascii = punycode(domain)?;
        if local.len() + 1 + ascii.len() > Self::MAX_LEN {
            return Err(EmailError::TooLong);
        }
        let read = unicode(domain);
        // UTS 46 allows the empty Braille pattern, which looks like a blank. It allows joiners only where a
        // script needs them.
        if read.chars().any(|c| is_invisible(c) && !matches!(c, '\u{200C}' | '\u{200D}')) {
            return Err(EmailError::Malformed);
        }
        // An ASCII domain is shown as it was typed.
        let shown = if domain.is_ascii() { domain.to_ascii_lowercase() } else { read };
        Ok(Self { text: format!("{local}@{shown}"), key: format!("{}@{ascii}", local.to_ascii_lowercase()) })
    }

    /// The address in place of an erased user's: under `.invalid`, which belongs to nobody (RFC 2606 §2).
    #[must_use]
    pub fn erased(id: UserId) -> Self {
        let text = format!("{id}{ERASED}");
        Self { key: text.clone(), text }
    }

    /// Whether it stands in place of an erased user's address.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.key.ends_with(ERASED)
    }

    /// The address with its domain in readable form: in Unicode, where it was typed in punycode.
    #[must_use]
    pub fn unicode(&self) -> String {
        let domain = self.text.split_once('@').map_or("", |(_, domain)| domain);
        format!("{}@{}", self.local_part(), unicode(domain))
    }

    /// The address as typed, domain in lower case, for display.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The key by which addresses are compared: local part in lower case, domain in punycode.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The address for an SMTP envelope: local part as typed, domain in punycode.
    #[must_use]
    pub fn wire(&self) -> String {
        let local = self.local_part();
        format!("{local}{}", self.key.get(local.len()..).unwrap_or_default())
    }

    /// The part before the `@`, as typed.
    #[must_use]
    pub fn local_part(&self) -> &str {
        self.text.split_once('@').map_or("", |(local, _)| local)
    }

    /// The address for a log line: enough to recognise one's own, not enough to write to it.
    #[must_use]
    pub fn masked(&self) -> String {
        let first = self.text.chars().next().unwrap_or('?');
        format!("{first}…@{}", self.key.rsplit('@').next().unwrap_or_default())
    }
}

/// The masked form, since `Debug` output gets into logs.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The Unicode form of a domain that [`punycode`] accepts, as UTS 46 maps it: in lower case, without ignored
/// characters (U+00AD, U+200B). Other programs map the same domain to another one.
///
/// See findings/idna-two-domains.sh.
fn unicode(domain: &str) -> String {
    Uts46::new().to_unicode(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast).0.into_owned()
}

fn punycode(domain: &str) -> Result<String, EmailError> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::Malformed)?;
    // A last label of digits alone would be an IPv4 address (RFC 3696 §2), not a name.
    let top = ascii.rsplit_once('.').ok_or(EmailError::Malformed)?.1;
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EmailError::Malformed);
    }
    Ok(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_what_was_typed_and_compares_without_regard_to_case() {
        let email = Email::parse(" Ada.Lovelace+Test@Example.COM\t").unwrap();
        assert_eq!(email.as_str(), "Ada.Lovelace+Test@example.com");
        assert_eq!(email.key(), "ada.lovelace+test@example.com");
        assert_eq!(email.wire(), "Ada.Lovelace+Test@example.com");
    }

    #[test]
    fn one_mailbox_by_unicode_or_by_punycode() {
        let unicode = Email::parse("info@BÜCHER.example").unwrap();
        let ascii = Email::parse("info@xn--bcher-kva.example").unwrap();
        assert_eq!(unicode.key(), ascii.key());
        assert_eq!(unicode.as_str(), "info@bücher.example");
        assert_eq!(unicode.wire(), "info@xn--bcher-kva.example");
    }

    #[test]
    fn a_domain_is_what_uts_46_makes_of_it() {
        for (typed, shown, key) in [
            ("a@exa\u{AD}mple.com", "a@example.com", "a@example.com"),
            ("a@exam\u{200B}ple.com", "a@example.com", "a@example.com"),
            ("a@\u{2060}example.com\u{FE0F}", "a@example.com", "a@example.com"),
            ("a@ＥＸＡＭＰＬＥ.com", "a@example.com", "a@example.com"),
            ("a@example。com", "a@example.com", "a@example.com"),
            ("a@BÜ\u{AD}CHER.example", "a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@bu\u{308}cher.example", "a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@straße.example", "a@straße.example", "a@xn--strae-oqa.example"),
            ("a@XN--BCHER-KVA.Example", "a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            (
                "a@bücher.xn--bcher-kva.example",
                "a@bücher.bücher.example",
                "a@xn--bcher-kva.xn--bcher-kva.example",
            ),
        ] {
            let email = Email::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.key()), (shown, key), "{typed:?}");
        }
        assert_eq!(Email::parse("A@xn--bcher-kva.example").unwrap().unicode(), "A@bücher.example");
    }

    #[test]
    fn a_domain_that_uts_46_does_not_allow_is_refused() {
        for typed in [
            "a@\u{AD}.com",
            "a@\u{200B}",
            "a@exam\u{2800}ple.com",
            "a@xn--example-pb0e.com",
            "a@exam\u{3000}ple.com",
            "a\u{200B}b@example.com",
        ] {
            assert!(Email::parse(typed).is_err(), "{typed:?}");
        }
    }

    #[test]
    fn what_stands_around_is_taken_off() {
        for around in [
            " ", "\t", "\n", "\r\n", "\u{B}", "\u{C}", "\u{85}", "\u{2029}", "\u{A0}", "\u{3000}",
            "\u{2003}", "\u{202F}", "\u{FEFF}", "\u{200B}", "\u{202A}", "\u{2028}", "\u{2800}",
        ] {
            let email = Email::parse(&format!("{around}Ada@example.com{around}{around}")).unwrap();
            assert_eq!((email.as_str(), email.key()), ("Ada@example.com", "ada@example.com"), "{around:?}");
            assert_eq!(Email::parse(around), Err(EmailError::Empty));
        }
    }

    #[test]
    fn refuses_with_the_reason() {
        let long = format!("{}@example.com", "a".repeat(300));
        for (text, error) in [
            ("  ", EmailError::Empty),
            ("ada", EmailError::Malformed),
            ("ada@", EmailError::Malformed),
            ("@example.com", EmailError::Malformed),
            ("ada@localhost", EmailError::Malformed),
            ("ada@[127.0.0.1]", EmailError::Malformed),
            ("ada@127.0.0.1", EmailError::Malformed),
            ("ada@exa mple.com", EmailError::Malformed),
            ("ada@example.com\r\nBcc: eve@example.com", EmailError::LocalPart),
            ("ada@exam\nple.com", EmailError::Malformed),
            ("ada\u{85}@example.com", EmailError::LocalPart),
            ("a\nda@example.com", EmailError::LocalPart),
            ("ada@example.com\0", EmailError::Malformed),
            ("ada@example..com", EmailError::Malformed),
            ("ada@-example.com", EmailError::Malformed),
            ("\"ada\"@example.com", EmailError::LocalPart),
            ("a..b@example.com", EmailError::LocalPart),
            (".a@example.com", EmailError::LocalPart),
            ("a@b@example.com", EmailError::LocalPart),
            ("ädä@example.com", EmailError::LocalPart),
            (long.as_str(), EmailError::TooLong),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn debug_and_masked_do_not_show_the_address() {
        let email = Email::parse("ada@example.com").unwrap();
        assert_eq!(format!("{email:?}"), "a…@example.com");
    }

    proptest! {
        #[test]
        fn never_panics_and_parsing_is_stable(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.as_str()).unwrap();
                prop_assert_eq!(again.key(), email.key());
                prop_assert_eq!(again.as_str(), email.as_str());
            }
        }
    }
}
