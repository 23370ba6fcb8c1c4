//! Texts that code writes, not a template: times, durations, roles; cleaned names, and paragraphs of plain
//! text.

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use unicode_normalization::char::canonical_combining_class;

use super::translations::Vocabulary;
use crate::domain::{locale::Locale, time_zone::TimeZone};

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
/// The combining class of the signs that remove a vowel.
const VIRAMA: u8 = 9;
/// The longest name in a letter, in characters: it is part of the subject.
const LONGEST_NAME: usize = 100;
/// The width of plain text, in characters: mail programs show it without line breaks of their own.
const WIDTH: usize = 72;

/// A time in words: `Wednesday 25 November 2026 at 14:03 (CET)`. `None` when the language's format is invalid
/// for `chrono::format::strftime`.
pub(in crate::mail) fn moment(
    at: DateTime<Utc>,
    time_zone: &TimeZone,
    locale: Locale,
    words: &Vocabulary,
) -> Option<String> {
    let local = time_zone.local(at);
    // Zones without an abbreviation are named by their offset, "-03", which is hard to recognise as a time
    // zone.
    let zone = match local.offset().abbreviation() {
        name if name.starts_with(char::is_alphabetic) => name.to_owned(),
        _ => local.format("UTC%:z").to_string(),
    };
    let mut text = String::new();
    write!(text, "{} ({zone})", local.format_localized(words.plain("moment"), locale.data().dates)).ok()?;
    Some(text)
}

/// How long the link is valid, in words: `24 hours`, `90 minutes`, `2 seconds`.
///
/// Exact for a round duration, as configured ones are. The time of an attempt makes it shorter by seconds,
/// and that of a reminder, which is looked up once a minute, by up to a minute: such a difference is ignored
/// in minutes and hours. Other remainders are rounded down, so that a letter never promises too much time.
pub(in crate::mail) fn duration(length: TimeDelta, words: &Vocabulary) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60;
    const DAY: i64 = 24;
    /// By how many seconds an attempt may be late.
    const LATE: i64 = 5;
    let count =
        |number: i64, one, many| format!("{number} {}", words.plain(if number == 1 { one } else { many }));
    let seconds = (length.num_milliseconds().max(0) + 999) / 1000;
    if seconds < 2 * MINUTE && (seconds % MINUTE != 0 || seconds == 0) {
        return count(seconds, "second_one", "second_many");
    }
    let mut minutes = (seconds + LATE) / MINUTE;
    if minutes > HOUR && (minutes + 1) % HOUR == 0 {
        minutes += 1;
    }
    let hours = minutes / HOUR;
    if minutes % HOUR != 0 && hours < 4 {
        return count(minutes, "minute_one", "minute_many");
    }
    // 24 hours are usually called a day; from two days on, days are the simpler number.
    if hours >= 2 * DAY && (hours % DAY == 0 || hours > 4 * DAY) {
        return count(hours / DAY, "day_one", "day_many");
    }
    count(hours, "hour_one", "hour_many")
}

/// The display name of a role.
pub(in crate::mail) fn role(name: &str, words: &Vocabulary) -> String {
    words.of("role", name).map_or_else(|| name.replace('_', " "), str::to_owned)
}

/// A text on one line, with one blank between words. No-break spaces stay, as French has them before a colon.
pub(in crate::mail) fn one_line(text: &str) -> String {
    let parts = |c: char| c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}');
    text.split(parts).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A paragraph in lines of plain text. A word that is longer than a line, such as a link, is not broken.
pub(in crate::mail) fn wrap(paragraph: &str) -> String {
    let mut text = String::with_capacity(paragraph.len());
    let mut used = 0;
    // No-break spaces stay: only blanks and line breaks separate words.
    for word in paragraph.split([' ', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > WIDTH {
            text.push('\n');
            used = 0;
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text.push_str(word);
        used += length;
    }
    text
}

/// A name on one line: line breaks and other control characters become blanks; characters that change the
/// direction of writing or are invisible are removed, except the two joiners where they affect letters; a
/// very long name is cut.
pub(in crate::mail) fn name(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER
                if joins(spaced.chars().next_back(), rest.peek().copied()) =>
            {
                spaced.push(c);
            }
            '\u{061C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}' => {}
            c if c.is_control() || c.is_whitespace() => spaced.push(' '),
            c => spaced.push(c),
        }
    }
    let line = one_line(&spaced);
    match line.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// Whether a joiner belongs between two characters: without it Persian and Indic names are misspelt, and
/// families of emoji fall apart. After a virama it shapes the character before it (RFC 5892 appendix A has
/// the same rule for host names). In ASCII it has no effect, and would only hide.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let joined = |c: char| {
        !c.is_ascii() && c.is_alphabetic()
            || matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
    };
    before.is_some_and(|c| canonical_combining_class(c) == VIRAMA)
        || (before.is_some_and(joined) && after.is_some_and(joined))
}

