//! Parses and names the languages of letters and activation page, in requests and settings.

pub use crate::locales::Locale;

/// The language is not supported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There are no letters in this language. Known languages: {}.", Locale::known())]
pub struct UnknownLocale;

impl Locale {
    /// All tags, separated by commas: `en, nl, …`.
    #[must_use]
    pub fn known() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// Parses a BCP 47 tag; the region is ignored, so that `nl-NL` and `nl_BE` become `nl`.
    ///
    /// # Errors
    /// [`UnknownLocale`] when the language is not supported, or the tag is malformed.
    pub fn parse(tag: &str) -> Result<Self, UnknownLocale> {
        let mut subtags = tag.split(['-', '_']);
        let language = subtags.next().unwrap_or_default();
        let well_formed = subtags
            .all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        Self::ALL
            .into_iter()
            .find(|locale| well_formed && locale.as_str().eq_ignore_ascii_case(language))
            .ok_or(UnknownLocale)
    }

    /// The language subtag.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.data().tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_regions_and_refuses_the_unknown() {
        assert_eq!(Locale::parse("nl-NL"), Ok(Locale::Nl));
        assert_eq!(Locale::parse("EN_gb"), Ok(Locale::En));
        assert_eq!(Locale::parse("de-AT"), Ok(Locale::De));
        assert_eq!(Locale::parse("fr"), Ok(Locale::Fr));
        for tag in ["", "xx", "frr", "es", "nl-", "nl-!", "english"] {
            assert_eq!(Locale::parse(tag), Err(UnknownLocale), "{tag}");
        }
    }
}
