//! Checks whether a password consists of the person's own name or address.
//!
//! A name counts where it is a whole word: *King* in "King2024", "king_of_spain" and "LenaKing", not in
//! "walking". It also counts anywhere when too little is left of the password without it ("kingkingking-1").
//! Words end at blanks, signs and digits, and where a capital follows a small letter. Scripts without blanks
//! between words have no such ends: there a name counts anywhere.

use std::collections::BTreeSet;

use icu_properties::{CodePointMapData, props::Script};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::domain::{case_fold::fold, email::Email, invisible::is_ignorable};

/// The shortest local part, or part of a name of several words, that counts: shorter ones ("van der") are in
/// too many phrases.
const MIN_WORD: usize = 4;
/// The shortest name that counts.
const SHORTEST_NAME: usize = 2;
/// A first and a last name joined without a separator also count inside words, from this number of letters
/// on.
const MIN_JOINED: usize = 8;

/// The person whose password is checked.
#[derive(Debug, Clone, Default)]
pub struct Identity<'a> {
    /// The person's address.
    pub email: Option<&'a Email>,
    /// First and last name, as far as known.
    pub names: Vec<&'a str>,
}

impl Identity<'_> {
    /// The words that an attacker would try first, folded.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = self.names.iter().map(|name| fold(name)).collect();
        words.push(fold(&self.names.join(" ")));
        words.push(fold(&self.names.concat()));
        if let Some(email) = self.email {
            words.extend([
                fold(email.as_str()),
                fold(&email.unicode()),
                email.key().to_owned(),
                fold(email.local_part()),
            ]);
        }
        words.retain(|word| length(word) >= MIN_WORD);
        words
    }

    /// Whether `password` consists of the address, its local part or the name. `shortest` is the required
    /// length: of a password that contains a name, half of that must be other text.
    #[must_use]
    pub fn is_in(&self, password: &str, shortest: usize) -> bool {
        let folded = fold(password);
        let anywhere = self.anywhere();
        if anywhere.iter().any(|text| folded.contains(text.as_str())) {
            return true;
        }
        let phrases = self.phrases();
        [plain(password), unmasked(password, 'i'), unmasked(password, 'l')].iter().any(|text| {
            let words = words(text);
            phrases.iter().any(|phrase| stands_in(phrase, &words))
        }) || self.leaves_too_little(&folded, shortest)
    }

    /// Texts that count anywhere: the address, the whole name without a gap, and names in scripts without
    /// blanks.
    fn anywhere(&self) -> Vec<String> {
        let emails = self
            .email
            .into_iter()
            .flat_map(|email| [fold(email.as_str()), fold(&email.unicode()), email.key().to_owned()]);
        let [there, back] = self.whole_names();
        let whole =
            [there, back].into_iter().filter(|name| self.names.len() > 1 && length(name) >= MIN_JOINED);
        let gapless = self
            .names
            .iter()
            .map(|name| fold(name))
            .filter(|name| length(name) >= SHORTEST_NAME && is_gapless(name));
        emails.chain(whole).chain(gapless).collect()
    }

    /// First and last name without a gap, in both orders.
    fn whole_names(&self) -> [String; 2] {
        let letters = |name: &&str| fold(name).chars().filter(|c| is_letter(*c)).collect::<String>();
        [self.names.iter().map(letters).collect(), self.names.iter().rev().map(letters).collect()]
    }

    /// Texts that count as whole words in sequence.
    fn phrases(&self) -> BTreeSet<Vec<String>> {
        let whole =
            |text: &str| words(&plain(text)).into_iter().map(|word| word.concat()).collect::<Vec<_>>();
        let mut phrases = BTreeSet::new();
        let mut add = |phrase: Vec<String>, least: usize| {
            let joined = phrase.concat();
            if length(&joined) >= least {
                phrases.extend([vec![joined], phrase]);
            }
        };
        for name in &self.names {
            let parts = whole(name);
            for part in parts.iter().filter(|_| parts.len() > 1) {
                add(vec![part.clone()], MIN_WORD);
            }
            add(parts, SHORTEST_NAME);
        }
        for name in self.whole_names() {
            add(vec![name], MIN_WORD);
        }
        if let Some(local) = self.email.map(Email::local_part) {
            add(whole(local), MIN_WORD);
            add(whole(local.split_once('+').map_or(local, |(base, _)| base)), MIN_WORD);
        }
        phrases
    }

    /// Whether too little remains of the password without the names, wherever they are.
    fn leaves_too_little(&self, folded: &str, shortest: usize) -> bool {
        let mut own: Vec<String> = self.phrases().into_iter().map(|phrase| phrase.concat()).collect();
        own.sort_by_key(|word| std::cmp::Reverse(word.len()));
        // A separator that occurs nowhere else, so that the text around a name cannot form another name.
        let left = own.iter().fold(folded.to_owned(), |left, word| left.replace(word.as_str(), "\0"));
        if !left.contains('\0') {
            return false;
        }
        let mut left: Vec<char> = left.chars().filter(|c| *c != '\0' && !c.is_whitespace()).collect();
        left.dedup();
        left.len() * 2 < shortest
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Readable text, in its original case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_ignorable(*c)).nfkc().collect()
}

