//! How many invitations and users there are, by the values that lists filter by.

use super::{
    invitation::{DeliveryState, InvitationKind, InvitationStatus},
    user::{UserKind, UserStatus},
};

/// A number for each value of a closed set.
#[derive(Debug, Clone)]
pub struct Tally<T>(Vec<(T, i64)>);

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + PartialEq> Tally<T> {
    /// Adds `n`, which may be negative, to the number of `value`.
    pub fn add(&mut self, value: T, n: i64) {
        match self.0.iter_mut().find(|(known, _)| *known == value) {
            Some((_, sum)) => *sum += n,
            None => self.0.push((value, n)),
        }
    }

    /// Adds the numbers of another tally.
    pub fn add_all(&mut self, other: &Self) {
        other.0.iter().for_each(|(value, n)| self.add(*value, *n));
    }

    /// The number of `value`.
    #[must_use]
    pub fn of(&self, value: T) -> u64 {
        let sum = self.0.iter().find(|(known, _)| *known == value).map_or(0, |(_, sum)| *sum);
        u64::try_from(sum).unwrap_or_default()
    }

    /// The sum of all numbers.
    #[must_use]
    pub fn total(&self) -> u64 {
        u64::try_from(self.0.iter().map(|(_, sum)| sum).sum::<i64>()).unwrap_or_default()
    }
}

/// The numbers of the invitations that a caller sees. Each invitation is counted once in each tally.
#[derive(Debug, Clone, Default)]
pub struct InvitationCounts {
    /// By kind.
    pub by_kind: Tally<InvitationKind>,
    /// By status.
    pub by_status: Tally<InvitationStatus>,
    /// By the state of the newest letter.
    pub by_delivery: Tally<DeliveryState>,
}

/// The numbers of the users whom a caller sees, as they are shown to this caller.
#[derive(Debug, Clone, Default)]
pub struct UserCounts {
    /// By kind. A user who is of both kinds is counted in both.
    pub by_kind: Tally<UserKind>,
    /// By status. Each user is counted once.
    pub by_status: Tally<UserStatus>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_add_up_by_value() {
        let mut tally = Tally::default();
        for (status, n) in [(UserStatus::Active, 3), (UserStatus::Invited, 2), (UserStatus::Active, -1)] {
            tally.add(status, n);
        }
        assert_eq!(UserStatus::ALL.map(|status| tally.of(status)), [2, 2, 0]);
        assert_eq!(tally.total(), 4);
    }
}
