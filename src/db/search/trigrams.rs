//! The trigrams of a searched text that are looked up in an index.
//!
//! An index reads the list of rows of each trigram that it is asked for. Those of a rare one are few; those
//! of `com` are all rows. So the rarest ones are looked up, and the rows that have them are compared with the
//! text.

use std::cmp::Reverse;

use super::sample::Sample;

/// More trigrams than this find hardly fewer rows.
const MAX_LOOKED_UP: usize = 5;
/// Of a long text no more than so many are compared.
const MAX_COMPARED: usize = 40;

/// The trigrams of a text that together the fewest rows have, of characters that an index has: each with its
/// place in the text, in the order of their places.
///
/// Each is the one that leaves the fewest rows of the sample after those before it: `kow` finds most of what
/// `als` does, where another word of the text is as common and independent.
pub(super) fn rarest(text: &str, is_indexed: impl Fn(char) -> bool, sample: &Sample) -> Vec<(usize, String)> {
    let mut candidates = trigrams(text, is_indexed);
    let step = candidates.len().div_ceil(MAX_COMPARED).max(1);
    candidates = candidates.into_iter().step_by(step).collect();
    let rows: Vec<Vec<bool>> = candidates.iter().map(|(_, trigram)| sample.has(trigram)).collect();
    let mut left: Vec<bool> = vec![true; rows.first().map_or(0, Vec::len)];
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < MAX_LOOKED_UP.min(candidates.len()) {
        let remaining = |at: usize| rows[at].iter().zip(&left).filter(|(has, left)| **has && **left).count();
        let alone = |at: usize| rows[at].iter().filter(|has| **has).count();
        let distance = |at: usize| chosen.iter().map(|other| other.abs_diff(at)).min().unwrap_or(0);
        let others = (0..candidates.len()).filter(|at| !chosen.contains(at));
        let Some(next) = others.min_by_key(|at| (remaining(*at), alone(*at), Reverse(distance(*at)))) else {
            break;
        };
        left.iter_mut().zip(&rows[next]).for_each(|(left, has)| *left &= *has);
        chosen.push(next);
    }
    chosen.sort_unstable();
    chosen.into_iter().map(|at| candidates[at].clone()).collect()
}

/// The distinct trigrams of a text.
fn trigrams(text: &str, is_indexed: impl Fn(char) -> bool) -> Vec<(usize, String)> {
    let characters: Vec<char> = text.chars().collect();
    let mut trigrams: Vec<(usize, String)> = Vec::new();
    for (place, three) in characters.windows(3).enumerate() {
        let trigram: String = three.iter().collect();
        if three.iter().all(|c| is_indexed(*c)) && !trigrams.iter().any(|(_, known)| *known == trigram) {
            trigrams.push((place, trigram));
        }
    }
    trigrams
}

/// The `LIKE` pattern of texts that have these trigrams in this order: `%kuzn%ova%`. They consist of letters
/// and digits.
pub(super) fn pattern(trigrams: &[(usize, String)]) -> String {
    let mut pattern = String::new();
    let mut end = None;
    for (place, trigram) in trigrams {
        let overlap = end.map_or(0, |end: usize| end.saturating_sub(*place));
        if end.is_none_or(|end| *place > end) {
            pattern.push('%');
        }
        pattern.extend(trigram.chars().skip(overlap));
        end = Some(place + 3);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, sample: &[&str]) -> String {
        pattern(&rarest(text, char::is_alphanumeric, &Sample::with(sample)))
    }

    #[test]
    fn common_parts_are_left_out() {
        let sample = ["ada@example.com", "bob@example.com", "anna.lovelace@example.com"];
        let chosen = chosen("kuzmakuzmin@example.com", &sample);
        assert!(!chosen.contains("exa") && !chosen.contains("com"), "{chosen}");
    }

    #[test]
    fn parts_that_come_together_are_not_looked_up_alone() {
        let sample = ["kowalska", "kowalska", "martin", "martin", "martin"];
        let chosen = rarest("martin@kowalska", char::is_alphanumeric, &Sample::with(&sample));
        assert!(chosen.iter().any(|(place, _)| *place < 4), "{chosen:?}");
        assert!(chosen.iter().any(|(place, _)| *place > 6), "{chosen:?}");
    }

    #[test]
    fn trigrams_that_overlap_or_follow_each_other_are_one_piece() {
        assert_eq!(chosen("abcd", &[]), "%abcd%");
        assert_eq!(
            pattern(&[(0, "abc".to_owned()), (3, "def".to_owned()), (7, "hij".to_owned())]),
            "%abcdef%hij%"
        );
        assert_eq!(chosen("ab", &[]), "%");
    }

    #[test]
    fn characters_without_an_index_are_in_no_trigram() {
        assert_eq!(chosen("abc-defg", &[]), "%abc%defg%");
        assert_eq!(chosen("aaaaaa", &[]), "%aaa%");
    }
}