/// The text with digits and signs that replace letters (`K1ng`, `L3n@`) turned into letters; 1 and ! become
/// `one`.
fn unmasked(text: &str, one: char) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        c => c,
    };
    plain(text).chars().map(letter).collect()
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c)
}

/// The words of a text, runs of letters or of digits, each split at capitals; folded.
fn words(text: &str) -> Vec<Vec<String>> {
    let mut words: Vec<Vec<String>> = Vec::new();
    let mut before: Option<char> = None;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if !is_letter(c) && !c.is_numeric() {
            before = None;
            continue;
        }
        match before {
            Some(before) if is_letter(before) == is_letter(c) => {
                let ends_capitals =
                    before.is_uppercase() && letters.peek().is_some_and(|next| next.is_lowercase());
                if c.is_uppercase()
                    && (!before.is_uppercase() || ends_capitals)
                    && let Some(word) = words.last_mut()
                {
                    word.push(String::new());
                }
            }
            _ => words.push(vec![String::new()]),
        }
        if let Some(piece) = words.last_mut().and_then(|word| word.last_mut()) {
            piece.push(c);
        }
        before = Some(c);
    }
    words.iter().map(|word| word.iter().map(|piece| fold(piece)).collect()).collect()
}

/// Whether the phrase is among the words: as a sequence of words, or, if it is one word, as whole pieces of a
/// word.
fn stands_in(phrase: &[String], words: &[Vec<String>]) -> bool {
    if let [own] = phrase {
        let pieces = |word: &Vec<String>| {
            (0..word.len()).any(|from| (from + 1..=word.len()).any(|to| word[from..to].concat() == *own))
        };
        return words.iter().any(pieces);
    }
    words.windows(phrase.len()).any(|some| some.iter().zip(phrase).all(|(word, own)| word.concat() == *own))
}

