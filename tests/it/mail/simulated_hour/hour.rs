//! The hour, moment by moment: what the relay is like, and what is done, as the dice have it.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::TimeDelta;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use super::LETTERS;
use crate::support::relay::Behaviour;

pub(super) const GREYLISTS: Behaviour = Behaviour::Refuses("451 4.7.1 Greylisted for 300 seconds");
pub(super) const LEAVES: Behaviour = Behaviour::Refuses("421 4.3.2 shutting down");
pub(super) const MOODS: [Behaviour; 6] =
    [Behaviour::Takes, Behaviour::Takes, GREYLISTS, LEAVES, Behaviour::HangsUpAtData, Behaviour::HangsUp];

/// How the relay fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Away,
    /// The same to everybody.
    Each(Behaviour),
    /// To each recipient something else.
    Mixed(u64),
}

impl Weather {
    pub(super) fn to(self, recipient: &str) -> Behaviour {
        match self {
            Self::Away => Behaviour::Takes,
            Self::Each(behaviour) => behaviour,
            Self::Mixed(salt) => MOODS[of_hash(salt, recipient, MOODS.len())],
        }
    }
}

/// What a courier does with what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// Nobody is at work.
    Nothing,
    Work,
    /// Two of them at the same moment.
    WorkTogether,
    /// Claims, and dies.
    DieClaiming,
    /// Dies while the relay has letters in hand.
    DieSending,
    /// Dies when the first letter is about to be recorded.
    DieRecording,
    /// Is dropped wherever it is after being woken so often.
    DieAnywhere(usize),
    /// The last two beside a courier that lives.
    DieRecordingBesideOther,
    DieAnywhereBesideOther(usize),
}

/// A moment of the hour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) after: TimeDelta,
    pub(super) invites: usize,
    pub(super) weather: Weather,
    /// Letters that the relay takes before it says 421.
    pub(super) a_session: usize,
    pub(super) deed: Deed,
}

pub(super) fn hour(seed: u64) -> Vec<Moment> {
    let mut jitter = StdRng::seed_from_u64(seed);
    let mut moments = Vec::new();
    let (mut weather, mut passed) = (Weather::Away, 0);
    while passed < 3600 {
        let after = jitter.random_range(1..50);
        passed += after;
        if jitter.random_ratio(2, 5) {
            weather = match jitter.random_range(0..10) {
                0 | 1 => Weather::Away,
                2 | 3 => Weather::Each(Behaviour::Takes),
                4..8 => Weather::Mixed(jitter.random()),
                _ => Weather::Each(*MOODS[2..].choose(&mut jitter).unwrap()),
            };
        }
        let polls = jitter.random_range(0..60);
        let deed = match jitter.random_range(0..16) {
            0 | 1 => Deed::Nothing,
            2..=4 => Deed::Work,
            5 | 6 => Deed::WorkTogether,
            7 | 8 => Deed::DieClaiming,
            9 | 10 => Deed::DieSending,
            11 => Deed::DieRecording,
            12 => Deed::DieRecordingBesideOther,
            13 | 14 => Deed::DieAnywhere(polls),
            _ => Deed::DieAnywhereBesideOther(polls),
        };
        let a_session = *[1, 2, 3, usize::MAX].choose(&mut jitter).unwrap();
        moments.push(Moment { after: TimeDelta::seconds(after), invites: 0, weather, a_session, deed });
    }
    for _ in 0..LETTERS {
        let at = jitter.random_range(0..moments.len());
        moments[at].invites += 1;
    }
    moments
}

pub(super) fn of_hash(salt: u64, text: &str, below: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    (salt, text).hash(&mut hasher);
    usize::try_from(hasher.finish() % below as u64).unwrap()
}
