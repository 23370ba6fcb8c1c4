//! What the overview consists of.

use chrono::{DateTime, Utc};

use super::{period::Period, reason::ReasonGroup, status::LetterStatus};
use crate::domain::{counts::Tally, ids::InvitationId};

/// How many domains, and how many relays, a period lists.
pub const MAX_LISTED: usize = 20;

/// Letters with something in common, as their domain, and their numbers by status.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// The domain, or the relay.
    pub name: String,
    /// The numbers.
    pub letters: Tally<LetterStatus>,
}

impl Named {
    /// The number of letters that failed.
    pub(super) fn failures(&self) -> u64 {
        LetterStatus::ALL.into_iter().filter(|one| one.is_failure()).map(|one| self.letters.of(one)).sum()
    }
}

/// The letters that were put into the outbox in a period.
#[derive(Debug, Clone)]
pub struct PeriodOverview {
    /// The period.
    pub period: Period,
    /// When it began.
    pub since: DateTime<Utc>,
    /// All letters.
    pub letters: Tally<LetterStatus>,
    /// Those that have a reason for their status.
    pub reasons: Tally<ReasonGroup>,
    /// By the domain of the recipient, the one with most letters first: of [`MAX_LISTED`] domains, ten with
    /// most failures, and those with most letters.
    pub domains: Vec<Named>,
    /// By the relay or provider that they were handed to last, the one with most letters first.
    pub relays: Vec<Named>,
}

/// The letter of an invitation that has waited longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingLetter {
    /// The invitation.
    pub invitation: InvitationId,
    /// When it was put into the outbox.
    pub since: DateTime<Utc>,
    /// The number of attempts.
    pub attempts: i32,
    /// When it is tried next, or when the lease of the courier that has it ends.
    pub next_attempt_at: DateTime<Utc>,
}

/// A relay to which nothing is sent until a certain time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRelay {
    /// The relay.
    pub relay: String,
    /// The end of the pause.
    pub until: DateTime<Utc>,
}

/// The overview of deliveries.
#[derive(Debug, Clone)]
pub struct DeliveryOverview {
    /// The moment that it is about.
    pub generated_at: DateTime<Utc>,
    /// The periods, the shortest first.
    pub periods: Vec<PeriodOverview>,
    /// The letter that has waited longest.
    pub oldest_waiting: Option<WaitingLetter>,
    /// The relays that are held, by name.
    pub held: Vec<HeldRelay>,
}
