//! Letters that the overview does not tell apart, and their numbers.

use std::collections::{HashMap, HashSet};

use super::{reason::ReasonGroup, status::LetterStatus};

/// What letters of the same number have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LetterGroup {
    /// Their state.
    pub status: LetterStatus,
    /// Why they have it, where there is a reason.
    pub reason: Option<ReasonGroup>,
    /// The relay or provider that they were handed to last, if its name is known.
    pub relay: Option<String>,
    /// The domain of their recipients, in Unicode or in punycode; of erased people it is not known.
    pub domain: Option<String>,
}

/// Numbers of letters by group.
#[derive(Debug, Clone, Default)]
pub struct LetterGroups(HashMap<LetterGroup, i64>);

impl LetterGroups {
    /// Adds `n` letters.
    pub fn add(&mut self, group: LetterGroup, n: i64) {
        *self.0.entry(group).or_default() += n;
    }

    /// Adds other letters.
    pub fn add_all(&mut self, others: Self) {
        for (group, n) in others.0 {
            self.add(group, n);
        }
    }

    /// The groups and their numbers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&LetterGroup, i64)> {
        self.0.iter().map(|(group, n)| (group, *n))
    }

    /// Leaves the domains with most letters, and counts the letters to all others without their domain:
    /// what is kept of an hour is bounded, however many domains it has.
    #[must_use]
    pub(super) fn with_largest_domains(self, max: usize) -> Self {
        let mut sizes: HashMap<&str, i64> = HashMap::new();
        for (group, n) in self.iter() {
            if let Some(domain) = &group.domain {
                *sizes.entry(domain).or_default() += n;
            }
        }
        if sizes.len() <= max {
            return self;
        }
        let mut by_size: Vec<(i64, &str)> = sizes.into_iter().map(|(domain, n)| (-n, domain)).collect();
        by_size.sort_unstable();
        let largest: HashSet<String> = by_size.into_iter().take(max).map(|(_, it)| it.to_owned()).collect();
        let mut left = Self::default();
        for (group, n) in self.0 {
            let domain = group.domain.filter(|domain| largest.contains(domain));
            left.add(LetterGroup { domain, ..group }, n);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_to_small_domains_are_counted_without_them() {
        let mut groups = LetterGroups::default();
        for (domain, n) in [("one.example", 1), ("two.example", 2), ("three.example", 3)] {
            for reason in [None, Some(ReasonGroup::Mailbox)] {
                let domain = Some(domain.to_owned());
                groups.add(LetterGroup { status: LetterStatus::Deferred, reason, relay: None, domain }, n);
            }
        }
        let left = groups.with_largest_domains(2);
        let mut numbers: Vec<(Option<&str>, i64)> =
            left.iter().map(|(group, n)| (group.domain.as_deref(), n)).collect();
        numbers.sort_unstable();
        let (two, three) = (Some("two.example"), Some("three.example"));
        assert_eq!(numbers, [(None, 1), (None, 1), (three, 3), (three, 3), (two, 2), (two, 2)]);
    }
}
