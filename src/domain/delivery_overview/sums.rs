//! Adding up the numbers of a period.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
};

use chrono::{DateTime, Utc};

use super::{
    group::LetterGroup,
    overview::{MAX_LISTED, Named, PeriodOverview},
    period::Period,
    reason::ReasonGroup,
    status::LetterStatus,
};
use crate::domain::{counts::Tally, email::Email};

/// How many of the listed domains are those with most failures; the others are those with most letters.
const MAX_FAILING: usize = 10;

/// Adds up the numbers of a period.
#[derive(Debug, Default)]
pub struct PeriodSums {
    letters: Tally<LetterStatus>,
    reasons: Tally<ReasonGroup>,
    domains: BTreeMap<String, Tally<LetterStatus>>,
    relays: BTreeMap<String, Tally<LetterStatus>>,
}

impl PeriodSums {
    /// Adds `n` letters of a group.
    pub fn add(&mut self, group: &LetterGroup, n: i64) {
        let LetterGroup { status, reason, relay, domain } = group;
        self.letters.add(*status, n);
        if let Some(reason) = reason {
            self.reasons.add(*reason, n);
        }
        for (name, sums) in [(relay, &mut self.relays), (domain, &mut self.domains)] {
            let Some(name) = name else { continue };
            match sums.get_mut(name) {
                Some(sums) => sums.add(*status, n),
                None => sums.entry(name.clone()).or_default().add(*status, n),
            }
        }
    }

    /// The numbers of the period.
    #[must_use]
    pub fn finish(self, period: Period, now: DateTime<Utc>) -> PeriodOverview {
        let mut relays = by_size(self.relays);
        relays.truncate(MAX_LISTED);
        PeriodOverview {
            period,
            since: now - period.length(),
            letters: self.letters,
            reasons: self.reasons,
            domains: listed(by_size(readable(self.domains))),
            relays,
        }
    }
}

/// The one with most letters first; of equals, by name.
fn by_size(all: BTreeMap<String, Tally<LetterStatus>>) -> Vec<Named> {
    let mut all: Vec<Named> = all.into_iter().map(|(name, letters)| Named { name, letters }).collect();
    all.sort_by_key(|one| Reverse(one.letters.total()));
    all
}

/// The domains that are listed, of all in the order of their size.
fn listed(domains: Vec<Named>) -> Vec<Named> {
    let mut failing: Vec<usize> = (0..domains.len()).filter(|at| domains[*at].failures() > 0).collect();
    failing.sort_by_key(|at| Reverse(domains[*at].failures()));
    failing.truncate(MAX_FAILING);
    let mut places = MAX_LISTED - failing.len();
    let mut is_listed = |at: usize| {
        let is_large = !failing.contains(&at) && places > 0;
        places -= usize::from(is_large);
        is_large || failing.contains(&at)
    };
    domains.into_iter().enumerate().filter(|(at, _)| is_listed(*at)).map(|(_, one)| one).collect()
}

/// The numbers by domain as people read it: letters to both forms of a domain are counted together.
fn readable(all: BTreeMap<String, Tally<LetterStatus>>) -> BTreeMap<String, Tally<LetterStatus>> {
    let mut sums: BTreeMap<String, Tally<LetterStatus>> = BTreeMap::new();
    for (domain, letters) in all {
        let address = Email::parse(&format!("postmaster@{domain}")).map(|email| email.unicode());
        let name = address.ok().and_then(|it| Some(it.split_once('@')?.1.to_owned())).unwrap_or(domain);
        match sums.entry(name) {
            Entry::Vacant(place) => _ = place.insert(letters),
            Entry::Occupied(mut sum) => sum.get_mut().add_all(&letters),
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sums: &mut PeriodSums, domain: &str, status: LetterStatus, n: i64) {
        let domain = Some(domain.to_owned());
        sums.add(&LetterGroup { status, reason: None, relay: None, domain }, n);
    }

    #[test]
    fn lists_the_domains_with_most_failures_and_those_with_most_letters() {
        let mut sums = PeriodSums::default();
        for n in 1..=30 {
            add(&mut sums, &format!("d{n:02}.example"), LetterStatus::Delivered, n);
        }
        add(&mut sums, "d01.example", LetterStatus::Bounced, 1);
        add(&mut sums, "d02.example", LetterStatus::Failed, 3);
        add(&mut sums, "d30.example", LetterStatus::Complained, 2);
        let domains = sums.finish(Period::Day, DateTime::UNIX_EPOCH).domains;
        let names: Vec<&str> = domains.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names.len(), MAX_LISTED);
        assert_eq!(names[0], "d30.example");
        // d02 and d01 have few letters, and come by their failures.
        assert_eq!(names[17..], ["d13.example", "d02.example", "d01.example"]);
    }

    #[test]
    fn both_forms_of_a_domain_are_one() {
        let mut sums = PeriodSums::default();
        add(&mut sums, "bücher.example", LetterStatus::Sent, 1);
        add(&mut sums, "xn--bcher-kva.example", LetterStatus::Sent, 2);
        let domains = sums.finish(Period::Hour, DateTime::UNIX_EPOCH).domains;
        assert_eq!((domains.len(), domains[0].letters.total()), (1, 3));
        assert_eq!(domains[0].name, "bücher.example");
    }
}
