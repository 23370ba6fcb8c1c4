//! The numbers of the overview of deliveries.

mod sql;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Integer, Nullable, Text},
};

use super::outbox::LetterState;
use crate::db::{
    error::DbFault,
    pool::any_connection::AnyConnection,
    schema::{letters, mail_pace},
    sql::timestamp::{At, UtcTimestamp},
};
use crate::domain::{
    delivery_overview::{
        Attempts, HeldRelay, LetterGroup, LetterGroups, LetterStatus, Period, Span, WaitingLetter, Window,
        reason_group,
    },
    delivery_reports::DeliveryStatus,
    email::Email,
    ids::LetterId,
    mail_fault::MailFault,
    visibility::Visibility,
};

/// An id may be older or younger than the time at which its letter was put in by as much.
const ID_MARGIN: TimeDelta = TimeDelta::minutes(1);
/// How many held relays are shown.
const MAX_HELD: i64 = 20;

/// The letters of a span of a window, or those of them that come behind an id.
#[derive(Debug, Clone)]
pub struct Part {
    /// Whose letters are counted: those to staff, to customers, or both.
    pub visibility: Visibility,
    /// The window.
    pub window: Window,
    /// The span.
    pub span: Span,
    /// The id behind which the part begins; `None` for the first one.
    pub after: Option<String>,
}

/// What was read of a part.
#[derive(Debug)]
pub struct Numbers {
    /// The numbers of letters, by the hour and by the shortest period that they were put in.
    pub by_hour: BTreeMap<(DateTime<Utc>, Period), LetterGroups>,
    /// The id behind which the rest of the span begins, if there is a rest.
    pub rest_after: Option<String>,
}

/// Counts the letters of a part: of those that come first, `max` at most.
pub fn numbers(connection: &mut AnyConnection, part: &Part, max: u32) -> Result<Numbers, DbFault> {
    let Part { visibility, window, span, after } = part;
    let smallest = || LetterId::earliest_at(span.since - ID_MARGIN).to_string();
    let after = after.clone().unwrap_or_else(smallest);
    let behind = LetterId::earliest_at(span.until + ID_MARGIN).to_string();
    let query = sql_query(sql::end_of_part(max)).bind::<Text, _>(&after).bind::<Text, _>(&behind);
    let end: Option<EndOfPart> = each!(connection, c => query.get_result(c).optional())?;
    let rest_after = end.map(|end| end.id);
    let query = sql_query(sql::numbers(connection, visibility))
        .bind::<UtcTimestamp, _>(At(window.begin(Period::Hour)))
        .bind::<UtcTimestamp, _>(At(window.begin(Period::Day)))
        .bind::<UtcTimestamp, _>(At(window.now()))
        .bind::<Text, _>(&after)
        .bind::<Text, _>(rest_after.as_ref().unwrap_or(&behind))
        .bind::<UtcTimestamp, _>(At(span.since))
        .bind::<UtcTimestamp, _>(At(span.until));
    let rows: Vec<Number> = each!(connection, c => query.load(c))?;
    let mut by_hour: BTreeMap<_, LetterGroups> = BTreeMap::new();
    for row in rows {
        let period = usize::try_from(row.period).ok().and_then(|place| Period::ALL.get(place).copied());
        let place = (row.hour.0, period.unwrap_or(Period::Week));
        by_hour.entry(place).or_default().add(row.group()?, row.n);
    }
    Ok(Numbers { by_hour, rest_after })
}

#[derive(QueryableByName)]
struct EndOfPart {
    #[diesel(sql_type = Text)]
    id: String,
}

