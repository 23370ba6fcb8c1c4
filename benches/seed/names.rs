//! Names of people and companies in several scripts: a few that many have, and thousands that few have.

mod asia;
mod europe;
mod latin;
mod near_east;
mod script;

use self::script::{Script, Spelling};
use super::chance::Chance;

/// The scripts, whose shares add up to a hundred.
static SCRIPTS: [Script; 10] = [
    latin::LATIN,
    europe::GREEK,
    europe::CYRILLIC,
    near_east::ARABIC,
    near_east::HEBREW,
    asia::CHINESE,
    asia::JAPANESE,
    asia::KOREAN,
    asia::DEVANAGARI,
    asia::THAI,
];
/// Of a hundred names, how many are made of syllables.
const RARE: u32 = 20;

/// A word, and its form in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In its own script.
    pub text: String,
    /// In ASCII letters.
    pub ascii: String,
}

/// The name of a person.
#[derive(Debug, Clone)]
pub struct Name {
    /// The first name.
    pub given: Word,
    /// The last name.
    pub family: Word,
}

impl Name {
    /// The whole name, as timelines have it.
    #[must_use]
    pub fn full(&self) -> String {
        format!("{} {}", self.given.text, self.family.text)
    }
}

/// The name of a person.
pub fn person(chance: &mut Chance) -> Name {
    let script = script(chance);
    Name { given: word(chance, script, script.given), family: word(chance, script, script.family) }
}

/// The name of a company, and what its domain is made of.
pub fn company(chance: &mut Chance) -> Word {
    let script = script(chance);
    let Word { text, ascii } = word(chance, script, script.family);
    Word { text: format!("{text}{}", chance.pick(script.company)), ascii }
}

fn script(chance: &mut Chance) -> &'static Script {
    let mut slot = chance.below(100);
    for script in &SCRIPTS {
        match slot.checked_sub(script.share) {
            None => return script,
            Some(rest) => slot = rest,
        }
    }
    &SCRIPTS[0]
}

fn word(chance: &mut Chance, script: &Script, common: &[Spelling]) -> Word {
    if chance.percent(RARE) {
        return rare(chance, script.syllables);
    }
    let (text, ascii) = chance.pick_skewed(common);
    Word { text: (*text).to_owned(), ascii: (*ascii).to_owned() }
}

fn rare(chance: &mut Chance, syllables: &[Spelling]) -> Word {
    let (mut text, mut ascii) = (String::new(), String::new());
    for _ in 0..2 + chance.below(2) {
        let (syllable, plain) = chance.pick(syllables);
        text.push_str(syllable);
        ascii.push_str(plain);
    }
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    Word { text: first + letters.as_str(), ascii }
}