/// A text that contains no encoded word in a header (RFC 2047). Mail programs decode anything that looks like
/// one, and a plain name would change.
pub(in crate::mail) fn without_encoded_words(text: &str) -> String {
    text.replace("=?", "= ?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::role::Role,
        mail::{template::Templates, testing::now},
    };

    /// The built-in words.
    fn words(locale: Locale) -> Vocabulary {
        Templates::built_in().unwrap().vocabulary(locale).clone()
    }

    #[test]
    fn moments_in_every_language_and_in_any_zone() {
        let at = now() + TimeDelta::hours(24);
        for (zone, locale, words) in [
            ("Europe/Amsterdam", Locale::En, "Wednesday 25 November 2026 at 14:03 (CET)"),
            ("Europe/Berlin", Locale::De, "Mittwoch, 25. November 2026, 14:03 Uhr (CET)"),
            ("Europe/Paris", Locale::Fr, "mercredi 25 novembre 2026 à 14:03 (CET)"),
            ("Europe/Amsterdam", Locale::Nl, "woensdag 25 november 2026 om 14:03 (CET)"),
            ("UTC", Locale::En, "Wednesday 25 November 2026 at 13:03 (UTC)"),
            ("America/Sao_Paulo", Locale::En, "Wednesday 25 November 2026 at 10:03 (UTC-03:00)"),
            ("Pacific/Auckland", Locale::Nl, "donderdag 26 november 2026 om 02:03 (NZDT)"),
        ] {
            assert_eq!(
                moment(at, &TimeZone::bundled(zone).unwrap(), locale, &self::words(locale)).as_deref(),
                Some(words)
            );
        }
    }

    #[test]
    fn durations_as_people_say_them() {
        for (milliseconds, said) in [
            (-5, ["0 seconds", "0 seconden", "0 Sekunden", "0 secondes"]),
            (1_000, ["1 second", "1 seconde", "1 Sekunde", "1 seconde"]),
            (45_000, ["45 seconds", "45 seconden", "45 Sekunden", "45 secondes"]),
            (150_000, ["2 minutes", "2 minuten", "2 Minuten", "2 minutes"]),
            (300_000 - 900, ["5 minutes", "5 minuten", "5 Minuten", "5 minutes"]),
            (3_540_000, ["59 minutes", "59 minuten", "59 Minuten", "59 minutes"]),
            (14_400_000 - 59_000, ["4 hours", "4 uur", "4 Stunden", "4 heures"]),
            (14_400_000 - 130_000, ["237 minutes", "237 minuten", "237 Minuten", "237 minutes"]),
            (1_999, ["2 seconds", "2 seconden", "2 Sekunden", "2 secondes"]),
            (60_000, ["1 minute", "1 minuut", "1 Minute", "1 minute"]),
            (90_000, ["90 seconds", "90 seconden", "90 Sekunden", "90 secondes"]),
            (5_400_000, ["90 minutes", "90 minuten", "90 Minuten", "90 minutes"]),
            (3_600_000, ["1 hour", "1 uur", "1 Stunde", "1 heure"]),
            (86_400_000, ["24 hours", "24 uur", "24 Stunden", "24 heures"]),
            (86_399_120, ["24 hours", "24 uur", "24 Stunden", "24 heures"]),
            (86_200_000, ["23 hours", "23 uur", "23 Stunden", "23 heures"]),
            (172_800_000, ["2 days", "2 dagen", "2 Tage", "2 jours"]),
            (259_200_000 - 700, ["3 days", "3 dagen", "3 Tage", "3 jours"]),
        ] {
            let length = TimeDelta::milliseconds(milliseconds);
            assert_eq!(
                [Locale::En, Locale::Nl, Locale::De, Locale::Fr]
                    .map(|locale| duration(length, &words(locale))),
                said
            );
        }
    }

    #[test]
    fn every_role_has_words() {
        for (locale, role_) in Locale::ALL.into_iter().flat_map(|locale| Role::ALL.map(|role| (locale, role)))
        {
            assert!(words(locale).of("role", role_.as_str()).is_some(), "{locale:?}, {role_:?}");
        }
        assert_eq!(role("night_watch", &words(Locale::Nl)), "night watch");
    }

    #[test]
    fn names_fit_one_line() {
        assert_eq!(
            name(" Ada\r\nBcc: eve@example.com\u{202E}\u{61C}\u{E0041}\0 "),
            "Ada Bcc: eve@example.com"
        );
        assert_eq!(name(&"a".repeat(300)).chars().count(), LONGEST_NAME + 1);
    }

    #[test]
    fn names_keep_what_joins_their_letters_and_nothing_else_that_is_not_seen() {
        for kept in [
            // A family; a heart on fire, with its variation selector; a woman with dark skin who writes
            // programs.
            "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            "\u{2764}\u{FE0F}\u{200D}\u{1F525}",
            "\u{1F469}\u{1F3FF}\u{200D}\u{1F4BB}",
            // Persian, Sinhala, and Malayalam at the end of a word.
            "\u{645}\u{6CC}\u{200C}\u{62E}\u{648}\u{627}\u{647}\u{645}",
            "\u{DC1}\u{DCA}\u{200D}\u{DBB}\u{DD3}",
            "\u{D05}\u{D28}\u{D3F}\u{D32}\u{D4D}\u{200D} \u{D15}",
        ] {
            assert_eq!(name(kept), kept);
        }
        for (text, shown) in [
            ("Pay\u{200D}Pal\u{200C}", "PayPal"),
            ("\u{200D}\u{645}\u{200C}\u{200C}\u{6CC}\u{200C} \u{200D}", "\u{645}\u{200C}\u{6CC}"),
            ("\u{645}\u{202E}\u{6CC}\u{200B}\u{645}\u{FEFF}", "\u{645}\u{6CC}\u{645}"),
            ("=\u{200D}?", "=?"),
        ] {
            assert_eq!(name(text), shown);
        }
    }

    #[test]
    fn paragraphs_fit_plain_text() {
        let link = format!("https://example.com/{}", "x".repeat(90));
        let text = wrap(&format!("{} {link} end  \nof it", "word ".repeat(30)));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH || line == link), "{text}");
        assert!(text.ends_with(&format!("\n{link}\nend of it")), "{text}");
        assert_eq!(wrap(" \n"), "");
    }
}
