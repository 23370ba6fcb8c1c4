//! Which letters are in a state that the API tells: what reading a row does, turned round.

use super::outbox::LetterState;
use crate::domain::invitation::DeliveryState;

/// What a row of `letters` says when its letter is in a state.
pub(super) struct LetterIs {
    pub(super) states: Vec<&'static str>,
    /// In a courier's hands, or not.
    pub(super) leased: Option<bool>,
    pub(super) report: Report,
}

/// What a provider has reported.
pub(super) enum Report {
    Any,
    None,
    Of(&'static str),
}

impl LetterIs {
    pub(super) fn of(state: DeliveryState) -> Self {
        let (states, leased, report): (&[LetterState], _, _) = match state {
            DeliveryState::Queued => (&[LetterState::Queued], Some(false), Report::Any),
            DeliveryState::Sending => (&[LetterState::Queued, LetterState::Withdrawn], Some(true), Report::Any),
            DeliveryState::Sent => (&[LetterState::Sent], None, Report::None),
            DeliveryState::Delivered | DeliveryState::Deferred | DeliveryState::Bounced | DeliveryState::Complained => {
                (&[LetterState::Sent], None, Report::Of(state.as_str()))
            }
            DeliveryState::Failed => (&[LetterState::Failed, LetterState::Withdrawn], Some(false), Report::Any),
            DeliveryState::HandedOver => (&[LetterState::HandedOver], None, Report::Any),
        };
        Self { states: states.iter().map(|state| state.as_str()).collect(), leased, report }
    }
}

/// Narrows a boxed query that joins `letters` to those in a state at a moment. A macro, since queries have types of their own.
macro_rules! whose_letter_is {
    ($query:expr, $state:expr, $now:expr) => {{
        let wanted = $crate::db::letter_state::LetterIs::of($state);
        let query = $query.filter(letters::state.eq_any(wanted.states));
        let query = match wanted.leased {
            Some(true) => query.filter(letters::leased_until.gt(At($now)).assume_not_null()),
            Some(false) => query.filter(letters::leased_until.is_null().or(letters::leased_until.le(At($now)).assume_not_null())),
            None => query,
        };
        match wanted.report {
            $crate::db::letter_state::Report::Of(fate) => query.filter(letters::fate.eq(fate).assume_not_null()),
            $crate::db::letter_state::Report::None => query.filter(letters::fate.is_null()),
            $crate::db::letter_state::Report::Any => query,
        }
    }};
}
pub(super) use whose_letter_is;
