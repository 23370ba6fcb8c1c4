//! A date and time for people: absolute, in their time zone, with the zone's name.

use chrono::{DateTime, Utc};

use super::words::Words;
use crate::domain::time_zone::TimeZone;

/// `at` by the clock of `zone`, in the language of `words`: "Wednesday 25 November 2026, 14:03 CET".
pub(super) fn local(at: DateTime<Utc>, zone: &TimeZone, words: &Words) -> String {
    let at = zone.local(at);
    let day = at.format_localized(words.date_format, words.date_locale);
    let abbreviation = at.format("%Z").to_string();
    // Zones without letters of their own go by their offset ("+03"), which says little without the word
    // before it.
    let prefix = if abbreviation.starts_with(['+', '-']) { "UTC" } else { "" };
    format!("{day} {prefix}{abbreviation}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn reads_like_a_calendar_in_each_language() {
        let at: DateTime<Utc> = "2026-11-25T13:03:59Z".parse().unwrap();
        let summer: DateTime<Utc> = "2026-07-01T22:30:00Z".parse().unwrap();
        let (en, nl) = (Words::of(Locale::En), Words::of(Locale::Nl));
        let zone = |name| TimeZone::bundled(name).unwrap();
        let (amsterdam, istanbul) = (zone("Europe/Amsterdam"), zone("Europe/Istanbul"));
        assert_eq!(local(at, &amsterdam, en), "Wednesday 25 November 2026, 14:03 CET");
        assert_eq!(local(at, &amsterdam, nl), "woensdag 25 november 2026, 14:03 CET");
        assert_eq!(local(summer, &amsterdam, nl), "donderdag 2 juli 2026, 00:30 CEST");
        assert_eq!(local(at, &TimeZone::utc(), en), "Wednesday 25 November 2026, 13:03 UTC");
        assert_eq!(local(at, &istanbul, en), "Wednesday 25 November 2026, 16:03 UTC+03");
    }
}
