//! The numbers of the overview of deliveries.

mod sql;

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
        Attempts, DeliveryOverview, HeldRelay, LetterStatus, MAX_LISTED, Period, PeriodSums, ReasonGroup,
        WaitingLetter, reason_group,
    },
    delivery_reports::DeliveryStatus,
    email::Email,
    ids::LetterId,
    mail_fault::MailFault,
    visibility::Visibility,
};

/// An id may be older than the time at which its letter was put in by as much.
const ID_MARGIN: TimeDelta = TimeDelta::minutes(1);
/// How many held relays are shown.
const MAX_HELD: i64 = 20;

/// Reads the overview at `now`: of the letters to staff, to customers, or to both, as the visibility has it.
pub fn overview(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    now: DateTime<Utc>,
) -> Result<DeliveryOverview, DbFault> {
    let mut sums = Period::ALL.map(|_| PeriodSums::default());
    for number in numbers(connection, visibility, now)? {
        let Number { part, period, class, name, n } = number;
        let (status, reason) = read_class(&class)?;
        let first = usize::try_from(period).unwrap_or_default();
        if part == sql::OF_DOMAIN {
            if let Some(period) = sums.get_mut(first) {
                period.add_to_domain(&name, status, n);
            }
            continue;
        }
        // A letter of the last hour is one of the last day, too.
        for period in sums.iter_mut().skip(first) {
            period.add((status, reason), Some(name.as_str()).filter(|name| !name.is_empty()), n);
        }
    }
    let periods = sums.into_iter().zip(Period::ALL).map(|(sums, period)| sums.finish(period, now));
    Ok(DeliveryOverview {
        generated_at: now,
        periods: periods.collect(),
        oldest_waiting: oldest_waiting(connection, visibility)?,
        held: held(connection, now)?,
    })
}

/// A number of letters.
#[derive(QueryableByName)]
struct Number {
    /// What it is counted by: [`sql::OF_DOMAIN`], or the relay.
    #[diesel(sql_type = Text)]
    part: String,
    /// The place in [`Period::ALL`] of the shortest period that has these letters; of a domain, the period.
    #[diesel(sql_type = Integer)]
    period: i32,
    /// What decides status and reason; see [`read_class`].
    #[diesel(sql_type = Text)]
    class: String,
    /// The domain or the relay; empty where it is not known.
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn numbers(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    now: DateTime<Utc>,
) -> Result<Vec<Number>, DbFault> {
    let begin = |period: Period| At(now - period.length());
    let oldest = LetterId::earliest_at(begin(Period::Week).0 - ID_MARGIN).to_string();
    let limit = i32::try_from(MAX_LISTED).unwrap_or(i32::MAX);
    let query = sql_query(sql::numbers(connection, visibility))
        .bind::<UtcTimestamp, _>(begin(Period::Hour))
        .bind::<UtcTimestamp, _>(begin(Period::Day))
        .bind::<UtcTimestamp, _>(At(now))
        .bind::<Text, _>(oldest)
        .bind::<UtcTimestamp, _>(begin(Period::Week))
        .bind::<Text, _>(Email::ERASED_DOMAIN)
        .bind::<Integer, _>(limit);
    Ok(each!(connection, c => query.load(c))?)
}

/// The status and the reason of letters, from the words that `sql` joins with colons: the state of the row,
/// what was reported of a letter that was sent, the fault, whether there is a lease, and the attempts.
fn read_class(class: &str) -> Result<(LetterStatus, Option<ReasonGroup>), DbFault> {
    let corrupt = || DbFault::Corrupt { table: "letters", column: "state", row: class.to_owned() };
    let words: Vec<&str> = class.split(':').collect();
    let [state, report, cause, lease, attempts] = words[..] else { return Err(corrupt()) };
    let optional = |text: &str| Some(text).filter(|text| !text.is_empty()).map(str::to_owned);
    let report: Option<DeliveryStatus> =
        optional(report).map(|it| it.parse()).transpose().map_err(|_| corrupt())?;
    let fault: Option<MailFault> = optional(cause).map(|it| it.parse()).transpose().map_err(|_| corrupt())?;
    let status = match (state.parse().map_err(|_| corrupt())?, report) {
        (LetterState::Queued | LetterState::Withdrawn, _) if lease == sql::LEASED => LetterStatus::Sending,
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
        (LetterState::HandedOver, _) => return Err(corrupt()),
    };
    let attempts = match attempts {
        sql::EXHAUSTED => Attempts::Exhausted,
        sql::TRIED => Attempts::Failed,
        _ => Attempts::Clean,
    };
    Ok((status, reason_group(status, fault, attempts)))
}

#[derive(QueryableByName)]
struct Oldest {
    #[diesel(sql_type = Nullable<Text>)]
    id: Option<String>,
}

/// The letter of an invitation that has waited longest.
fn oldest_waiting(
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
fn held(connection: &mut AnyConnection, now: DateTime<Utc>) -> Result<Vec<HeldRelay>, DbFault> {
    let rows: Vec<(String, At)> = mail_pace::table
        .filter(mail_pace::free_at.gt(At(now)))
        .order(mail_pace::relay)
        .limit(MAX_HELD)
        .select((mail_pace::relay, mail_pace::free_at))
        .load(connection)?;
    Ok(rows.into_iter().map(|(relay, until)| HeldRelay { relay, until: until.0 }).collect())
}
