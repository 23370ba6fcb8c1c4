//! Extracts an address that was pasted from a mail program or web page.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::email_error::EmailError;
use crate::domain::invisible::trim;

/// The bare address: without blanks around it, and commas and semicolons after it, as in lists of recipients;
/// out of `Name <address>` (RFC 5322 §3.4, `name-addr`), also where one of the brackets was not copied;
/// without a comment after it (§3.2.2); and out of a `mailto:` link (RFC 6068), whose header fields are
/// ignored.
///
/// # Errors
/// [`EmailError::Several`] when there is more than one address, since the intended one is unknown.
/// [`EmailError::MoreText`] when other text follows.
pub(super) fn bare(text: &str) -> Result<Cow<'_, str>, EmailError> {
    let text = without_separators(text);
    let (text, comment) = without_comment(text);
    let text = without_separators(text);
    let text = if text.contains('<') { text } else { text.strip_suffix('>').map_or(text, trim) };
    let (name, address) = match text.strip_suffix('>').unwrap_or(text).rsplit_once('<') {
        Some((name, address)) => (trim(name), trim(address)),
        None => ("", text),
    };
    let address = from_mailto(address)?;
    if address.contains('>') {
        let several = text.matches('@').count() > 1;
        return Err(if several { EmailError::Several } else { EmailError::MoreText });
    }
    if comment.contains('@') && !trim(comment).eq_ignore_ascii_case(&address) {
        return Err(EmailError::Several);
    }
    if comment.chars().any(char::is_control) {
        return Err(EmailError::LocalPart);
    }
    // Mail programs use the address as the name when they know none.
    let name = from_mailto(name.trim_matches(['"', '\'', '(', ')', ' ']))?;
    if name.chars().any(char::is_control) {
        return Err(EmailError::LocalPart);
    }
    if name.contains('@') && !name.eq_ignore_ascii_case(&address) {
        return Err(EmailError::Several);
    }
    let listed = address.matches('@').count() > 1 && address.contains([',', ';']);
    if listed { Err(EmailError::Several) } else { Ok(address) }
}

/// The text without blanks around it, and without list separators after it.
fn without_separators(text: &str) -> &str {
    let text = trim(text);
    let shorter = trim(text.trim_end_matches([',', ';']));
    if shorter.len() == text.len() { text } else { without_separators(shorter) }
}

/// The text before a comment after the address, and the comment.
fn without_comment(text: &str) -> (&str, &str) {
    let opened = text.find('@').and_then(|at| Some(at + text.get(at..)?.find('(')?));
    match opened.and_then(|open| text.split_at_checked(open)) {
        Some((before, comment)) if comment.ends_with(')') => (before, comment.trim_matches(['(', ')'])),
        _ => (text, ""),
    }
}

fn from_mailto(text: &str) -> Result<Cow<'_, str>, EmailError> {
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
            "Ada@example.com;",
            "Ada@example.com,",
            " Ada@example.com ; ;\n",
            "Ada Lovelace <Ada@example.com>; ",
            "mailto:Ada@example.com,",
            "Ada@example.com (Ada)",
            "Ada@example.com(Ada Lovelace (London));",
            "Ada@example.com; (Ada)",
            "Ada Lovelace <Ada@example.com> (home)",
            "Lovelace (Ada) <Ada@example.com> (home)",
            "Ada@example.com (ada@example.com)",
            "Ada <Ada@example.com",
            "<Ada@example.com",
            "Ada@example.com>",
            "<Ada@example.com>;",
            "Ada <Ada@example.com;",
            "Ada\r\n <Ada@example.com>\r\n",
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), "Ada@example.com", "{text}");
        }
        assert_eq!(Email::parse("mailto:ada%2Btest@example.com").unwrap().as_str(), "ada+test@example.com");
    }

    #[test]
    fn what_cannot_be_taken_apart_is_reported() {
        for (text, error) in [
            ("eve@example.net <ada@example.com>", EmailError::Several),
            ("ada@example.com, eve@example.com", EmailError::Several),
            ("ada@example.com;eve@example.com", EmailError::Several),
            ("mailto:ada@example.com,eve@example.com", EmailError::Several),
            ("Ada <ada@example.com>, Eve <eve@example.com>", EmailError::Several),
            ("Ada <>", EmailError::Malformed),
            ("mailto:", EmailError::Malformed),
            ("mailto:%FF@example.com", EmailError::Malformed),
            ("Ada <ada@example.com> x", EmailError::MoreText),
            ("<ada@example.com> (Ada) x", EmailError::MoreText),
            ("Ada <ada@example.com, Eve <eve@example.com", EmailError::Several),
            ("ada@example.com (eve@example.com)", EmailError::Several),
            ("ada@example.com (Ada), eve@example.com (Eve)", EmailError::Several),
            ("ada@example.com (A\nda)", EmailError::LocalPart),
            (";", EmailError::Malformed),
            ("ada;@example.com", EmailError::LocalPart),
            ("Ada\r\nBcc: x <ada@example.com>", EmailError::LocalPart),
            ("ada lovelace@example.com", EmailError::LocalPart),
            ("Ada <ada>", EmailError::Malformed),
        ] {
            assert_eq!(Email::parse(text), Err(error), "{text:?}");
        }
    }
}
