//! VAT numbers, held against the form of the country they belong to, and their check digits where those are published.
//!
//! Whether a number is registered is for its administration to say; this tells a mistyped one. The crates
//! at hand know forms without check digits, or refuse numbers that are issued today (Belgian ones that begin with 1).

mod digits;
mod scheme;

use super::{country::Country, locale::Locale};
use scheme::Scheme;

/// A VAT number of the country of a company's address: without blanks, in capitals, with its country's prefix.
///
/// It may be typed with the prefix or without, and with blanks, dots, dashes and slashes. Northern Ireland's `XI` is taken
/// for an address in `GB` and kept; Greece's prefix is `EL`, and `GR` is read as that.
///
/// The number and the address are of one country. An invoice goes to the establishment that is supplied, under the number
/// that this establishment is registered by, and where the two differ a wrong line was chosen in the list of countries far more
/// often than a foreign registration was meant. Outside the countries that have a form here, every number is taken that
/// could be one, those of EU registrations among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VatNumber(String);

/// Why a text is no VAT number of a company at that address; each says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VatNumberError {
    /// It does not look like one of that country.
    #[error("A VAT number of this country ({country}) is {form}, as in {example}.")]
    Malformed {
        /// The country's name.
        country: &'static str,
        /// What one looks like, in words.
        form: &'static str,
        /// One of that form.
        example: &'static str,
    },
    /// It cannot be a VAT number of any country.
    #[error("A VAT number has 2 to 20 letters and digits, at least one digit among them.")]
    NoNumber,
    /// It looks like one of another country.
    #[error(
        "This looks like a VAT number of another country ({other}), while the address is in {country}. Is the country right?"
    )]
    OtherCountry {
        /// The country it looks like.
        other: &'static str,
        /// The country of the address.
        country: &'static str,
    },
    /// It looks like one, but the check digits say that it was mistyped.
    #[error("A character of this VAT number is wrong: its check digits do not match. Compare it with the certificate.")]
    CheckDigits,
}

impl VatNumberError {
    /// What is wrong, for programs: stable.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::NoNumber => "vat_number_malformed",
            Self::OtherCountry { .. } => "vat_number_other_country",
            Self::CheckDigits => "vat_number_check_digits",
        }
    }
}

/// The longest text that is looked at; no number with its separators comes near.
const LONGEST: usize = 100;

impl VatNumber {
    /// Reads the VAT number of a company whose address is in `country`.
    ///
    /// # Errors
    /// [`VatNumberError`] says what is wrong.
    pub fn parse(text: &str, country: Country) -> Result<Self, VatNumberError> {
        let text = compact(text);
        let Some(scheme) = scheme::of(country.code()) else {
            return loose(text.as_deref()).ok_or(VatNumberError::NoNumber);
        };
        let malformed =
            VatNumberError::Malformed { country: country.name(Locale::En), form: scheme.words, example: scheme.example };
        let Some(text) = text else { return Err(malformed) };
        match read(scheme, &text) {
            Some((prefix, body)) if scheme.checks(&body) => Ok(Self(format!("{prefix}{body}"))),
            Some(_) => Err(VatNumberError::CheckDigits),
            None => Err(other_country(&text)
                .map_or(malformed, |other| VatNumberError::OtherCountry { other, country: country.name(Locale::En) })),
        }
    }

    /// The number, with its prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Capitals without separators. None when something else is in it than a number holds (`+` and `*` are in old Irish ones).
fn compact(text: &str) -> Option<String> {
    let separator =
        |c: &char| matches!(c, ' ' | '\t' | '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '.' | '-' | '/') || dash(*c);
    let text: Option<String> = (text.len() <= LONGEST)
        .then_some(text)?
        .chars()
        .filter(|c| !separator(c))
        .map(|c| (c.is_ascii_alphanumeric() || matches!(c, '+' | '*')).then_some(c.to_ascii_uppercase()))
        .collect();
    text.filter(|text| !text.is_empty())
}

/// What word processors make of a dash.
fn dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Prefix as stored and what follows it, when that has a form of the scheme.
fn read(scheme: &Scheme, text: &str) -> Option<(&'static str, String)> {
    let usual = scheme.prefixes.first().map(|(_, stored)| ("", *stored));
    // With a prefix first: then the whole, since a number may begin with the letters of its prefix.
    let ways = scheme.prefixes.iter().copied().chain(usual);
    ways.filter_map(|(typed, stored)| Some((stored, complete(scheme.country, text.strip_prefix(typed)?))))
        .find(|(_, body)| scheme.takes(body))
}

/// The one way of writing numbers that are known in a longer and a shorter one.
fn complete(country: &str, body: &str) -> String {
    match (country, body.len()) {
        // Until 2005 they had nine digits, which still stand on letterheads.
        ("BE", 9) => format!("0{body}"),
        // The organisation number; that it is registered for VAT is what the three letters say.
        ("NO", 9) => format!("{body}MVA"),
        _ => body.to_owned(),
    }
}

/// The country whose prefix and form it has.
fn other_country(text: &str) -> Option<&'static str> {
    let has_prefix = |scheme: &&Scheme| scheme.prefixes.iter().any(|(typed, _)| text.starts_with(typed));
    let scheme = scheme::SCHEMES.iter().filter(has_prefix).find(|scheme| read(scheme, text).is_some())?;
    Country::parse(scheme.country).ok().map(|country| country.name(Locale::En))
}

/// What could be a number somewhere in the world.
fn loose(text: Option<&str>) -> Option<VatNumber> {
    let text = text.filter(|text| (2..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))?;
    text.bytes().any(|byte| byte.is_ascii_digit()).then(|| VatNumber(text.to_owned()))
}

#[cfg(test)]
mod tests;
