//! The condition for letters in a state of the API: the reverse of mapping a row to the state.

use super::outbox::LetterState;
use crate::domain::{invitation::DeliveryState, mail_fault::MailFault};

/// The values of a row of `letters` in a state.
pub(in crate::db) struct LetterIs {
    pub(in crate::db) states: Vec<&'static str>,
    /// With or without a valid lease.
    pub(in crate::db) leased: Option<bool>,
    pub(in crate::db) report: ReportFilter,
}

/// The status that a provider has reported.
pub(in crate::db) enum ReportFilter {
    Any,
    None,
    Of(&'static str),
    /// A bounce by a fault of the address or of its mail server.
    Bounced,
}

/// The faults that the operator must correct: a letter that bounced for one of these has failed, and is not
/// reported as bounced.
pub(in crate::db) fn operators_faults() -> Vec<&'static str> {
    MailFault::ALL.into_iter().filter(|fault| fault.is_operator_fault()).map(MailFault::as_str).collect()
}

impl LetterIs {
    pub(in crate::db) fn of(state: DeliveryState) -> Self {
        let (states, leased, report): (&[LetterState], _, _) = match state {
            DeliveryState::Queued => (&[LetterState::Queued], Some(false), ReportFilter::Any),
            DeliveryState::Sending => {
                (&[LetterState::Queued, LetterState::Withdrawn], Some(true), ReportFilter::Any)
            }
            DeliveryState::Sent => (&[LetterState::Sent], None, ReportFilter::None),
            DeliveryState::Bounced => (&[LetterState::Sent], None, ReportFilter::Bounced),
            DeliveryState::Delivered | DeliveryState::Deferred | DeliveryState::Complained => {
                (&[LetterState::Sent], None, ReportFilter::Of(state.as_str()))
            }
            DeliveryState::Failed => {
                (&[LetterState::Failed, LetterState::Withdrawn], Some(false), ReportFilter::Any)
            }
            DeliveryState::HandedOver => (&[LetterState::HandedOver], None, ReportFilter::Any),
        };
        Self { states: states.iter().map(|state| state.as_str()).collect(), leased, report }
    }
}

/// Restricts a boxed query that joins `letters` to those in a state at a time. A macro, since each query has
/// a type of its own.
macro_rules! whose_letter_is {
    ($query:expr, $state:expr, $now:expr) => {{
        let condition = $crate::db::letters::state_filter::LetterIs::of($state);
        let faults = $crate::db::letters::state_filter::operators_faults();
        let bounced = letters::delivery_status
            .eq($crate::domain::delivery_reports::DeliveryStatus::Bounced.as_str())
            .assume_not_null();
        let not_leased =
            letters::leased_until.is_null().or(letters::leased_until.le(At($now)).assume_not_null());
        if $state == $crate::domain::invitation::DeliveryState::Failed {
            // Given up by us, or by the provider for a fault that the operator must correct.
            let given_up = letters::state.eq_any(condition.states).and(not_leased);
            let returned = letters::state.eq($crate::db::letters::outbox::LetterState::Sent.as_str());
            let returned = returned.and(bounced).and(letters::cause.eq_any(faults).assume_not_null());
            $query.filter(given_up.or(returned))
        } else {
            let query = $query.filter(letters::state.eq_any(condition.states));
            let query = match condition.leased {
                Some(true) => query.filter(letters::leased_until.gt(At($now)).assume_not_null()),
                Some(false) => query.filter(not_leased),
                None => query,
            };
            match condition.report {
                $crate::db::letters::state_filter::ReportFilter::Of(delivery_status) => {
                    query.filter(letters::delivery_status.eq(delivery_status).assume_not_null())
                }
                $crate::db::letters::state_filter::ReportFilter::Bounced => query
                    .filter(bounced)
                    .filter(letters::cause.is_null().or(letters::cause.ne_all(faults).assume_not_null())),
                $crate::db::letters::state_filter::ReportFilter::None => {
                    query.filter(letters::delivery_status.is_null())
                }
                $crate::db::letters::state_filter::ReportFilter::Any => query,
            }
        }
    }};
}
pub(in crate::db) use whose_letter_is;
