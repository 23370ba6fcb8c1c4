//! The words that code chooses rather than a template: times, durations, roles; and names made fit for one line.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{OffsetName, Tz};

use crate::domain::{locale::Locale, role::Role};

/// The longest name that a letter shows, in characters: it stands in the subject.
const LONGEST_NAME: usize = 100;

/// A moment as people say it: `Wednesday 25 November 2026 at 14:03 (CET)`.
pub(super) fn moment(at: DateTime<Utc>, time_zone: Tz, locale: Locale) -> String {
    let local = at.with_timezone(&time_zone);
    let (language, at) = match locale {
        Locale::En => (chrono::Locale::en_GB, "at"),
        Locale::Nl => (chrono::Locale::nl_NL, "om"),
    };
    // Zones without letters of their own are named by their distance, "-03", which nobody reads as a time zone.
    let zone = match local.offset().abbreviation() {
        Some(name) if name.starts_with(char::is_alphabetic) => name.to_owned(),
        _ => local.format("UTC%:z").to_string(),
    };
    format!("{} ({zone})", local.format_localized(&format!("%A %-d %B %Y {at} %H:%M"), language))
}

/// How long the link works, as people say it: `24 hours`, `90 minutes`, `2 seconds`.
///
/// Exact where the duration is a round one, as configured ones are. The moment of an attempt makes it a little less than
/// round, and so seconds are rounded away above two minutes; what is still odd above four hours is rounded down.
pub(super) fn duration(length: TimeDelta, locale: Locale) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60;
    const DAY: i64 = 24;
    let seconds = (length.num_milliseconds().max(0) + 999) / 1000;
    if seconds < 2 * MINUTE && seconds % MINUTE != 0 {
        return count(seconds, ["second", "seconds"], ["seconde", "seconden"], locale);
    }
    let minutes = (seconds + MINUTE / 2) / MINUTE;
    if minutes == 0 {
        return count(0, ["second", "seconds"], ["seconde", "seconden"], locale);
    }
    let hours = minutes / HOUR;
    if minutes % HOUR != 0 && hours < 4 {
        return count(minutes, ["minute", "minutes"], ["minuut", "minuten"], locale);
    }
    // A day is what people call 24 hours; from two on, days are the easier number.
    if hours >= 2 * DAY && (hours % DAY == 0 || hours > 4 * DAY) {
        return count(hours / DAY, ["day", "days"], ["dag", "dagen"], locale);
    }
    count(hours, ["hour", "hours"], ["uur", "uur"], locale)
}

fn count(number: i64, english: [&str; 2], dutch: [&str; 2], locale: Locale) -> String {
    let [one, many] = match locale {
        Locale::En => english,
        Locale::Nl => dutch,
    };
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A role as people call it.
pub(super) fn role(name: &str, locale: Locale) -> String {
    let Ok(role) = name.parse() else {
        return name.replace('_', " ");
    };
    match (locale, role) {
        (Locale::En, Role::Admin) => "Administrator",
        (Locale::En, Role::UserManager) => "User manager",
        (Locale::En, Role::CustomerSupport) => "Customer support",
        (Locale::En, Role::Finance) => "Finance",
        (Locale::En, Role::Viewer) => "Viewer (read only)",
        (Locale::Nl, Role::Admin) => "Beheerder",
        (Locale::Nl, Role::UserManager) => "Gebruikersbeheerder",
        (Locale::Nl, Role::CustomerSupport) => "Klantenservice",
        (Locale::Nl, Role::Finance) => "Financiën",
        (Locale::Nl, Role::Viewer) => "Meelezer (alleen lezen)",
    }
    .to_owned()
}

/// A name on one line: line breaks and other control characters become blanks, characters that turn the direction of
/// writing or cannot be seen are left out, and what is very long is cut.
pub(super) fn name(text: &str) -> String {
    let shown = text
        .chars()
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'));
    let spaced: String = shown.map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::testing::now;

    #[test]
    fn moments_in_both_languages_and_in_any_zone() {
        let at = now() + TimeDelta::hours(24);
        for (zone, locale, words) in [
            (Tz::Europe__Amsterdam, Locale::En, "Wednesday 25 November 2026 at 14:03 (CET)"),
            (Tz::Europe__Amsterdam, Locale::Nl, "woensdag 25 november 2026 om 14:03 (CET)"),
            (Tz::UTC, Locale::En, "Wednesday 25 November 2026 at 13:03 (UTC)"),
            (Tz::America__Sao_Paulo, Locale::En, "Wednesday 25 November 2026 at 10:03 (UTC-03:00)"),
            (Tz::Pacific__Auckland, Locale::Nl, "donderdag 26 november 2026 om 02:03 (NZDT)"),
        ] {
            assert_eq!(moment(at, zone, locale), words);
        }
    }

    #[test]
    fn durations_as_people_say_them() {
        for (milliseconds, english, dutch) in [
            (-5, "0 seconds", "0 seconden"),
            (1_000, "1 second", "1 seconde"),
            (1_999, "2 seconds", "2 seconden"),
            (60_000, "1 minute", "1 minuut"),
            (90_000, "90 seconds", "90 seconden"),
            (5_400_000, "90 minutes", "90 minuten"),
            (3_600_000, "1 hour", "1 uur"),
            (86_400_000, "24 hours", "24 uur"),
            (86_399_120, "24 hours", "24 uur"),
            (86_200_000, "23 hours", "23 uur"),
            (172_800_000, "2 days", "2 dagen"),
            (259_200_000 - 700, "3 days", "3 dagen"),
        ] {
            let length = TimeDelta::milliseconds(milliseconds);
            assert_eq!(duration(length, Locale::En), english);
            assert_eq!(duration(length, Locale::Nl), dutch);
        }
    }

    #[test]
    fn every_role_has_words() {
        for (locale, role_) in Locale::ALL.into_iter().flat_map(|locale| Role::ALL.map(|role| (locale, role))) {
            assert!(!role(role_.as_str(), locale).contains('_'));
        }
        assert_eq!(role("night_watch", Locale::Nl), "night watch");
    }

    #[test]
    fn names_fit_one_line() {
        assert_eq!(name(" Ada\r\nBcc: eve@example.com\u{202E}\0 "), "Ada Bcc: eve@example.com");
        assert_eq!(name(&"a".repeat(300)).chars().count(), LONGEST_NAME + 1);
    }
}
