//! Invisible characters: a text must not consist of them, and they must not hide in a name or around an
//! address.
//!
//! They are Unicode's property `Default_Ignorable_Code_Point` (UAX 44), white space, and the few other
//! characters that fonts draw as nothing.

use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

/// Whether a program that does not support the character shows nothing in its place: joiners, direction
/// marks, fillers, variation selectors, tags, the soft hyphen. Comparison and search keys omit them.
#[must_use]
pub fn is_ignorable(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether the character is invisible. Such characters belong inside words and emoji, yet a text of nothing
/// else would look empty in every list.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || is_ignorable(c) || is_drawn_as_nothing(c)
}

/// The empty Braille pattern, a null note, fillers and joiners of historic scripts, and marks of annotations
/// and objects.
fn is_drawn_as_nothing(c: char) -> bool {
    matches!(c, '\u{2800}' | '\u{2D7F}' | '\u{FFF9}'..='\u{FFFC}' | '\u{1107F}' | '\u{13430}'..='\u{1343F}')
        || matches!(c, '\u{16FE4}' | '\u{1D159}')
}

/// Whether a text has no visible character.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// The text without invisible characters around it: blanks of any kind, line breaks included, and the marks
/// that programs put around copied text. Other control characters stay, for the validation that refuses them;
/// so do selectors, which belong to the character before.
#[must_use]
pub fn trim(text: &str) -> &str {
    let around = |c: char| match c {
        c if c.is_whitespace() => true,
        c if c.is_control() || is_selector(c) => false,
        c => is_invisible(c) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'),
    };
    text.trim_matches(around)
}

/// The text without the invisible characters that change nothing for a reader, and without blanks around it.
/// Joiners (Persian, Indic scripts, emoji), direction marks and selectors stay, and so do the tags of a flag
/// (🏴 and what follows it).
#[must_use]
pub fn tidy(text: &str) -> String {
    let mut in_flag = false;
    let stays = |c: &char| {
        let is_tag = matches!(c, '\u{E0020}'..='\u{E007F}');
        in_flag = *c == '\u{1F3F4}' || (in_flag && is_tag);
        if is_tag { in_flag } else { !is_ignorable(*c) || is_selector(*c) || is_joiner_or_mark(*c) }
    };
    let kept: String = text.chars().filter(stays).collect();
    kept.trim_matches(|c: char| c.is_whitespace() || is_drawn_as_nothing(c)).to_owned()
}

/// Variation selectors of emoji, ideographs and Mongolian, and tags: each belongs to the character before it.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{180B}'..='\u{180D}' | '\u{180F}')
        || matches!(c, '\u{E0020}'..='\u{E007F}')
}

fn is_joiner_or_mark(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200C}'..='\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One of each kind: blanks, soft hyphen, joiners, marks, fillers, selectors, tags, annotations,
    /// unassigned ignorables.
    const UNSEEN: &str = "\
        \u{A0}\u{1680}\u{2003}\u{202F}\u{3000}\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180B}\
        \u{180E}\u{200B}\u{200C}\u{200D}\u{200E}\u{200F}\u{2060}\u{2061}\u{2064}\u{206A}\u{206F}\u{2800}\
        \u{3164}\u{FE00}\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF0}\u{FFF9}\u{FFFC}\u{13430}\u{16FE4}\u{1BCA0}\u{1D159}\
        \u{1D173}\u{E0001}\u{E0041}\u{E0100}\u{E0FFF}";

    #[test]
    fn invisible_characters_are_known() {
        for c in UNSEEN.chars() {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
        }
        assert!(is_blank(UNSEEN) && is_blank(""));
        for c in "a.-李أ가ᄀ\u{301}\u{E9}\u{93F}🚗\u{FFFD}".chars() {
            assert!(!is_invisible(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn what_stands_around_is_trimmed() {
        for around in [
            "\t",
            "\n",
            "\r\n",
            "\u{B}\u{C}",
            "\u{85}",
            " ",
            "\u{A0}",
            "\u{3000}",
            "\u{2028}",
            "\u{FEFF}",
            "\u{200B}",
            "\u{202A}",
            "\u{2069}",
            "\u{200E}\u{2009}",
        ] {
            assert_eq!(trim(&format!("{around}a b{around}")), "a b", "{around:?}");
        }
        for kept in ["a\nb", "a\0", "\u{1B}a", "a\u{84}", "\u{26A1}\u{FE0F}"] {
            assert_eq!(trim(kept), kept);
        }
    }

    #[test]
    fn a_name_keeps_what_its_reader_needs() {
        for kept in [
            "می\u{200C}خواهم",
            "👩\u{200D}👩\u{200D}👧",
            "⚡\u{FE0F} Laden",
            "葛\u{E0100}城",
            "Acme\u{200F}",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} Ltd",
            "⠁⠙⠁\u{2800}⠇",
        ] {
            assert_eq!(tidy(kept), kept);
        }
        for (text, tidied) in [
            ("Ac\u{AD}me", "Acme"),
            ("\u{200B}Ada\u{3164}", "Ada"),
            ("Ada\u{E0041}", "Ada"),
            ("A\u{2060}d\u{34F}a\u{115F}", "Ada"),
            ("\u{2800} Ada \u{200B}", "Ada"),
            ("\u{FEFF}Ada Lovelace", "Ada Lovelace"),
        ] {
            assert_eq!(tidy(text), tidied);
        }
    }

    proptest! {
        #[test]
        fn tidying_and_trimming_twice_changes_nothing(text in any::<String>()) {
            prop_assert_eq!(tidy(&tidy(&text)), tidy(&text));
            prop_assert_eq!(trim(trim(&text)), trim(&text));
        }
    }
}
