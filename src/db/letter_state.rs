//! Which letters are in a state that the API tells: what reading a row does, turned round.

use super::outbox::LetterState;
use crate::domain::{invitation::DeliveryState, mail_fault::MailFault};

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
    /// That it came back, by a fault of the address or of its mail server.
    Bounced,
}

/// What the operator has to put right: a letter that came back for one of these has failed, and has not bounced.
pub(super) fn operators_faults() -> Vec<&'static str> {
    MailFault::ALL.into_iter().filter(|fault| fault.is_operators()).map(MailFault::as_str).collect()
}

impl LetterIs {
    pub(super) fn of(state: DeliveryState) -> Self {
        let (states, leased, report): (&[LetterState], _, _) = match state {
            DeliveryState::Queued => (&[LetterState::Queued], Some(false), Report::Any),
            DeliveryState::Sending => (&[LetterState::Queued, LetterState::Withdrawn], Some(true), Report::Any),
            DeliveryState::Sent => (&[LetterState::Sent], None, Report::None),
            DeliveryState::Bounced => (&[LetterState::Sent], None, Report::Bounced),
            DeliveryState::Delivered | DeliveryState::Deferred | DeliveryState::Complained => {
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
        let faults = $crate::db::letter_state::operators_faults();
        let bounced = letters::fate.eq($crate::domain::feedback::Fate::Bounced.as_str()).assume_not_null();
        let not_leased = letters::leased_until.is_null().or(letters::leased_until.le(At($now)).assume_not_null());
        if $state == $crate::domain::invitation::DeliveryState::Failed {
            // Given up by us, or by the provider for what the operator has to put right.
            let given_up = letters::state.eq_any(wanted.states).and(not_leased);
            let returned = letters::state.eq($crate::db::outbox::LetterState::Sent.as_str());
            let returned = returned.and(bounced).and(letters::cause.eq_any(faults).assume_not_null());
            $query.filter(given_up.or(returned))
        } else {
            let query = $query.filter(letters::state.eq_any(wanted.states));
            let query = match wanted.leased {
                Some(true) => query.filter(letters::leased_until.gt(At($now)).assume_not_null()),
                Some(false) => query.filter(not_leased),
                None => query,
            };
            match wanted.report {
                $crate::db::letter_state::Report::Of(fate) => query.filter(letters::fate.eq(fate).assume_not_null()),
                $crate::db::letter_state::Report::Bounced => {
                    query.filter(bounced).filter(letters::cause.is_null().or(letters::cause.ne_all(faults).assume_not_null()))
                }
                $crate::db::letter_state::Report::None => query.filter(letters::fate.is_null()),
                $crate::db::letter_state::Report::Any => query,
            }
        }
    }};
}
pub(super) use whose_letter_is;
