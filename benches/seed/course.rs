//! What becomes of invitations: in every two hundred the same shares.

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterOutcome {
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
    pub outcome: LetterOutcome,
    /// How it ends.
    pub end: End,
    /// How often it was sent.
    pub sendings: Sendings,
}

/// Of two hundred invitations from before yesterday, how many go this way.
const OLD: [(u32, LetterOutcome, End, Sendings); 17] = [
    (122, LetterOutcome::Delivered, End::Activated, Sendings::One),
    (12, LetterOutcome::Sent, End::Activated, Sendings::One),
    (6, LetterOutcome::Delivered, End::Activated, Sendings::Two),
    (4, LetterOutcome::HandedOver, End::Activated, Sendings::One),
    (1, LetterOutcome::Complained, End::Activated, Sendings::One),
    (2, LetterOutcome::Delivered, End::Blocked, Sendings::One),
    (20, LetterOutcome::Delivered, End::Open, Sendings::One),
    (4, LetterOutcome::Delivered, End::Open, Sendings::Two),
    (2, LetterOutcome::Sent, End::Open, Sendings::One),
    (4, LetterOutcome::Bounced, End::Open, Sendings::One),
    (1, LetterOutcome::Deferred, End::Open, Sendings::One),
    (1, LetterOutcome::Complained, End::Open, Sendings::One),
    (2, LetterOutcome::Failed, End::Open, Sendings::One),
    (1, LetterOutcome::HandedOver, End::Open, Sendings::One),
    (8, LetterOutcome::Delivered, End::Replaced, Sendings::One),
    (8, LetterOutcome::Delivered, End::Revoked, Sendings::One),
    (2, LetterOutcome::Withdrawn, End::Revoked, Sendings::One),
];
/// Of twenty invitations of the last day, how many go this way.
const NEW: [(u32, LetterOutcome, End, Sendings); 8] = [
    (9, LetterOutcome::Queued, End::Open, Sendings::One),
    (1, LetterOutcome::Retried, End::Open, Sendings::One),
    (5, LetterOutcome::Delivered, End::Open, Sendings::One),
    (1, LetterOutcome::Sent, End::Open, Sendings::One),
    (1, LetterOutcome::Bounced, End::Open, Sendings::One),
    (1, LetterOutcome::HandedOver, End::Open, Sendings::One),
    (1, LetterOutcome::Delivered, End::Activated, Sendings::One),
    (1, LetterOutcome::Delivered, End::Open, Sendings::Two),
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

    fn of(courses: &[(u32, LetterOutcome, End, Sendings)], mut slot: u32) -> Self {
        for &(share, outcome, end, sendings) in courses {
            match slot.checked_sub(share) {
                None => return Self { outcome, end, sendings },
                Some(rest) => slot = rest,
            }
        }
        Self { outcome: LetterOutcome::Delivered, end: End::Open, sendings: Sendings::One }
    }
}
