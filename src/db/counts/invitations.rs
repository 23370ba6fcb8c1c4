//! The numbers of invitations.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};

use crate::db::{
    error::DbFault,
    letters::{newest::newest_letter, outbox::LetterState},
    pool::any_connection::AnyConnection,
    schema::{invitations, letters},
    sql::timestamp::{At, UtcTimestamp},
    visibility::invitations_under,
};
use crate::domain::{
    counts::InvitationCounts,
    delivery_reports::DeliveryStatus,
    ids::InvitationId,
    invitation::{DeliveryState, InvitationKind, InvitationState, InvitationStatus},
    link_lifetime::LinkLifetime,
    mail_fault::MailFault,
    visibility::Visibility,
};

/// An id may be older than the time of sending by as much.
const ID_MARGIN: TimeDelta = TimeDelta::minutes(1);

/// One statement, so that all numbers are of the same moment. An invitation that has expired and is not
/// marked as lapsed was made before the lifetime of a link, and so was the id. Where the lifetime was
/// shorter, it was made later, and has expired since. The concatenations leave each part one index.
const OF_ALL: &str = "\
    SELECT subject, kind, state, CAST(sum(n) AS BIGINT) AS n FROM row_counts \
        WHERE subject IN ('invitations', 'deliveries') GROUP BY subject, kind, state \
    UNION ALL SELECT 'expired', kind, '', count(*) FROM invitations \
        WHERE (kind || ' ' || state || CASE WHEN lapsed THEN ' lapsed' ELSE '' END) \
            IN ('system_user pending', 'account_owner pending', 'sub_account pending') \
        AND id < $1 AND expires_at <= $2 GROUP BY kind \
    UNION ALL SELECT 'expired', kind, '', count(*) FROM invitations \
        WHERE expires_at > $3 AND expires_at <= $2 AND id || '' >= $1 \
        AND state || '' = 'pending' AND NOT lapsed GROUP BY kind \
    UNION ALL SELECT 'leased', (SELECT i.kind FROM invitations i \
            WHERE i.id = l.invitation_id AND i.generation = l.generation), l.state, 1 \
        FROM letters l WHERE l.leased_until > $2 AND l.kind || '' = 'invitation' \
        AND l.state IN ('queued', 'withdrawn')";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Text)]
    subject: String,
    /// None for a letter that is not the newest of its invitation.
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The numbers of the visible invitations at `now`; with kinds, of those of one of these kinds.
pub fn invitations(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    kinds: &[InvitationKind],
    (now, lifetime): (DateTime<Utc>, LinkLifetime),
) -> Result<InvitationCounts, DbFault> {
    let mut counts = InvitationCounts::default();
    let is_counted = |one: InvitationKind| visibility.shows(one) && is_asked(kinds, one);
    if InvitationKind::ALL.into_iter().any(is_counted) {
        for number in of_all(connection, (now, lifetime))? {
            let Some(kind) = &number.kind else { continue };
            let kind = kind.parse().map_err(|_| corrupt("kind", kind))?;
            if is_counted(kind) {
                add(&mut counts, kind, &number)?;
            }
        }
    }
    if !visibility.customers && !visibility.account_ids.is_empty() {
        add_under(connection, visibility, kinds, now, &mut counts)?;
    }
    Ok(counts)
}

/// Whether a kind is one of those that are asked for; without one, all are.
fn is_asked(kinds: &[InvitationKind], one: InvitationKind) -> bool {
    kinds.is_empty() || kinds.contains(&one)
}

fn of_all(
    connection: &mut AnyConnection,
    (now, lifetime): (DateTime<Utc>, LinkLifetime),
) -> Result<Vec<Number>, DbFault> {
    let made = now - lifetime.0;
    let oldest = InvitationId::earliest_at(made + ID_MARGIN).to_string();
    let query = sql_query(OF_ALL)
        .bind::<Text, _>(oldest)
        .bind::<UtcTimestamp, _>(At(now))
        .bind::<UtcTimestamp, _>(At(made));
    Ok(each!(connection, c => query.load(c))?)
}

