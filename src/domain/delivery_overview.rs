//! The overview of deliveries: what became of the letters of the last hour, day and week.
//!
//! It is about the letters of invitations, reminders included. Letters about passwords and addresses are left
//! out: what became of one would show whether its address has a user.

mod group;
mod kept_hours;
mod overview;
mod period;
mod reason;
mod status;
mod sums;
mod window;

pub use self::{
    group::{LetterGroup, LetterGroups},
    kept_hours::{KeptHours, QUICK},
    overview::{DeliveryOverview, HeldRelay, MAX_LISTED, Named, PeriodOverview, WaitingLetter},
    period::Period,
    reason::{Attempts, ReasonGroup, reason_group},
    status::LetterStatus,
    sums::PeriodSums,
    window::{Span, Window},
};
