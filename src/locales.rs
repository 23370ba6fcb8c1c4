//! The languages: a row each in the table below, and a folder each (`locales/<tag>/`) with the texts.
//!
//! To add one, copy `locales/en/` to `locales/<tag>/`, translate the values and leave keys, `{slots}` and `{{
//! variables }}` as they are, and add the row. Everything else is generated from the row. Tests compare the
//! folders with the rows, and each language's keys and placeholders with the English ones.
//!
//! | file | content |
//! |---|---|
//! | `letters.json` | sentences of the letters (templates), names of roles and units of time, date format |
//! | `page.json` | the texts of the activation page, without escapes such as `\"` |
//! | `countries.tsv` | a country's two letters, a tab, and its name; in the order of the letters |
//!
//! Countries have the short names of Unicode CLDR (`territories` of the language), since those of ISO 3166
//! ("Netherlands (Kingdom of the)") are made for treaties. Hong Kong and Macao are written without "SAR".
//! Names: Copyright © 2004-2025 Unicode, Inc., under the Unicode License V3 (SPDX `Unicode-3.0`).

#[cfg(test)]
mod tests;

/// The data of a language.
#[derive(Debug)]
pub struct LocaleData {
    /// The language subtag of BCP 47.
    pub tag: &'static str,
    /// The English name of the language.
    pub name: &'static str,
    /// The names of days and months.
    pub dates: chrono::Locale,
    /// The texts of letters.
    pub letters: &'static str,
    /// The name of the file that replaces `letters` in the operator's folder of templates.
    pub letters_file: &'static str,
    /// The texts of the activation page.
    pub page: &'static str,
    /// The names of countries.
    pub countries: &'static str,
}

macro_rules! locales {
    ($($locale:ident, $tag:literal, $name:literal, $dates:ident;)+) => {
        /// A language of letters and the activation page.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Locale {
            $(#[doc = $name] $locale,)+
        }

        impl Locale {
            /// Every language, in the order of menus.
            pub const ALL: [Self; [$($tag),+].len()] = [$(Self::$locale),+];

            /// Its data.
            #[must_use]
            pub const fn data(self) -> &'static LocaleData {
                match self {$(
                    Self::$locale => &LocaleData {
                        tag: $tag,
                        name: $name,
                        dates: chrono::Locale::$dates,
                        letters: include_str!(concat!("locales/", $tag, "/letters.json")),
                        letters_file: concat!("words.", $tag, ".json"),
                        page: include_str!(concat!("locales/", $tag, "/page.json")),
                        countries: include_str!(concat!("locales/", $tag, "/countries.tsv")),
                    },
                )+}
            }
        }
    };
}

// The others are compared with the first one.
locales! {
    En, "en", "English", en_GB;
    Nl, "nl", "Dutch", nl_NL;
    De, "de", "German", de_DE;
    Fr, "fr", "French", fr_FR;
}
