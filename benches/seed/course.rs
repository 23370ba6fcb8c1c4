//! What becomes of invitations: in every two hundred the same shares.

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits to be tried.
    Queued,
    /// It was tried and waits for the next attempt.
    Retried,
    /// The relay accepted it, and nothing was reported since.
    Sent,
    /// The provider reports that it arrived.
    Delivered,
    /// The provider reports a temporary refusal.
    Deferred,
    /// The provider reports a bounce.
    Bounced,
    /// The recipient marked it as spam.
    Complained,
    /// The relay refused it for good.
    Failed,
    /// There is no letter: the link was handed over.
    HandedOver,
    /// It was withdrawn before it was tried.
    Withdrawn,
}

/// How an invitation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not ended; its link is valid or has expired.
    Open,
    /// The person activated.
    Activated,
    /// The person activated, and was blocked later.
    Blocked,
    /// It expired, and another one was made in its place.
    Replaced,
    /// Staff or an owner revoked it.
    Revoked,
}

/// How often the link was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sendings {
    /// Once.
    One,
    /// Twice: the invitation was resent.
    Two,
}

/// The course of an invitation.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// What becomes of its newest letter.
    pub fate: Fate,
    /// How it ends.
    pub end: End,
    /// How often it was sent.
    pub sendings: Sendings,
}

/// Of two hundred invitations from before yesterday, how many go this way.
const OLD: [(u32, Fate, End, Sendings); 17] = [
    (122, Fate::Delivered, End::Activated, Sendings::One),
    (12, Fate::Sent, End::Activated, Sendings::One),
    (6, Fate::Delivered, End::Activated, Sendings::Two),
    (4, Fate::HandedOver, End::Activated, Sendings::One),
    (1, Fate::Complained, End::Activated, Sendings::One),
    (2, Fate::Delivered, End::Blocked, Sendings::One),
    (20, Fate::Delivered, End::Open, Sendings::One),
    (4, Fate::Delivered, End::Open, Sendings::Two),
    (2, Fate::Sent, End::Open, Sendings::One),
    (4, Fate::Bounced, End::Open, Sendings::One),
    (1, Fate::Deferred, End::Open, Sendings::One),
    (1, Fate::Complained, End::Open, Sendings::One),
    (2, Fate::Failed, End::Open, Sendings::One),
    (1, Fate::HandedOver, End::Open, Sendings::One),
    (8, Fate::Delivered, End::Replaced, Sendings::One),
    (8, Fate::Delivered, End::Revoked, Sendings::One),
    (2, Fate::Withdrawn, End::Revoked, Sendings::One),
];
/// Of twenty invitations of the last day, how many go this way.
const NEW: [(u32, Fate, End, Sendings); 8] = [
    (9, Fate::Queued, End::Open, Sendings::One),
    (1, Fate::Retried, End::Open, Sendings::One),
    (5, Fate::Delivered, End::Open, Sendings::One),
    (1, Fate::Sent, End::Open, Sendings::One),
    (1, Fate::Bounced, End::Open, Sendings::One),
    (1, Fate::HandedOver, End::Open, Sendings::One),
    (1, Fate::Delivered, End::Activated, Sendings::One),
    (1, Fate::Delivered, End::Open, Sendings::Two),
];

impl Course {
    /// The course of an invitation from before yesterday, with a number of its own.
    #[must_use]
    pub fn old(number: u32) -> Self {
        // 73 and 200 have no common divisor, so that neighbours differ and every slot has its turn.
        Self::of(&OLD, number.wrapping_mul(73) % 200)
    }

    /// The course of an invitation of the last day.
    #[must_use]
    pub fn new(number: u32) -> Self {
        Self::of(&NEW, number.wrapping_mul(7) % 20)
    }

    fn of(courses: &[(u32, Fate, End, Sendings)], mut slot: u32) -> Self {
        for &(share, fate, end, sendings) in courses {
            match slot.checked_sub(share) {
                None => return Self { fate, end, sendings },
                Some(rest) => slot = rest,
            }
        }
        Self { fate: Fate::Delivered, end: End::Open, sendings: Sendings::One }
    }
}
