//! Countries: ISO 3166-1 alpha-2 codes.

use std::{collections::BTreeMap, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;

use super::{locale::Locale, postal_codes};

/// A country or territory with a code in ISO 3166-1, or Kosovo (`XK`): a user-assigned code that the European
/// Commission, banks and CLDR use. Other user-assigned codes (`XX`) are refused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

const KOSOVO: &str = "XK";

/// The name of each country in each language, parsed once.
static NAMES: LazyLock<BTreeMap<(Locale, &str), &str>> = LazyLock::new(|| {
    Locale::ALL
        .into_iter()
        .flat_map(|locale| names(locale).map(move |(code, name)| ((locale, code), name)))
        .collect()
});

/// The codes and names in the language's table.
fn names(locale: Locale) -> impl Iterator<Item = (&'static str, &'static str)> {
    locale.data().countries.lines().filter_map(|line| line.split_once('\t'))
}

/// Every country's code.
fn codes() -> impl Iterator<Item = &'static str> {
    rust_iso3166::ALL.iter().map(|country| country.alpha2).chain([KOSOVO])
}

/// No country has that code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("There is no such country. Use its two letters of ISO 3166-1, as in NL, GB or GR.")]
pub struct UnknownCountry;

impl UnknownCountry {
    /// The stable code for programs.
    pub const CODE: &'static str = "unknown_country";
}

impl Country {
    /// Parses a code in upper or lower case, surrounding blanks trimmed.
    ///
    /// # Errors
    /// [`UnknownCountry`] when there is no such code.
    pub fn parse(text: &str) -> Result<Self, UnknownCountry> {
        let code = text.trim_matches([' ', '\t']);
        // The length is checked before the text is copied, since it may be a megabyte.
        let code = if code.len() == 2 { code.to_ascii_uppercase() } else { return Err(UnknownCountry) };
        if code == KOSOVO {
            return Ok(Self(KOSOVO));
        }
        rust_iso3166::from_alpha2(&code).map(|country| Self(country.alpha2)).ok_or(UnknownCountry)
    }

    /// Its two letters, in upper case.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0
    }

    /// Whether it has postal codes.
    #[must_use]
    pub fn has_postal_codes(self) -> bool {
        postal_codes::WITHOUT.binary_search(&self.0).is_err()
    }

    /// Its name in that language.
    #[must_use]
    pub fn name(self, locale: Locale) -> &'static str {
        // A country that our tables lack is named in English; a test fails when the crate adds one.
        let in_english = || rust_iso3166::from_alpha2(self.0).map_or(self.0, |country| country.name);
        NAMES.get(&(locale, self.0)).copied().unwrap_or_else(in_english)
    }

    /// All countries, sorted by name in that language: the options of a form.
    #[must_use]
    pub fn all(locale: Locale) -> Vec<Self> {
        let mut all: Vec<Self> = codes().map(Self).collect();
        all.sort_by_cached_key(|country| (spelt_plainly(country.name(locale)), *country));
        all
    }
}

/// The code alone.
impl std::fmt::Debug for Country {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// The name without accents and punctuation, so that Åland sorts under A.
fn spelt_plainly(name: &str) -> String {
    name.nfd().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_codes_in_either_case() {
        assert_eq!(Country::parse(" nl ").unwrap().code(), "NL");
        assert_eq!(Country::parse("GB").unwrap().name(Locale::En), "United Kingdom");
        let greece = Country::parse("gr").unwrap();
        assert_eq!(
            [Locale::En, Locale::Nl, Locale::Fr].map(|locale| greece.name(locale)),
            ["Greece", "Griekenland", "Grèce"]
        );
        let kosovo = Country::parse("xk").unwrap();
        assert_eq!((kosovo.code(), kosovo.name(Locale::Fr)), ("XK", "Kosovo"));
        for code in [
            "",
            "XX",
            "xx",
            "XA",
            "UK",
            "EL",
            "EU",
            "ZZ",
            "AA",
            "NLD",
            "N",
            "N L",
            "528",
            "nl\n",
            "ñ",
            "Nederland",
        ] {
            assert_eq!(Country::parse(code), Err(UnknownCountry), "{code:?}");
        }
    }

    #[test]
    fn every_country_has_its_names() {
        let mut codes: Vec<_> = codes().collect();
        codes.sort_unstable();
        for locale in Locale::ALL {
            let tag = locale.as_str();
            let named: Vec<_> = names(locale).map(|(code, _)| code).collect();
            let absent: Vec<_> = codes.iter().filter(|code| !named.contains(code)).collect();
            let unknown: Vec<_> = named.iter().filter(|code| !codes.contains(code)).collect();
            assert!(
                absent.is_empty() && unknown.is_empty(),
                "{tag}/countries.tsv lacks {absent:?}; there is no {unknown:?}"
            );
            assert_eq!(named, codes, "{tag}/countries.tsv: every code once, in order");
            assert_eq!(
                locale.data().countries.lines().count(),
                codes.len(),
                "{tag}/countries.tsv: a line without a tab"
            );
            let blank: Vec<_> =
                names(locale).filter(|(_, name)| name.trim() != *name || name.is_empty()).collect();
            assert!(blank.is_empty(), "{tag}/countries.tsv: {blank:?}");
        }
    }

    #[test]
    fn the_countries_without_postal_codes_are_countries_in_order() {
        assert!(postal_codes::WITHOUT.is_sorted());
        assert!(postal_codes::WITHOUT.iter().all(|code| Country::parse(code).is_ok()));
    }

    #[test]
    fn offers_them_by_name() {
        let english: Vec<_> =
            Country::all(Locale::En).into_iter().map(|country| country.name(Locale::En)).collect();
        assert_eq!(english.len(), 250);
        assert_eq!(english[..3], ["Afghanistan", "Åland Islands", "Albania"]);
        let dutch = Country::all(Locale::Nl);
        let at = |code: &str| dutch.iter().position(|country| country.code() == code).unwrap();
        assert!(at("DE") < at("NL") && at("NL") < at("GB"), "Duitsland, Nederland, Verenigd Koninkrijk");
        let german = Country::all(Locale::De);
        assert_eq!(
            german.get(..3).unwrap().iter().map(|country| country.code()).collect::<Vec<_>>(),
            ["AF", "EG", "AX"],
            "Ä among the A"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), near in "[A-Za-z]{2}") {
            for text in [text, near] {
                if let Ok(country) = Country::parse(&text) {
                    prop_assert_eq!(country.code(), text.trim().to_uppercase());
                }
            }
        }
    }
}