fn add(counts: &mut InvitationCounts, kind: InvitationKind, number: &Number) -> Result<(), DbFault> {
    let Number { subject, state, n, .. } = number;
    match subject.as_str() {
        "invitations" => {
            counts.by_kind.add(kind, *n);
            counts.by_status.add(status_of(state).ok_or_else(|| corrupt("state", state))?, *n);
        }
        "expired" => {
            counts.by_status.add(InvitationStatus::Pending, -n);
            counts.by_status.add(InvitationStatus::Expired, *n);
        }
        "leased" => {
            let unleased = delivery_of(state).ok_or_else(|| corrupt("state", state))?;
            counts.by_delivery.add(unleased, -n);
            counts.by_delivery.add(DeliveryState::Sending, *n);
        }
        _ => counts.by_delivery.add(delivery_of(state).ok_or_else(|| corrupt("state", state))?, *n),
    }
    Ok(())
}

/// The status of invitations that are counted in a state, those that expired since the last sweep aside.
fn status_of(state: &str) -> Option<InvitationStatus> {
    if state == "lapsed" {
        return Some(InvitationStatus::Expired);
    }
    Some(match state.parse().ok()? {
        InvitationState::Pending => InvitationStatus::Pending,
        InvitationState::Replaced => InvitationStatus::Expired,
        InvitationState::Activated => InvitationStatus::Activated,
        InvitationState::Revoked => InvitationStatus::Revoked,
    })
}

/// The state of letters that are counted in a class, leases aside: the state of the row, or for one that was
/// sent, what was reported; `bounced:` is followed by the cause.
fn delivery_of(class: &str) -> Option<DeliveryState> {
    if let Ok(state) = class.parse() {
        return Some(match state {
            LetterState::Queued => DeliveryState::Queued,
            LetterState::Sent => DeliveryState::Sent,
            LetterState::Failed | LetterState::Withdrawn => DeliveryState::Failed,
            LetterState::HandedOver => DeliveryState::HandedOver,
        });
    }
    let (reported, cause) = class.split_once(':').map_or((class, None), |(it, cause)| (it, Some(cause)));
    let fault: Option<MailFault> = cause.map(str::parse).transpose().ok()?;
    if fault.is_some_and(MailFault::is_operator_fault) {
        return Some(DeliveryState::Failed);
    }
    reported.parse().ok()
}

/// State and expiry of an invitation; state, lease, report and cause of its newest letter.
type Row = ((String, String, At), (String, Option<At>, Option<String>, Option<String>));

/// Adds the invitations to the caller's own accounts and to those below them.
fn add_under(
    connection: &mut AnyConnection,
    visibility: &Visibility,
    kinds: &[InvitationKind],
    now: DateTime<Utc>,
    counts: &mut InvitationCounts,
) -> Result<(), DbFault> {
    let rows: Vec<Row> = invitations::table
        .inner_join(letters::table.on(newest_letter()))
        .select((
            (invitations::kind, invitations::state, invitations::expires_at),
            (letters::state, letters::leased_until, letters::delivery_status, letters::cause),
        ))
        .filter(invitations_under(&visibility.account_ids))
        .load(connection)?;
    for ((of_kind, state, expires_at), letter) in rows {
        let of_kind: InvitationKind = of_kind.parse().map_err(|_| corrupt("kind", &of_kind))?;
        if !is_asked(kinds, of_kind) {
            continue;
        }
        let status = match status_of(&state).ok_or_else(|| corrupt("state", &state))? {
            InvitationStatus::Pending if expires_at.0 <= now => InvitationStatus::Expired,
            status => status,
        };
        let delivery = delivery_at(&letter, now).ok_or_else(|| corrupt("state", &letter.0))?;
        counts.by_kind.add(of_kind, 1);
        counts.by_status.add(status, 1);
        counts.by_delivery.add(delivery, 1);
    }
    Ok(())
}

fn delivery_at(
    (state, leased_until, report, cause): &(String, Option<At>, Option<String>, Option<String>),
    now: DateTime<Utc>,
) -> Option<DeliveryState> {
    let is_leased = leased_until.as_ref().is_some_and(|end| end.0 > now);
    match (state.parse().ok()?, report, cause) {
        (LetterState::Queued | LetterState::Withdrawn, ..) if is_leased => Some(DeliveryState::Sending),
        (LetterState::Sent, Some(report), Some(cause)) if report == DeliveryStatus::Bounced.as_str() => {
            delivery_of(&format!("{report}:{cause}"))
        }
        (LetterState::Sent, Some(report), _) => delivery_of(report),
        _ => delivery_of(state),
    }
}

fn corrupt(column: &'static str, value: &str) -> DbFault {
    DbFault::Corrupt { table: "row_counts", column, row: value.to_owned() }
}
