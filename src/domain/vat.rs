//! VAT numbers: checked against the form of their country, and their check digits where the rule is
//! published.
//!
//! Only the tax administration knows whether a number is registered; these checks detect mistyped ones. The
//! available crates check forms without check digits, or refuse numbers that are issued today (Belgian ones
//! that begin with 1). See findings/jsvat-belgian-one.sh.

mod checks;
mod digits;
mod labels;
mod scheme;
mod typed;

use super::{country::Country, locale::Locale};
use scheme::Scheme;
use typed::Typed;

/// A VAT number of the country of a company's address: without blanks, in capitals, with its country's
/// prefix.
///
/// It may be typed with or without the prefix, with blanks, dots, dashes and slashes, and with a label before
/// it ("BTW", "USt-IdNr."); invisible characters are ignored. Northern Ireland's `XI` is accepted for an
/// address in `GB` and kept; Greece's prefix is `EL`, and `GR` is converted to it.
///
/// The number and the address must be of one country. An invoice is made out to the establishment that is
/// supplied, with the number under which this establishment is registered, and where the two differ, a wrong
/// country was selected far more often than a foreign registration was meant. For countries without a form
/// here, every number is accepted that could be one, including those of EU registrations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VatNumber(String);

/// Why a text is no VAT number of a company at that address; each message says what to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VatNumberError {
    /// It does not have the form of that country.
    #[error("A VAT number of this country ({country}) is {form}, as in {example}.")]
    Malformed {
        /// The country's name.
        country: &'static str,
        /// The form in words.
        form: &'static str,
        /// An example of the form.
        example: &'static str,
    },
    /// It cannot be a VAT number of any country.
    #[error("A VAT number has 2 to 20 letters and digits, at least one digit among them.")]
    NoNumber,
    /// It has the form of another country.
    #[error(
        "This looks like a VAT number of another country ({other}), while the address is in {country}. Is \
        the country right?"
    )]
    OtherCountry {
        /// The country whose form it has.
        other: &'static str,
        /// The country of the address.
        country: &'static str,
    },
    /// It has the form, but the check digits do not match.
    #[error(
        "A character of this VAT number is wrong: its check digits do not match. Compare it with the \
        certificate."
    )]
    CheckDigits,
}

impl VatNumberError {
    /// The stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::NoNumber => "vat_number_malformed",
            Self::OtherCountry { .. } => "vat_number_other_country",
            Self::CheckDigits => "vat_number_check_digits",
        }
    }
}

impl VatNumber {
    /// Parses the VAT number of a company whose address is in `country`.
    ///
    /// # Errors
    /// [`VatNumberError`] says what is wrong.
    pub fn parse(text: &str, country: Country) -> Result<Self, VatNumberError> {
        let typed = Typed::read(text);
        let Some(scheme) = scheme::of(country.code()) else {
            let mut candidates = typed.iter().flat_map(Typed::set_apart).rev();
            return candidates.find_map(loose).ok_or(VatNumberError::NoNumber);
        };
        let candidates: Vec<_> = typed.iter().flat_map(Typed::candidates).collect();
        let behind: Vec<_> = typed.iter().flat_map(Typed::behind_words).collect();
        let readings: Vec<_> = candidates
            .iter()
            .flat_map(|text| readings(scheme, text))
            .chain(behind.iter().flat_map(|text| with_prefix(scheme, text)))
            .collect();
        let country = country.name(Locale::En);
        if let Some((prefix, body)) = readings.iter().find(|(_, body)| scheme.checks(body)) {
            Ok(Self(format!("{prefix}{body}")))
        } else if let Some(other) = candidates.iter().find_map(|text| other_country(text, scheme)) {
            Err(VatNumberError::OtherCountry { other, country })
        } else if readings.is_empty() {
            Err(VatNumberError::Malformed { country, form: scheme.words, example: scheme.example })
        } else {
            Err(VatNumberError::CheckDigits)
        }
    }

    /// A stored number, accepted by the rules of its time.
    #[must_use]
    pub fn stored(number: String) -> Self {
        Self(number)
    }

    /// The number, with its prefix.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All readings of a text as a number of the scheme: the prefix as stored, and the rest, which has one of the
/// forms.
fn readings(scheme: &Scheme, text: &str) -> impl Iterator<Item = (&'static str, String)> {
    let usual = scheme.prefixes.first().map(|(_, stored)| ("", *stored));
    // The reading with a prefix comes first, then the whole text, since a number may begin with the letters
    // of its prefix.
    with_prefix(scheme, text).chain(usual.and_then(|way| reading(scheme, text, way)))
}

/// The readings in which the text begins with a prefix.
fn with_prefix(scheme: &Scheme, text: &str) -> impl Iterator<Item = (&'static str, String)> {
    scheme.prefixes.iter().filter_map(move |way| reading(scheme, text, *way))
}

fn reading(
    scheme: &Scheme,
    text: &str,
    (typed, stored): (&str, &'static str),
) -> Option<(&'static str, String)> {
    let body = complete(scheme.country, text.strip_prefix(typed)?);
    (scheme.takes(&body) && !scheme.misses_its_key(!typed.is_empty(), &body)).then_some((stored, body))
}

/// The full form of numbers that also have a shorter one.
fn complete(country: &str, body: &str) -> String {
    match (country, body.len()) {
        // Until 2005 Belgian numbers had nine digits, which are still on letterheads. A Greek number that was
        // stored as a number lost its leading 0.
        ("BE", 9) | ("GR", 8) => format!("0{body}"),
        // The organisation number; the three letters say that it is registered for VAT.
        ("NO", 9) => format!("{body}MVA"),
        ("CH", 9..) => one_suffix(body),
        _ => body.to_owned(),
    }
}

/// A Swiss number with the first of its suffixes: the tax is called MWST, TVA, IVA or TPV, and some add a
/// second language, English, or the register of companies (HR, RC).
fn one_suffix(body: &str) -> String {
    let (digits, mut rest) = body.split_at_checked(9).unwrap_or((body, ""));
    let mut suffix = "";
    while let Some(word) =
        ["MWST", "TVA", "IVA", "TPV", "VAT", "HR", "RC"].into_iter().find(|word| rest.starts_with(word))
    {
        // VAT is no official suffix in Switzerland.
        suffix = if suffix.is_empty() && !matches!(word, "VAT" | "HR" | "RC") { word } else { suffix };
        rest = rest.strip_prefix(word).unwrap_or_default();
    }
    format!("{digits}{suffix}{rest}")
}

/// The country other than that of `own` whose prefix and form the text has.
fn other_country(text: &str, own: &Scheme) -> Option<&'static str> {
    let has_prefix = |scheme: &&Scheme| scheme.prefixes.iter().any(|(typed, _)| text.starts_with(typed));
    let mut others = scheme::SCHEMES.iter().filter(|scheme| scheme.country != own.country).filter(has_prefix);
    let scheme = others.find(|scheme| readings(scheme, text).next().is_some())?;
    Country::parse(scheme.country).ok().map(|country| country.name(Locale::En))
}

/// A number that could be one in some country.
fn loose(text: &str) -> Option<VatNumber> {
    let has_form = (2..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (has_form && text.bytes().any(|byte| byte.is_ascii_digit())).then(|| VatNumber(text.to_owned()))
}

#[cfg(test)]
mod tests;