/// Whether the text is in a script without blanks between words, or one that joins endings to names.
fn is_gapless(text: &str) -> bool {
    let scripts = CodePointMapData::<Script>::new();
    let gapless = |c| {
        matches!(
            scripts.get(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Hangul
                | Script::Bopomofo
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
                | Script::Tibetan
        )
    };
    text.chars().any(gapless)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_of(names: &[&str], email: &str, password: &str) -> bool {
        let email = Email::parse(email).unwrap();
        Identity { email: Some(&email), names: names.to_vec() }.is_in(password, 15)
    }

    #[test]
    fn a_name_inside_another_word_is_none() {
        for (names, password) in [
            (["Lena", "King"], "walking home in the purple rain"),
            (["Lena", "King"], "thinking of parking and baking"),
            (["Lena", "King"], "the kingdom of galena crystals"),
            (["Ole", "Ring"], "during spring we wandered north"),
            (["Ole", "Ring"], "a whole string of boring herrings"),
            (["Uwe", "Berg"], "zwei Bergsteiger in Heidelberg"),
            (["Anna", "Berg"], "hannah sold bananas in savannah"),
            (["Jo", "Li"], "journeys to liverpool by jolly boats"),
            (["An", "Do"], "another window and a shadow"),
            (["Ada", "Lovelace"], "canadas seven green bicycles"),
            (["Mia", "Sun"], "sunday afternoon in bohemian style"),
            (["Ivo", "Лев"], "королевство левитации и слева"),
            (["Jan", "van der Berg"], "a van full of der dodo flowers"),
            (["Eva", "Müller"], "die Müllerin tanzt medieval"),
            (["Max", "İnci"], "incident at the maximum climax"),
            (["Lena", "Love-Lace"], "i lovelier laces very much dear"),
        ] {
            assert!(!made_of(&names, "info@example.com", password), "{names:?} in {password:?}");
        }
        assert!(!made_of(&["Lena", "King"], "info@example.com", "three information desks sing"));
        assert!(!made_of(&["Lena", "King"], "sales.team@example.com", "wholesales of teamwork pins"));
        assert!(!made_of(&["Lena", "King"], "me@example.com", "forgive me my seven sins"));
        assert!(!made_of(&[], "x1@example.com", "🦀🐙🦑🐡🐠🐟🐬🐳🐋🦈🐊🐅🐆🦓🦍"));
    }

    #[test]
    fn a_name_as_a_word_is_one_whatever_stands_beside_it() {
        for (names, password) in [
            (["Lena", "King"], "King king king king!!"),
            (["Lena", "King"], "the king of purple rain"),
            (["Lena", "King"], "purple_king_rain_falls"),
            (["Lena", "King"], "purple rain falls KING2024"),
            (["Lena", "King"], "2024king purple rain falls"),
            (["Lena", "King"], "purpleRainKingFallsDown"),
            (["Lena", "King"], "the king's purple rain"),
            (["Lena", "King"], "purple K1ng rain falls"),
            (["Lena", "King"], "purple k!ng rain falls"),
            (["Lena", "King"], "purple rain of L3n@ falls"),
            (["Lena", "King"], "xlenakingx purple rain falls"),
            (["Lena", "King"], "purple rain KingLena falls"),
            (["Lena", "King"], "Ｋｉｎｇ of the purple rain"),
            (["Lena", "King"], "the ki\u{200B}ng of the purple rain"),
            (["Ole", "Ring"], "one ring to rule them all"),
            (["Uwe", "Berg"], "über Berg und Tal wandern"),
            (["Anna", "Bell"], "eight.anna.green.bicycles"),
            (["Ada", "Lovelace"], "it is Ada who sings at noon!"),
            (["Ada", "Lovelace"], "my name is LOVELACE, remember"),
            (["Ada", "Lovelace"], "my name is LoveLace, remember"),
            (["Jo", "Li"], "when jo sings at noon again"),
            (["Иван", "Лев"], "рано утром ИВАН пьёт чай"),
            (["José", "X"], "jose\u{301} green bicycles at noon"),
            (["Μαρία", "Ιωάννου"], "ΜΑΡΊΑ και πράσινα ποδήλατα"),
            (["小明", "王"], "今天小明在公园里骑自行车去上学"),
            (["철수", "김"], "오늘아침에철수가자전거를타고간다"),
            (["สมชาย", "ใจดี"], "วันนี้สมชายขี่จักรยานไปตลาด"),
            (["कृष्ण", "शर्मा"], "आज कृष्ण हरी साइकिल चलाता है"),
            (["Jan", "van der Berg"], "seven green berg bicycles"),
            (["Jan", "De Vos"], "seven green de vos bicycles"),
            (["Jan", "De Vos"], "seven green DeVos bicycles"),
            (["Pat", "O'Brien"], "seven green obrien bicycles"),
            (["Pat", "O'Brien"], "seven green O'Brien bicycles"),
            (["Eva", "Straße"], "seven STRASSE bicycles sing"),
        ] {
            assert!(made_of(&names, "x@example.com", password), "{names:?} in {password:?}");
        }
        for (email, password) in [
            ("info@example.com", "all my info is in here now"),
            ("ada.lovelace@example.com", "x7 ada.lovelace@example.com q9"),
            ("ada.byron@example.com", "the violet ada.BYRON sings twice"),
            ("ada.byron@example.com", "the violet adabyron sings twice"),
            ("jdoe1984+ev@example.com", "seven jdoe1984 bicycles sing"),
            ("x@bücher.example", "seven x@xn--bcher-kva.example"),
        ] {
            assert!(made_of(&["Zoë", "Quist"], email, password), "{email} in {password:?}");
        }
    }

    #[test]
    fn a_password_that_is_little_else_is_refused() {
        for password in [
            "kingkingkingking",
            "xkingkingkingx1!",
            "lenakinglenaking7",
            "kingslena kingslena",
            "walking!!!!!!!!!",
            "aking1bking2cking",
        ] {
            assert!(made_of(&["Lena", "King"], "x@example.com", password), "{password:?}");
        }
        assert!(!made_of(&["Lena", "King"], "x@example.com", "walking8walks7"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_finds_a_name_between_blanks(
            name in "[A-Za-zА-яα-ωא-ת]{2,12}", before in "\\PC{0,20}", behind in "\\PC{0,20}"
        ) {
            let identity = Identity { email: None, names: vec![&name] };
            let password = format!("{before} {name} {behind}");
            proptest::prop_assert!(identity.is_in(&password, 15));
            let _ = identity.is_in(&before, 15);
            let _ = Identity { email: None, names: vec![&before, &behind] }.is_in(&password, 15);
        }
    }
}