/// A number of letters; see [`sql::numbers`].
#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = UtcTimestamp)]
    hour: At,
    #[diesel(sql_type = Integer)]
    period: i32,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    report: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
    #[diesel(sql_type = Integer)]
    is_leased: i32,
    #[diesel(sql_type = Integer)]
    attempts_class: i32,
    /// Empty where it is not known, as the domain.
    #[diesel(sql_type = Text)]
    relay: String,
    #[diesel(sql_type = Text)]
    domain: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Number {
    fn group(&self) -> Result<LetterGroup, DbFault> {
        let corrupt =
            |column, text: &str| DbFault::Corrupt { table: "letters", column, row: text.to_owned() };
        let state = self.state.parse().map_err(|_| corrupt("state", &self.state))?;
        let report: Option<DeliveryStatus> = parsed(self.report.as_deref(), |text| corrupt("fate", text))?;
        // A newer process may know more of them.
        let fault = self.cause.as_deref().and_then(|cause| cause.parse::<MailFault>().ok());
        let status = self.status(state, report, fault).ok_or_else(|| corrupt("state", &self.state))?;
        let attempts = match self.attempts_class {
            0 => Attempts::Clean,
            1 => Attempts::Failed,
            _ => Attempts::Exhausted,
        };
        let known = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(LetterGroup {
            status,
            reason: reason_group(status, fault, attempts),
            relay: known(&self.relay),
            domain: known(&self.domain).filter(|domain| domain != Email::ERASED_DOMAIN),
        })
    }

    /// `None` for a link that was handed over, which is no letter.
    fn status(
        &self,
        state: LetterState,
        report: Option<DeliveryStatus>,
        fault: Option<MailFault>,
    ) -> Option<LetterStatus> {
        Some(match (state, report) {
            (LetterState::Queued | LetterState::Withdrawn, _) if self.is_leased > 0 => LetterStatus::Sending,
            (LetterState::Queued, _) => LetterStatus::Queued,
            (LetterState::Withdrawn, _) => LetterStatus::Withdrawn,
            (LetterState::Failed, _) => LetterStatus::Failed,
            (LetterState::Sent, None) => LetterStatus::Sent,
            (LetterState::Sent, Some(DeliveryStatus::Deferred)) => LetterStatus::Deferred,
            (LetterState::Sent, Some(DeliveryStatus::Delivered)) => LetterStatus::Delivered,
            // As on the invitation: the operator's fault is no bounce.
            (LetterState::Sent, Some(DeliveryStatus::Bounced))
                if fault.is_some_and(MailFault::is_operator_fault) =>
            {
                LetterStatus::Failed
            }
            (LetterState::Sent, Some(DeliveryStatus::Bounced)) => LetterStatus::Bounced,
            (LetterState::Sent, Some(DeliveryStatus::Complained)) => LetterStatus::Complained,
            (LetterState::HandedOver, _) => return None,
        })
    }
}

fn parsed<T: std::str::FromStr>(
    text: Option<&str>,
    corrupt: impl Fn(&str) -> DbFault,
) -> Result<Option<T>, DbFault> {
    text.map(|text| text.parse().map_err(|_| corrupt(text))).transpose()
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
}

/// The letter of an invitation that has waited longest.
pub fn oldest_waiting(
    connection: &mut AnyConnection,
    visibility: &Visibility,
) -> Result<Option<WaitingLetter>, DbFault> {
    let query = sql_query(sql::oldest_waiting(visibility));
    let Oldest { id } = each!(connection, c => query.get_result(c))?;
    let Some(id) = id else { return Ok(None) };
    let found = letters::table
        .find(&id)
        .select((letters::invitation_id, letters::created_at, letters::attempts, letters::next_attempt_at))
        .first::<(Option<String>, At, i32, At)>(connection)
        .optional()?;
    // It may be gone by now.
    let Some((Some(invitation), since, attempts, next_attempt_at)) = found else { return Ok(None) };
    let corrupt = |_| DbFault::Corrupt { table: "letters", column: "invitation_id", row: id.clone() };
    Ok(Some(WaitingLetter {
        invitation: invitation.parse().map_err(corrupt)?,
        since: since.0,
        attempts,
        next_attempt_at: next_attempt_at.0,
    }))
}

/// The relays to which nothing is sent at `now`.
pub fn held(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<HeldRelay>, DbFault> {
    let rows: Vec<(String, At)> = mail_pace::table
        .filter(mail_pace::free_at.gt(At(now)))
        .order(mail_pace::relay)
        .limit(MAX_HELD)
        .select((mail_pace::relay, mail_pace::free_at))
        .load(connection)?;
    Ok(rows.into_iter().map(|(relay, until)| HeldRelay { relay, until: until.0 }).collect())
}
