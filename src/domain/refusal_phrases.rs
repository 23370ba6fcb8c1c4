//! Phrases with which mail servers say why they refuse a letter: one table for the replies of relays, for
//! returned mail and for the reasons that providers pass on, so that they agree.
//!
//! [`Place`] says where a phrase counts. What does not say why stands where it is read: whose side a reply
//! concerns (`relay_reply/phrases.rs`), and that a letter was not delivered, or is delayed
//! (`mail/returned_mail/phrases.rs`).

mod kinds;
mod table;

pub use self::kinds::{Place, Refusal};
use self::table::TABLE;

/// The phrases that count in this place by themselves.
pub fn phrases_in(place: Place) -> impl Iterator<Item = &'static str> {
    let all = TABLE.iter().flat_map(|(_, phrases)| phrases.iter());
    all.filter(move |(_, places)| places.contains(&place)).map(|(phrase, _)| *phrase)
}

/// What the words of a failure say. Line breaks, apostrophes and capitals do not matter.
#[must_use]
pub fn refusal_in(text: &str) -> Option<Refusal> {
    let plain: String = text.chars().filter(|c| !matches!(c, '\'' | '\u{2019}')).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |phrases: &&[(&str, &[Place])]| phrases.iter().any(|(phrase, _)| words.contains(phrase));
    TABLE.iter().find(|(_, phrases)| has(phrases)).map(|(refusal, _)| *refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phrase_says_what_its_row_says() {
        for (refusal, phrases) in TABLE {
            for (phrase, _) in *phrases {
                assert_eq!(refusal_in(phrase), Some(*refusal), "{phrase}");
                assert_eq!(
                    refusal_in(&phrase.to_uppercase().replace(' ', "\n  ")),
                    Some(*refusal),
                    "{phrase}"
                );
                assert!(!phrase.contains(['\'', '\u{2019}', '\n']), "{phrase}");
            }
        }
        assert_eq!(refusal_in("so be it"), None);
    }

    #[test]
    fn phrases_count_where_the_table_says() {
        for (phrase, places) in [
            ("mailbox full", &[Place::Reply, Place::Notice, Place::Reason][..]),
            ("user unknown", &[Place::Reply, Place::Notice, Place::Subject]),
            ("retry timeout exceeded", &[Place::End]),
            ("blocked", &[]),
        ] {
            for place in [Place::Reply, Place::Notice, Place::Subject, Place::End, Place::Reason] {
                let counts = phrases_in(place).any(|known| known == phrase);
                assert_eq!(counts, places.contains(&place), "{phrase} {place:?}");
            }
        }
    }
}
