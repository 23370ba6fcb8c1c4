//! Chance that repeats: numbers, choices, times and ids from one seed.

use chrono::{DateTime, TimeDelta, Utc};
use invitation_service::domain::ids::{Id, Named};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use uuid::Builder;

/// What the 12 bits behind the time of a UUIDv7 count up to.
const MAX_COUNT: u16 = 0x0FFF;

/// Draws numbers, and what follows from them.
pub struct Chance {
    numbers: StdRng,
    /// The millisecond of the last id, and its count.
    last: (u64, u16),
}

impl Chance {
    /// Draws the same for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { numbers: StdRng::seed_from_u64(seed), last: (0, 0) }
    }

    /// A number from 0 up to, and without, `end`, which is at least 1.
    pub fn below(&mut self, end: u32) -> u32 {
        self.numbers.random_range(0..end.max(1))
    }

    /// The same, small numbers much more often than large ones.
    pub fn skewed(&mut self, end: u32) -> u32 {
        let (most, some) = (self.below(end), self.below(end));
        self.below(most.min(some) + 1)
    }

    /// Whether something happens that happens so often of a hundred times.
    pub fn percent(&mut self, share: u32) -> bool {
        self.below(100) < share
    }

    /// Any of these, of which there is at least one.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let last = u32::try_from(all.len()).unwrap_or(u32::MAX);
        &all[self.below(last) as usize]
    }

    /// One of these, of which there is at least one, the first ones much more often.
    pub fn pick_skewed<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let last = u32::try_from(all.len()).unwrap_or(u32::MAX);
        &all[self.skewed(last) as usize]
    }

    /// A time between two, in milliseconds.
    pub fn between(&mut self, least: TimeDelta, most: TimeDelta) -> TimeDelta {
        let (least, most) = (least.num_milliseconds(), most.num_milliseconds());
        TimeDelta::milliseconds(self.numbers.random_range(least..=most.max(least)))
    }

    /// So many bits as hexadecimal digits, at most 128.
    pub fn hex(&mut self, bits: usize) -> String {
        let number: u128 = self.numbers.random();
        format!("{:0width$x}", number >> (128 - bits.clamp(4, 128)), width = bits / 4)
    }

    /// The id of what was made at `at` (UUIDv7, RFC 9562 §5.7). Ids that are made one after the other for one
    /// millisecond sort in that order, as the service's do.
    pub fn id<K: Named>(&mut self, at: DateTime<Utc>) -> Id<K> {
        let time = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        let mut bytes: [u8; 10] = self.numbers.random();
        // Half of the counts are left for the ids that follow.
        let fresh = u16::from_be_bytes([bytes[0], bytes[1]]) & (MAX_COUNT >> 1);
        let count = if self.last.0 == time { (self.last.1 + 1) & MAX_COUNT } else { fresh };
        self.last = (time, count);
        bytes[..2].copy_from_slice(&count.to_be_bytes());
        Id::from_uuid(Builder::from_unix_timestamp_millis(time, &bytes).into_uuid())
    }
}
