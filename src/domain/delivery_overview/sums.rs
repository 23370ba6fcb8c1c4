//! Adding up the numbers of a period.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};

use super::{
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
    /// Adds `n` letters that were handed to a relay last, if its name is known.
    pub fn add(
        &mut self,
        (status, reason): (LetterStatus, Option<ReasonGroup>),
        relay: Option<&str>,
        n: i64,
    ) {
        self.letters.add(status, n);
        if let Some(reason) = reason {
            self.reasons.add(reason, n);
        }
        if let Some(relay) = relay {
            self.relays.entry(relay.to_owned()).or_default().add(status, n);
        }
    }

    /// Adds `n` letters to a domain, which may be in Unicode or in punycode.
    pub fn add_to_domain(&mut self, domain: &str, status: LetterStatus, n: i64) {
        self.domains.entry(readable(domain)).or_default().add(status, n);
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
            domains: listed(by_size(self.domains)),
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

/// A domain as people read it, so that both of its forms are one.
fn readable(domain: &str) -> String {
    let address = Email::parse(&format!("postmaster@{domain}")).map(|email| email.unicode());
    address.ok().and_then(|it| Some(it.split_once('@')?.1.to_owned())).unwrap_or_else(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_the_domains_with_most_failures_and_those_with_most_letters() {
        let mut sums = PeriodSums::default();
        for n in 1..=30 {
            sums.add_to_domain(&format!("d{n:02}.example"), LetterStatus::Delivered, n);
        }
        sums.add_to_domain("d01.example", LetterStatus::Bounced, 1);
        sums.add_to_domain("d02.example", LetterStatus::Failed, 3);
        sums.add_to_domain("d30.example", LetterStatus::Complained, 2);
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
        sums.add_to_domain("bücher.example", LetterStatus::Sent, 1);
        sums.add_to_domain("xn--bcher-kva.example", LetterStatus::Sent, 2);
        let domains = sums.finish(Period::Hour, DateTime::UNIX_EPOCH).domains;
        assert_eq!((domains.len(), domains[0].letters.total()), (1, 3));
        assert_eq!(domains[0].name, "bücher.example");
    }
}
