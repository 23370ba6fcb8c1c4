//! The condition for letters in a state of the API: the reverse of mapping a row to the state.

use chrono::{DateTime, Utc};
use diesel::{dsl::sql, prelude::*, sql_types::Bool};

use super::outbox::LetterState;
use crate::db::{
    schema::letters,
    sql::{condition::Condition, id_set::InSet, timestamp::At},
};
use crate::domain::{delivery_reports::DeliveryStatus, invitation::DeliveryState, mail_fault::MailFault};

/// A part of the index `letters_in_state`: letters in a state, with a status that the provider has reported,
/// or without one (`""`).
pub(in crate::db) type Part = (LetterState, &'static str);

/// The faults that the operator must correct: a letter that bounced for one of these has failed, and is not
/// reported as bounced.
fn operators_faults() -> Vec<String> {
    let faults = MailFault::ALL.into_iter().filter(|fault| fault.is_operator_fault());
    faults.map(|fault| fault.as_str().to_owned()).collect()
}

/// The parts of the index that can have letters in a state.
pub(in crate::db) fn parts(state: DeliveryState) -> Vec<Part> {
    let reported = DeliveryStatus::ALL.map(DeliveryStatus::as_str);
    let all = |state| std::iter::once("").chain(reported).map(move |report| (state, report));
    match state {
        DeliveryState::Queued => all(LetterState::Queued).collect(),
        DeliveryState::Sending => all(LetterState::Queued).chain(all(LetterState::Withdrawn)).collect(),
        DeliveryState::Sent => vec![(LetterState::Sent, "")],
        DeliveryState::Bounced
        | DeliveryState::Delivered
        | DeliveryState::Deferred
        | DeliveryState::Complained => vec![(LetterState::Sent, state.as_str())],
        DeliveryState::Failed => {
            let returned = [(LetterState::Sent, DeliveryStatus::Bounced.as_str())];
            all(LetterState::Failed).chain(all(LetterState::Withdrawn)).chain(returned).collect()
        }
        DeliveryState::HandedOver => all(LetterState::HandedOver).collect(),
    }
}

/// In this part of the index. Its condition is no parameter, so that the partial index is used.
pub(in crate::db) fn in_part((state, report): Part) -> Condition<letters::table> {
    Condition::raw(sql::<Bool>("letters.kind = 'invitation'"))
        .and(Condition::when(letters::state.eq(state.as_str())))
        .and(Condition::has_value("coalesce(letters.fate, '') = ", report))
}

/// In this state at a time.
pub(in crate::db) fn is_in(state: DeliveryState, now: DateTime<Utc>) -> Condition<letters::table> {
    let of = |state: LetterState| Condition::when(letters::state.eq(state.as_str()));
    let reported = |status: &'static str| {
        of(LetterState::Sent)
            .and(Condition::when(letters::delivery_status.is_not_null()))
            .and(Condition::when(letters::delivery_status.eq(status).assume_not_null()))
    };
    let leased = || {
        Condition::when(letters::leased_until.is_not_null())
            .and(Condition::when(letters::leased_until.gt(At(now)).assume_not_null()))
    };
    let not_leased = || {
        Condition::when(letters::leased_until.is_null())
            .or(Condition::when(letters::leased_until.le(At(now)).assume_not_null()))
    };
    let operators = || {
        Condition::when(letters::cause.is_not_null())
            .and(InSet::condition("letters.cause", operators_faults()))
    };
    let bounced = || reported(DeliveryStatus::Bounced.as_str());
    match state {
        DeliveryState::Queued => of(LetterState::Queued).and(not_leased()),
        DeliveryState::Sending => of(LetterState::Queued).or(of(LetterState::Withdrawn)).and(leased()),
        DeliveryState::Sent => of(LetterState::Sent).and(Condition::when(letters::delivery_status.is_null())),
        DeliveryState::Bounced => bounced().and(operators().not()),
        DeliveryState::Delivered | DeliveryState::Deferred | DeliveryState::Complained => {
            reported(state.as_str())
        }
        DeliveryState::Failed => of(LetterState::Failed)
            .or(of(LetterState::Withdrawn))
            .and(not_leased())
            .or(bounced().and(operators())),
        DeliveryState::HandedOver => of(LetterState::HandedOver),
    }
}
