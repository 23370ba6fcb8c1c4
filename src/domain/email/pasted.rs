//! An address as people paste it from mail programs and web pages.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::EmailError;
use crate::domain::invisible::trim;

/// The bare address: without blanks around it, out of `Name <address>` (RFC 5322 §3.4, `name-addr`), and out of a `mailto:`
/// link (RFC 6068), whose header fields are left out.
///
/// # Errors
/// [`EmailError::Several`] when more than one address is there: which of them is meant is not guessed.
pub(super) fn bare(text: &str) -> Result<Cow<'_, str>, EmailError> {
    let text = trim(text);
    let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) => (trim(name), trim(address)),
        None => ("", text),
    };
    let address = unlinked(address)?;
    // Mail programs put the address in place of a name that they do not know.
    let name = unlinked(name.trim_matches(['"', '\'', '(', ')', ' ']))?;
    if name.chars().any(char::is_control) {
        return Err(EmailError::LocalPart);
    }
    if name.contains('@') && !name.eq_ignore_ascii_case(&address) {
        return Err(EmailError::Several);
    }
    let listed = address.matches('@').count() > 1 && address.contains([',', ';']);
    if listed { Err(EmailError::Several) } else { Ok(address) }
}

fn unlinked(text: &str) -> Result<Cow<'_, str>, EmailError> {
    let scheme = text.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let Some(link) = scheme.and(text.get(7..)) else { return Ok(Cow::Borrowed(text)) };
    let address = link.split_once('?').map_or(link, |(address, _)| address).trim_start_matches('/');
    let address = percent_decode_str(address).decode_utf8().map_err(|_| EmailError::Malformed)?;
    Ok(Cow::Owned(trim(&address).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{Email, EmailError};

    #[test]
    fn an_address_is_taken_out_of_what_it_is_pasted_with() {
        for text in [
            "Ada@example.com",
            "Ada Lovelace <Ada@example.com>",
            "\"Lovelace, Ada\" <Ada@example.com>",
            "Zoë\u{A0}King\t< Ada@example.com >\u{A0}",
            "<Ada@example.com>",
            "mailto:Ada@example.com",
            "MAILTO:Ada%40example.com?subject=Hi&cc=eve@example.com",
            "<mailto:Ada@example.com>",
            "mailto://Ada@example.com",
            "Ada@example.com <mailto:Ada@example.com>",
            "ada@EXAMPLE.com <Ada@example.com>",
            "'Ada@example.com' <Ada@example.com>",
            "Lovelace (Ada) <Ada@example.com>",
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), "Ada@example.com", "{text}");
        }
        assert_eq!(Email::parse("mailto:ada%2Btest@example.com").unwrap().as_str(), "ada+test@example.com");
    }

    #[test]
    fn what_cannot_be_taken_apart_is_told() {
        for (text, error) in [
            ("eve@example.net <ada@example.com>", EmailError::Several),
            ("ada@example.com, eve@example.com", EmailError::Several),
            ("ada@example.com;eve@example.com", EmailError::Several),
            ("mailto:ada@example.com,eve@example.com", EmailError::Several),
            ("Ada <ada@example.com>, Eve <eve@example.com>", EmailError::Several),
            ("Ada <>", EmailError::Malformed),
            ("mailto:", EmailError::Malformed),
            ("mailto:%FF@example.com", EmailError::Malformed),
            ("Ada <ada@example.com> x", EmailError::LocalPart),
            ("Ada\r\nBcc: x <ada@example.com>", EmailError::LocalPart),
            ("ada lovelace@example.com", EmailError::LocalPart),
            ("Ada <ada>", EmailError::Malformed),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
    }
}
