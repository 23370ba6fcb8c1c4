//! The text that searches look in, and the form of what is searched for.

use unicode_normalization::UnicodeNormalization;

use super::{case_fold::fold, email::Email};

/// The version of [`search_key`]: texts that were stored by an older one are written anew.
pub const VERSION: i32 = 3;

/// The form in which texts are searched: any part of one is found in the other, without regard to case in any
/// script, to accents, to the form of apostrophes and hyphens, or to the kind and number of blanks.
///
/// Accents are the combining marks of the Latin, Greek and Cyrillic scripts (U+0300 to U+036F). The marks of
/// other scripts are vowels, or change the letter. Letters with a stroke, and ligatures, are not decomposed
/// by Unicode, and are written as most people type them: `ł` as `l`, `ø` as `o`, `æ` as `ae`.
#[must_use]
pub fn search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    // Twice: some characters fold to others that fold again (`ẞ`).
    let folded = fold(&fold(text));
    let unaccented = folded.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}')).nfc();
    for c in unaccented {
        match c {
            c if c.is_whitespace() => {
                if !key.ends_with(' ') {
                    key.push(' ');
                }
            }
            // No characters (Unicode, chapter 23.7). SQLite reads them as U+FFFD.
            '\u{FFFE}' | '\u{FFFF}' => {}
            c => match plain(c) {
                Some(plain) => key.push_str(plain),
                None => key.push(c),
            },
        }
    }
    key
}

/// What people type for a character that Unicode does not decompose.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{2018}' | '\u{2019}' | '\u{201B}' | '\u{2BC}' | '\u{2032}' | '\u{2B9}' | '`' | '\u{B4}' => "'",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2E3A}' | '\u{2E3B}' => "-",
        '\u{201C}'..='\u{201F}' | '\u{AB}' | '\u{BB}' => "\"",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ø' => "o",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        _ => return None,
    })
}

/// The search text of an address: its readable form, and the form with the domain in punycode if that
/// differs.
#[must_use]
pub fn of_email(email: &Email) -> String {
    let read = search_key(&email.unicode());
    if read == email.key() { read } else { format!("{read}\n{}", email.key()) }
}

/// The search text of a person: the address, and the name if there is one.
#[must_use]
pub fn of_person(email: &Email, first_name: &str, last_name: &str) -> String {
    format!("{}\n{}", of_email(email), search_key(&format!("{first_name} {last_name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_apostrophes_and_blanks_make_no_difference() {
        for (typed, stored) in [
            ("swiatek", "Świątek"),
            ("o'brien", "O’Brien"),
            ("OʼBRIEN", "O'Brien"),
            ("elodie", "ÉLODIE"),
            ("strasse", "Straße"),
            ("lodz", "Łódź"),
            ("bjorn aeroskobing", "Bjørn  Ærøskøbing"),
            ("istanbul", "İstanbul"),
            ("αθηνα", "Αθήνα"),
            ("елкин", "Ёлкин"),
            ("nguyen", "Nguyễn"),
            ("jean-luc", "Jean‐Luc"),
            ("anna maria", "Anna\u{a0}\u{2009}Maria"),
            ("한국", "한국"),
            ("がく", "か\u{3099}く"),
        ] {
            assert_eq!(search_key(typed), search_key(stored), "{typed}");
        }
        assert_ne!(search_key("か"), search_key("が"), "another letter, not an accent");
        assert_ne!(search_key("कि"), search_key("की"), "another vowel");
    }

    #[test]
    fn a_key_is_its_own_key() {
        for text in ["Świątek", "İ", "ŉ", "ǅ", "ﬃ", "Ⅷ", "ẞ", "ᾳ", "が", "कि", "a  b\t c", "´", "Ĳ"]
        {
            let key = search_key(text);
            assert_eq!(search_key(&key), key, "{text}");
        }
    }

    #[test]
    fn an_address_is_searched_by_both_forms_of_its_domain() {
        for typed in ["Ada@BÜCHER.example", "Ada@xn--bcher-kva.example", "Ada@XN--BCHER-KVA.Example"] {
            let email = Email::parse(typed).unwrap();
            assert_eq!(of_email(&email), "ada@bucher.example\nada@xn--bcher-kva.example", "{typed}");
        }
        let email = Email::parse("Ada@Example.com").unwrap();
        assert_eq!(of_person(&email, "Zoë", "King"), "ada@example.com\nzoe king");
    }

    proptest::proptest! {
        #[test]
        fn a_part_that_begins_and_ends_with_letters_is_found(
            before in "[A-Za-zÀ-žα-ωА-я]{0,4}",
            part in "[A-Za-zÀ-žα-ωА-я '’]{1,6}",
            after in "[A-Za-zÀ-žα-ωА-я]{0,4}",
        ) {
            let whole = search_key(&format!("{before}{part}{after}"));
            proptest::prop_assert!(whole.contains(&search_key(&part)), "{part:?} in {whole:?}");
        }
    }
}
